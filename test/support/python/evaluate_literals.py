"""Reads pairs of a literal and its value as JSON. Prints those that differ, also as JSON."""

import ast
import json
import sys

sys.stdin.reconfigure(encoding="utf-8")
print(json.dumps([pair for pair in json.load(sys.stdin) if ast.literal_eval(pair[0]) != pair[1]]))
