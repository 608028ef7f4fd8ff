import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json.ts';
import { createValueCheck, type CheckedValue } from '../../../src/platform/domain/json-values.ts';
import { withRequiredParts, placeAt } from '../../../src/schema/form.ts';
import { pageErrors } from '../../support/page-validators.ts';

type Schema = Readonly<Record<string, unknown>>;

const FILE = 'kuflow-file:uri=ku:1;type=application/pdf;size=12;name=a.pdf;';
const PRINCIPAL = 'kuflow-principal:id=0190a3c5-0000-7000-8000-000000000001;type=USER;name=Ada;';

const name = fc.constantFrom('a', 'b', 'c/d', 'e~f');
const text = fc.constantFrom(
  ...['', 'a', 'ab', 'abc', '😀', 'a-b', '2026-02-28', '2026-02-30', '10:00:00Z', '10:00', 'a@b.es', 'not', '[', 'a.b'],
  ...['2026-02-28T10:00:00Z', '2026-02-28 10:00:00+01:00', 'https://a.es/x', '/a/b', 'YQ==', 'P1D', '1.2.3.4', '::1'],
  ...['0190a3c5-0000-7000-8000-000000000001', FILE, PRINCIPAL, 'kuflow-file:uri=1;', 'kuflow-group:id=1;'],
);
const number = fc.oneof(
  fc.integer({ min: -3, max: 5 }),
  fc.constantFrom(0.1, 0.3, 1.5, 2.5, 1e21, 2 ** 31, 2 ** 53, -0),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));
const object = fc.dictionary(name, value, { maxKeys: 4 });

const FORMATS = [
  ...['date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri'],
  ...['url', 'uuid', 'json-pointer', 'regex', 'byte', 'int32', 'int64', 'double', 'password', 'unknown', 'constructor'],
  ...['kuflow-file', 'kuflow-principal', 'kuflow-group', 'kuflow-process', 'kuflow-other'],
];
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');
const small = fc.integer({ min: 0, max: 3 });

const { schema } = fc.letrec<{ schema: Schema; part: unknown }>((tie) => {
  const parts = fc.array(tie('part'), { minLength: 1, maxLength: 3 });
  const properties = fc.dictionary(name, tie('part'), { maxKeys: 4 });
  const keywords: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    enum: fc.array(value, { minLength: 1, maxLength: 3 }),
    const: value,
    format: fc.constantFrom(...FORMATS),
    pattern: fc.constantFrom('^a', '[\\w-.]$', '\\_', '^\\p{L}+$', '^.$'),
    minLength: small,
    maxLength: small,
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.constantFrom(1, 2, 0.1, 0.5),
    accept: fc.constantFrom('application/pdf', 'image/*', '.pdf', ['png']),
    maxSize: fc.constantFrom(1, 12, 100),
    required: fc.uniqueArray(name, { minLength: 1, maxLength: 2 }),
    properties,
    patternProperties: fc.dictionary(fc.constantFrom('^a', '/', '[\\w-.]'), tie('part'), { maxKeys: 2 }),
    additionalProperties: tie('part'),
    unevaluatedProperties: tie('part'),
    propertyNames: tie('part'),
    minProperties: small,
    maxProperties: small,
    dependencies: fc.dictionary(name, fc.oneof(tie('part'), fc.uniqueArray(name, { maxLength: 2 })), { maxKeys: 2 }),
    dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 2 }),
    dependentSchemas: properties,
    items: tie('part'),
    prefixItems: parts,
    additionalItems: tie('part'),
    unevaluatedItems: tie('part'),
    contains: tie('part'),
    minContains: small,
    maxContains: small,
    minItems: small,
    maxItems: small,
    uniqueItems: fc.boolean(),
    not: tie('part'),
    allOf: parts,
    anyOf: parts,
    oneOf: parts,
    if: tie('part'),
    then: tie('part'),
    else: tie('part'),
    $ref: fc.constantFrom('#/definitions/x', '#/definitions/y', '#named'),
    definitions: fc.constant({ x: { type: ['string', 'object'], minLength: 2 }, y: { required: ['a'] } }),
  };
  // Several keywords of an object, a few of anything else: with random keywords alone, hardly a property would be checked.
  const pairs = Object.entries(keywords).map(([keyword, made]) => made.map((one) => [keyword, one] as const));
  const some = fc.array(fc.oneof(...pairs), { maxLength: 3 }).map((made) => Object.fromEntries(made));
  return {
    part: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.boolean(), tie('schema')),
    schema: fc.oneof(
      some,
      fc.tuple(fc.record({ properties, required: fc.uniqueArray(name, { maxLength: 2 }) }), some).map(([a, b]) => ({
        ...a,
        ...b,
      })),
    ),
  };
});

const DIALECTS = [
  undefined,
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema',
];
const DEFINITIONS = {
  x: { type: ['string', 'object'], minLength: 2 },
  y: { required: ['a'], properties: { a: { type: 'string' } } },
  z: { $id: '#named', type: ['string', 'array', 'object'] },
};

/** The paths and keywords of the errors, as the platform reports them. */
function reported(shape: Schema, data: unknown): readonly string[] {
  const paths = pageErrors(shape, data).map(({ instancePath, keyword, params }) => {
    const missing: unknown =
      keyword === 'required'
        ? params['missingProperty']
        : keyword === 'additionalProperties'
          ? params['additionalProperty']
          : undefined;
    const step = typeof missing === 'string' ? `/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
    return `${instancePath}${step} ${keyword}`;
  });
  return [...new Set(paths)].sort();
}

/** Undefined for a schema whose check throws: Ajv's code does for some `unevaluatedProperties` after `patternProperties`. */
function checkedByPlatform(shape: JsonObject, data: JsonObject): CheckedValue | undefined {
  const check = createValueCheck({ schema: shape }, 'a test');
  try {
    return check(data);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

describe('the validator of the console', () => {
  it('finds the same errors as the platform', () => {
    let valid = 0;
    let invalid = 0;
    fc.assert(
      fc.property(schema, object, fc.constantFrom(...DIALECTS), (made, typed, dialect) => {
        const data = JSON.parse(JSON.stringify(typed)) as JsonObject;
        const modern = dialect !== undefined;
        const named = modern ? { $anchor: 'named', type: ['string', 'array', 'object'] } : DEFINITIONS.z;
        const dialectOf = modern ? { $schema: dialect } : {};
        const whole = { ...made, ...dialectOf, definitions: { ...DEFINITIONS, z: named } };
        const shape = JSON.parse(JSON.stringify(whole)) as JsonObject;
        const expected = checkedByPlatform(shape, data);
        fc.pre(expected !== undefined);
        const errors = reported(shape, data);
        // The form validates branches of the schema too.
        for (const path of ['', '/a', '/a/a', '/b/0']) placeAt(path, shape, data);
        withRequiredParts(data, shape, shape);
        expect(errors.length === 0).toBe(expected.valid);
        if (expected.valid) valid += 1;
        else invalid += 1;
        const theirs = (expected.errors ?? []).map((error) => `${error.propertyPath} ${error.type}`);
        expect(errors).toEqual([...new Set(theirs)].sort());
      }),
      { numRuns: process.env['KUFLOW_SOAK'] === '1' ? 10_000 : 400 },
    );
    expect(valid).toBeGreaterThan(60);
    expect(invalid).toBeGreaterThan(60);
  }, 600_000);
});

describe('a pattern that could block the console', () => {
  it.each(['^(a+)+$', '^(a|a)*$', '^a*a*a*a*a*a*a*a*$'])(
    '%s is left to the platform, which has a time limit',
    (pattern) => {
      const data = { text: `${'a'.repeat(3_000)}!` };
      expect(pageErrors({ properties: { text: { pattern } } }, data)).toEqual([]);
      const names = { patternProperties: { [pattern]: { type: 'null' } }, additionalProperties: false };
      expect(pageErrors(names, { [data.text]: 1 })).toEqual([]);
    },
  );
});
