import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { declarePythonTypes } from '../../../../src/languages/python/declarations.ts';
import { pythonExample } from '../../../../src/languages/python/examples.ts';
import { organizePythonImports, printImports } from '../../../../src/languages/python/imports.ts';

function declare(schema: JsonObject, name = 'T'): string {
  return declarePythonTypes([{ name, schema }]);
}

/** The type of a required property with this schema. */
function typeOf(schema: JsonObject | boolean, definitions: JsonObject = {}): string {
  const code = declare({ type: 'object', properties: { x: schema }, required: ['x'], definitions });
  return /^ {4}x: (.*)$/m.exec(code)?.[1] ?? code;
}

const object = (...keys: readonly string[]): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(keys.map((key) => [key, { type: 'string' }])),
  required: keys,
});

describe('Python types', () => {
  it.each<[JsonObject | boolean, string]>([
    [{ type: 'string' }, 'str'],
    [{ type: 'string', format: 'date' }, 'str'],
    [{ type: 'string', format: 'kuflow-file' }, 'KuFlowFile'],
    [{ type: 'number' }, 'float'],
    [{ type: 'integer' }, 'int'],
    [{ type: ['integer', 'number', 'null'] }, 'float | None'],
    [{ type: 'null' }, 'None'],
    [true, 'Any'],
    [false, 'Never'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, 'list[str | None]'],
    [{ type: 'array' }, 'list[Any]'],
    [{ type: 'object' }, 'dict[str, Any]'],
    [{ type: 'object', additionalProperties: { type: 'boolean' } }, 'dict[str, bool]'],
    [{ enum: ['b', 'a', 3, true, null] }, 'Literal["b", "a", 3, True] | None'],
    [{ enum: [1.5, 'a'] }, 'float | Literal["a"]'],
    [{ const: -0 }, 'Literal[0]'],
    [
      { anyOf: [{ const: 'a' }, { type: 'array', items: { type: 'number' } }, { const: 'b' }] },
      'Literal["a", "b"] | list[float]',
    ],
    [{ anyOf: [{ type: 'string' }, true] }, 'Any'],
    [{ anyOf: [{ type: 'string' }, false] }, 'str'],
    [{ type: 'string', allOf: [{ enum: ['a', 'b'] }] }, 'Literal["a", "b"]'],
    [{ allOf: [{ type: 'string' }, { type: 'number' }] }, 'Any'],
    [{ $ref: '#' }, 'Any'],
  ])('of %j is %s', (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });

  it('are classes with comments that say more than the names of their fields', () => {
    const schema: JsonObject = {
      type: 'object',
      required: ['firstName'],
      properties: {
        firstName: { type: 'string', title: 'First name' },
        day: { type: 'string', format: 'date', title: 'Day' },
        address: { ...object('city'), title: 'Address' },
      },
    };
    expect(declarePythonTypes([{ name: 'LoanData', schema }])).toBe(`
class LoanDataAddress(TypedDict):
    city: str


class LoanData(TypedDict):
    firstName: str
    # date
    day: NotRequired[str]
    address: NotRequired[LoanDataAddress]
`);
  });

  it('are declared with a call if a key is not a name', () => {
    expect(declare(object('class', 'first name'))).toBe(
      'T = TypedDict(\n    "T",\n    {\n        "class": str,\n        "first name": str,\n    },\n)\n',
    );
    expect(declare(object('__id'))).toMatch(/^T = TypedDict\(/);
    expect(declare(object('type', 'str', 'list'))).toMatch(/^\nclass T\(TypedDict\):/);
  });

  it('of data without known keys are dictionaries', () => {
    expect(declare({ type: 'object' })).toBe('T: TypeAlias = dict[str, Any]\n');
    expect(declare({ type: 'string' })).toBe('T: TypeAlias = dict[str, Any]\n');
    expect(declare({ type: 'object', additionalProperties: { type: 'integer' } })).toBe(
      'T: TypeAlias = dict[str, int]\n',
    );
  });

  it('of several objects are unions of classes', () => {
    expect(declare({ type: 'object', oneOf: [object('a'), object('b')] })).toBe(
      '\nclass TOption1(TypedDict):\n    a: str\n\n\nclass TOption2(TypedDict):\n    b: str\n\n\nT: TypeAlias = TOption1 | TOption2\n',
    );
    const choice = { ...object('kind'), oneOf: [object('a'), { properties: { b: { type: 'number' } } }] };
    expect(declare(choice)).toBe(
      '\nclass TOption1(TypedDict):\n    kind: str\n    a: str\n\n\nclass TOption2(TypedDict):\n    kind: str\n    b: NotRequired[float]\n\n\nT: TypeAlias = TOption1 | TOption2\n',
    );
  });

  it('of allOf have the keys of all its schemas', () => {
    expect(declare({ allOf: [object('a', 'b'), { properties: { b: { type: 'integer' }, c: { const: 1 } } }] })).toBe(
      '\nclass T(TypedDict):\n    a: str\n    b: Any\n    c: NotRequired[Literal[1]]\n',
    );
  });

  it('of nested objects are named after their path, with a number if the name is in use', () => {
    const properties = {
      items: { type: 'array', items: object('x') },
      'first-name': object('x'),
      first_name: object('x'),
    };
    const names = classNames(
      declare({ type: 'object', properties: { ...properties, map: { additionalProperties: object('x') } } }),
    );
    expect(names).toEqual(['TItemsItem', 'TFirstName', 'TFirstName_2', 'TMapValue', 'T']);
    expect(classNames(declare({ properties: { data: object('x') } }, 'KuFlowFile'))).toEqual([
      'KuFlowFileData',
      'KuFlowFile',
    ]);
    const path = Array.from({ length: 9 }).reduce<JsonObject>(
      (inner) => ({ properties: { intermediate: inner } }),
      object('x'),
    );
    expect(Math.max(...classNames(declare(path)).map((name) => name.length))).toBeLessThanOrEqual(60);
  });

  it('keep their names when a key is added anywhere', () => {
    const key = fc.constantFrom('a', 'b', 'first-name', 'first_name', 'firstName', '日本', '🎉', '1st', 'class');
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constant({ type: 'string' }),
        fc.dictionary(key, tie('schema'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }).map((properties) => ({
          type: 'object',
          properties,
        })),
        tie('schema').map((items) => ({ type: 'array', items })),
      ),
    }));
    fc.assert(
      fc.property(schema, fc.nat(), fc.boolean(), (given, seed, first) => {
        const before = fields(declare({ properties: { root: given } }));
        const after = fields(declare({ properties: { root: withNewKey(given, { left: seed % 8 }, first) } }));
        // Every field that was there has the same type, in a class with the same name.
        for (const line of before) expect(after).toContain(line);
      }),
      { numRuns: 500 },
    );
  });
});

/** The schema with a key of a new name in one of its objects. */
function withNewKey(schema: JsonObject, at: { left: number }, first: boolean): JsonObject {
  if ('items' in schema) return { ...schema, items: withNewKey(schema['items'] as JsonObject, at, first) };
  if (!('properties' in schema)) return schema;
  const isHere = at.left-- === 0;
  const properties = Object.fromEntries(
    Object.entries(schema['properties'] as Readonly<Record<string, JsonObject>>).map(([key, inner]) => [
      key,
      withNewKey(inner, at, first),
    ]),
  );
  const added = { brandNew: object('x') };
  return {
    ...schema,
    properties: isHere ? (first ? { ...added, ...properties } : { ...properties, ...added }) : properties,
  };
}

function classNames(code: string): readonly string[] {
  return [...code.matchAll(/^(?:class (\S+)\(TypedDict\)|(\S+) = TypedDict\()/gm)].map(
    ([, name = '', called]) => called ?? name,
  );
}

/** Each field with the name of its class. */
function fields(code: string): readonly string[] {
  return code
    .split('\n\n\n')
    .flatMap((declaration) =>
      [...declaration.matchAll(/^ +(.*: .*?),?$/gm)].map(
        ([, field = '']) => `${classNames(declaration.trim())[0]} ${field}`,
      ),
    );
}

describe('example values in Python', () => {
  const example = (value: JsonObject, schema: JsonObject): string =>
    pythonExample(value, { name: 'T', schema }, { indent: 4, before: 'return ', after: '' });

  it('have the type of the schema', () => {
    const schema: JsonObject = {
      type: 'object',
      properties: {
        file: { type: 'string', format: 'kuflow-file' },
        count: { type: ['integer', 'null'] },
        size: { type: 'number' },
        list: { type: 'array', items: object('a') },
      },
    };
    expect(example({ file: 'kuflow-file:x', count: 1e21, size: 1, list: [{ a: 'b' }] }, schema)).toBe(
      '    return {"file": KuFlowFile("kuflow-file:x"), "count": int(1e21), "size": 1, "list": [{"a": "b"}]}',
    );
    expect(example({ count: null }, schema)).toBe('    return {"count": None}');
  });

  it('are cast if a type checker cannot infer their type', () => {
    expect(example({ a: 1 }, object('a'))).toBe('    return cast(T, {"a": 1})');
    expect(example({}, object('a'))).toBe('    return cast(T, {})');
    expect(example({ a: 'x' }, { oneOf: [object('a'), object('b')] })).toBe('    return cast(T, {"a": "x"})');
    expect(example({ a: 1 }, { type: 'object' })).toBe('    return {"a": 1}');
  });
});

describe('imports in Python', () => {
  it('are left out if the module uses their names only in texts and comments, or as members of something else', () => {
    const module = (imports: string): string =>
      `"""The tasks."""\n\n${imports}\n\nTASK = work.run(Any, "typing.cast", loan)  # asyncio\n`;
    const imports =
      'import asyncio\nfrom typing import Any, cast\nfrom loan_worker import run, loan\nfrom a import work';
    expect(organizePythonImports(module(imports), 'loan_worker')).toBe(
      module('from typing import Any\n\nfrom a import work\n\nfrom loan_worker import loan'),
    );
  });

  it('are in the order of ruff', () => {
    const from = (module: string, ...names: readonly string[]) => names.map((name) => ({ module, name }));
    expect(
      printImports([
        ...from('.types', 'Metadata', 'ADATA', 'b_data', 'A10Data', 'A2Data'),
        ...from('..kuflow.workflow', 'HumanTask'),
        ...from('temporalio', 'workflow'),
        ...from('typing', 'TypedDict', 'Any'),
        ...from('typing', 'Any'),
        ...from('..kuflow.long', ...'abcdef'.split('').map((letter) => letter.repeat(20))),
      ]),
    ).toBe(`from typing import Any, TypedDict

from temporalio import workflow

from ..kuflow.long import (
    aaaaaaaaaaaaaaaaaaaa,
    bbbbbbbbbbbbbbbbbbbb,
    cccccccccccccccccccc,
    dddddddddddddddddddd,
    eeeeeeeeeeeeeeeeeeee,
    ffffffffffffffffffff,
)
from ..kuflow.workflow import HumanTask
from .types import ADATA, A2Data, A10Data, Metadata, b_data
`);
  });
});
