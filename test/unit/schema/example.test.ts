import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json.ts';
import { sampleForSchema, samplesForSchema } from '../../../src/schema/example/example.ts';
import { sampleForPattern } from '../../../src/schema/example/pattern.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { arbitrarySchema } from '../../support/arbitrary-schema.ts';

const options = { strict: false, logger: false, addUsedSchema: false } as const;
const usual = ajvFormats.default(new Ajv(options));
const recent = ajvFormats.default(new Ajv2020(options));

let compiled = 0;

function validator(schema: JsonObject): (value: unknown) => boolean {
  return ('prefixItems' in schema || 'dependentRequired' in schema ? recent : usual).compile({
    $id: `test:${(compiled += 1)}`,
    ...schema,
  });
}

const oneIsValid = (schema: JsonObject): boolean => [...samplesForSchema(schema)].some(validator(schema));

describe('samplesForSchema', () => {
  it('includes a valid sample for every schema of the usual keywords', () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => oneIsValid(schema)),
      { numRuns: 300 },
    );
  });

  it.each<[string, JsonObject]>([
    [
      'unique numbers',
      { type: 'array', items: { type: 'integer', minimum: 3, maximum: 9 }, minItems: 7, uniqueItems: true },
    ],
    [
      'unique texts of a format',
      { type: 'array', items: { type: 'string', format: 'email' }, minItems: 5, uniqueItems: true },
    ],
    ['unique values of a list', { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true }],
    [
      'unique objects',
      {
        type: 'array',
        items: { type: 'object', required: ['id'], properties: { id: { type: 'string', maxLength: 4 } } },
        minItems: 12,
        uniqueItems: true,
      },
    ],
    [
      'unique texts of a pattern',
      { type: 'array', items: { type: 'string', pattern: '^[A-Z]\\d$' }, minItems: 4, uniqueItems: true },
    ],
    ['a text of a format that is a name of objects', { type: 'string', format: '__proto__' }],
    [
      'both of two objects',
      {
        allOf: [
          { properties: { A: { type: 'string', minLength: 9 } }, required: ['A'] },
          { properties: { A: { maxLength: 12 }, B: { type: 'number', minimum: 4 } }, required: ['B'] },
        ],
      },
    ],
    [
      'a choice in addition to properties',
      {
        type: 'object',
        properties: { KIND: { type: 'string' } },
        required: ['KIND'],
        oneOf: [
          { properties: { KIND: { const: 'P' } } },
          {
            properties: { KIND: { const: 'C' }, TAX: { type: 'string', pattern: '^[A-Z]\\d{8}$' } },
            required: ['TAX'],
          },
        ],
      },
    ],
    ['a value that only a later choice allows', { anyOf: [false, false, { type: 'object', required: ['x'] }] }],
    [
      'an optional property that has to be there',
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, minProperties: 2 },
    ],
    [
      'a map with a minimum of entries',
      { type: 'object', additionalProperties: { type: 'boolean' }, minProperties: 3 },
    ],
    [
      'names of a pattern',
      {
        type: 'object',
        patternProperties: { '^[a-z]{3}$': { type: 'number' } },
        additionalProperties: false,
        minProperties: 2,
      },
    ],
    [
      'a condition',
      {
        type: 'object',
        properties: { a: { enum: ['x', 'y'] }, b: { type: 'string' } },
        required: ['a'],
        if: { properties: { a: { const: 'x' } } },
        then: { required: ['b'] },
      },
    ],
    ['an item that must be contained', { type: 'array', contains: { const: 5 } }],
    [
      'a tuple',
      {
        type: 'array',
        prefixItems: [{ type: 'string' }, { type: 'number', minimum: 3 }],
        minItems: 2,
        items: false,
      },
    ],
    [
      'a definition elsewhere',
      {
        $defs: {
          a: { type: 'object', required: ['B'], properties: { B: { $ref: '#/$defs/b' } } },
          b: { type: 'string', format: 'date' },
        },
        $ref: '#/$defs/a',
      },
    ],
    [
      'something that depends',
      { type: 'object', properties: { a: { type: 'string' } }, minProperties: 1, dependentRequired: { a: ['b'] } },
    ],
    [
      'something that depends, as draft 7 says it',
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } }, dependencies: { a: ['b'] } },
    ],
    [
      'a schema that depends, as draft 7 says it',
      {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' } },
        dependencies: { a: { required: ['b'], properties: { b: { type: 'integer', minimum: 4 } } } },
      },
    ],
    [
      'a schema that depends',
      {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' } },
        dependentRequired: {},
        dependentSchemas: { a: { required: ['b'], properties: { b: { type: 'integer', minimum: 4 } } } },
      },
    ],
    [
      'a default that its own schema refuses',
      { type: 'object', required: ['n'], properties: { n: { type: 'integer', default: 'none', minimum: 2 } } },
    ],
    [
      'an exact cent',
      { type: 'object', required: ['n'], properties: { n: { type: 'number', multipleOf: 0.01, minimum: 0.07 } } },
    ],
  ])('satisfies %s', (_, schema) => {
    expect([...samplesForSchema(schema)].filter(validator(schema))).not.toEqual([]);
  });

  it('does not depend on what JavaScript calls a property', () => {
    const properties = { constructor: { type: 'string' }, firstName: { type: 'string' }, toString: { type: 'string' } };
    const sample = sampleForSchema({ type: 'object', properties, required: Object.keys(properties) });
    expect(sample).toMatchObject({ constructor: 'Example', firstName: 'Ada', toString: 'Example' });
  });

  it('ends for a recursive schema', () => {
    const tree: JsonObject = {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, left: { $ref: '#' }, right: { $ref: '#' } },
    };
    expect(oneIsValid(tree)).toBe(true);
    expect([...samplesForSchema({ allOf: [{ $ref: '#' }] })]).not.toEqual([]);
  });

  it('does not include a valid sample for a schema that nothing satisfies', () => {
    expect(
      oneIsValid({
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string', minLength: 3, maxLength: 2 } },
      }),
    ).toBe(false);
    expect(oneIsValid({ type: 'object', required: ['a'], properties: { a: false } })).toBe(false);
  });

  it('starts with only the required fields of the sample', () => {
    const [application] = sampleDefinition().tasks;
    expect(sampleForSchema(application?.data?.schema ?? {})).toEqual({
      firstName: 'Ada',
      lastName: 'Lovelace',
      currency: 'EUR',
      amount: 1,
    });
  });
});

describe('sampleForPattern', () => {
  it.each(['^[\\w-\\.]+@([\\w-]+\\.)+[\\w-]{2,4}$', '^\\d{4}\\/\\d\\:\\_\\ x$'])(
    'matches %s, which is invalid in Unicode mode',
    (pattern) => {
      expect(sampleForPattern(pattern, 0, 0, 100)).toMatch(new RegExp(pattern));
    },
  );

  it('returns a text that matches, or undefined', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^([a-z]|\\d|\[[a-f]+\]|\.|(\([a-z]\|[a-z]{2}\)))([*+?]|\{[1-3](,[4-6]?)?\})?$/),
        fc.nat(9),
        (pattern, nth) => {
          const text = sampleForPattern(`^${pattern}$`, nth, 0, 1000);
          return text !== undefined && new RegExp(`^${pattern}$`, 'u').test(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('returns a text of the required length', () => {
    expect(sampleForPattern('^[ab]+$', 1, 10, 20)).toMatch(/^b{10,20}$/);
    expect(sampleForPattern('^a{3}$', 0, 10, 20)).toBeUndefined();
  });

  it('returns undefined for unsupported patterns', () => {
    expect(sampleForPattern('(a)\\1', 0, 0, 10)).toBeUndefined();
    expect(sampleForPattern('(unclosed', 0, 0, 10)).toBeUndefined();
  });
});
