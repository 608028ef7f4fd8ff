"""Reads sources of Python as a JSON array. Prints for each its syntax errors and the names in its code, also as JSON."""

import ast
import json
import sys
import warnings


def names_in(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and not (isinstance(node, ast.Constant) and field in ("value", "kind")):
                names.update(value.split("."))
    return names


def parse(source: str) -> dict[str, object]:
    try:
        return {"errors": "", "names": sorted(names_in(ast.parse(source, type_comments=True)))}
    except (SyntaxError, ValueError) as error:
        return {"errors": str(error), "names": []}


# An unknown escape in a literal is an error.
warnings.simplefilter("error")
sys.stdin.reconfigure(encoding="utf-8")
print(json.dumps([parse(source) for source in json.load(sys.stdin)]))
