import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/base/json.ts';
import { findUnknownProperties } from '../../../src/schema/unknown-properties.ts';

const text = { type: 'string' };
const unknownPaths = (value: Json, schema: JsonObject): readonly string[] =>
  findUnknownProperties(value, schema).map(({ path }) => path);

describe('findUnknownProperties', () => {
  it.each<[string, JsonObject, Json, readonly string[]]>([
    ['at the root', { properties: { a: text } }, { a: '', b: '' }, ['/b']],
    ['in an object', { properties: { a: { properties: { b: text } } } }, { a: { 'c/d': 1 } }, ['/a/c~1d']],
    [
      'in the items of an array',
      { properties: { a: { items: { properties: { b: text } } } } },
      { a: [{}, { c: 1 }] },
      ['/a/1/c'],
    ],
    [
      'in a tuple',
      { properties: { a: { prefixItems: [text, { properties: { b: text } }] } } },
      { a: ['', { c: 1 }] },
      ['/a/1/c'],
    ],
    [
      'behind a reference',
      { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { properties: { b: text } } } },
      {
        a: { c: 1 },
      },
      ['/a/c'],
    ],
    [
      'in a schema that refers to itself',
      { properties: { next: { $ref: '#' } } },
      { next: { next: { last: 1 } } },
      ['/next/next/last'],
    ],
    [
      'where additional properties are forbidden',
      { properties: { a: text }, additionalProperties: false },
      { b: 1 },
      ['/b'],
    ],
  ])('finds a property that is not declared %s', (_where, schema, value, paths) => {
    expect(unknownPaths(value, schema)).toEqual(paths);
  });

  it.each<[string, JsonObject, Json]>([
    ['of any alternative', { oneOf: [{ properties: { a: text } }, { properties: { b: text } }] }, { a: '', b: '' }],
    ['of a condition', { properties: { a: text }, if: {}, then: { properties: { b: text } } }, { a: '', b: '' }],
    [
      'of a dependent schema',
      { properties: { a: text }, dependentSchemas: { a: { properties: { b: text } } } },
      { b: '' },
    ],
    ['that match a pattern', { properties: { a: text }, patternProperties: { '^x-': text } }, { 'x-b': '' }],
    ['where more are allowed', { properties: { a: text }, additionalProperties: text }, { b: '' }],
    ['of an object without declared properties', { type: 'object' }, { b: { c: 1 } }],
    ['of a schema that cannot be resolved', { properties: { a: text }, allOf: [{ $ref: '#/none' }] }, { b: '' }],
    ['that an object inherits from JavaScript', { properties: { constructor: text } }, { constructor: '' }],
  ])('accepts properties %s', (_which, schema, value) => {
    expect(unknownPaths(value, schema)).toEqual([]);
  });

  it('reports a name that every JavaScript object inherits, such as toString', () => {
    expect(unknownPaths({ toString: '' }, { properties: { a: text } })).toEqual(['/toString']);
  });
});
