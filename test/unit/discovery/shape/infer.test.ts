import fc from 'fast-check';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { collectShape, type InferredShape } from '../../../../src/discovery/shape/infer.ts';
import { isFieldName } from '../../../../src/discovery/shape/field-names.ts';

function inferShape(samples: Iterable<unknown>): InferredShape {
  const collector = collectShape();
  for (const sample of samples) collector.add(sample);
  return collector.result();
}

const schemaOf = (...samples: unknown[]) => inferShape(samples).schema;

describe('collectShape', () => {
  it('keeps keys and types', () => {
    const sample = {
      FIRST_NAME: 'Ana',
      amount: 10.5,
      approved: true,
      nothing: null,
      lines: [{ product: 'x', units: 2 }],
    };
    expect(schemaOf(sample, { ...sample, amount: 3 }, sample)).toEqual({
      type: 'object',
      properties: {
        FIRST_NAME: { type: 'string' },
        amount: { type: 'number' },
        approved: { type: 'boolean' },
        nothing: {},
        lines: {
          type: 'array',
          items: {
            type: 'object',
            properties: { product: { type: 'string' }, units: { type: 'integer' } },
            required: ['product', 'units'],
          },
        },
      },
      required: ['FIRST_NAME', 'amount', 'approved', 'nothing', 'lines'],
    });
  });

  it('requires three samples for required properties and integers', () => {
    expect(schemaOf({ a: 1 }, { a: 2 })).toEqual({ type: 'object', properties: { a: { type: 'number' } } });
    expect(schemaOf({ a: 1 }, { a: 2 }, { a: 3, b: 1 })).toEqual({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'number' } },
      required: ['a'],
    });
    expect(schemaOf({ a: 1 }, { a: 2 }, { a: 3 }, {})).not.toHaveProperty('required');
  });

  it.each([
    ['date', '2026-02-28', 'tomorrow'],
    ['date-time', '2026-02-28T10:00:00.123+01:00', '2026-02-28T10:00'],
    ['email', 'ana@example.org', 'ana'],
    ['uuid', '0190a5b0-7c3e-7cc3-8a6e-6d4f2f3b1a11', '0190'],
    ['kuflow-file', 'kuflow-file:uri=ku:process/1;type=text/plain;size=3;name=a.txt;', 'a.txt'],
    ['kuflow-principal', 'kuflow-principal:id=0190a5b0-7c3e-7cc3-8a6e-6d4f2f3b1a11;type=USER;name=Ana;', 'USER'],
    ['kuflow-group', 'kuflow-group:id=0190a5b0-7c3e-7cc3-8a6e-6d4f2f3b1a11;type=OTHERS;name=Sales;', ''],
  ])('has the format %s only if every sample has it', (format, value, other) => {
    expect(schemaOf({ a: value }, { a: value })).toMatchObject({ properties: { a: { type: 'string', format } } });
    expect(schemaOf({ a: value }, { a: other })).toEqual({ type: 'object', properties: { a: { type: 'string' } } });
  });

  it('merges different types', () => {
    const shape = inferShape([{ a: 'x', b: null }, { a: 1.5, b: 's' }, { a: [true] }, { a: { k: 1 } }]);
    expect(shape.schema).toEqual({
      type: 'object',
      properties: {
        a: {
          anyOf: [
            { type: 'object', properties: { k: { type: 'number' } } },
            { type: 'array', items: { type: 'boolean' } },
            { type: ['string', 'number'] },
          ],
        },
        b: { type: ['string', 'null'] },
      },
      required: ['a'],
    });
    expect(shape.evidence).toEqual({ samples: 4, maps: [], mixed: ['/a'], truncated: false });
  });

  it('turns an object keyed by data into a map', () => {
    for (const key of [
      'ana@example.org',
      '0190a5b0-7c3e-7cc3-8a6e-6d4f2f3b1a11',
      '+34600123456',
      '600123456',
      '12345678Z',
      'X1234567L',
      '2026-02-28',
      'd2026_02_28',
      '5d41402abc4b2a76b9719d911017c592',
      'e4da3b7fbbce2345',
      'V1StGXR8_Z5jdHi6B-myT',
      '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      'Ana García',
      'c/ Mayor, 3',
      '__proto__',
    ]) {
      const contacts = JSON.parse(`{${JSON.stringify(key)}:{"calls":3},"other":{"calls":1}}`) as unknown;
      const { schema, evidence } = inferShape([{ contacts }]);
      expect(schema, key).toEqual({
        type: 'object',
        properties: {
          contacts: {
            type: 'object',
            additionalProperties: { type: 'object', properties: { calls: { type: 'number' } } },
          },
        },
      });
      expect(evidence.maps).toEqual(['/contacts']);
    }
  });

  it('turns objects with different keys in each sample into maps, and drops keys that only one sample has', () => {
    const names = ['ana', 'luis', 'eva', 'juan', 'rosa', 'ivan'];
    expect(schemaOf(...names.map((name) => ({ votes: { [name]: true } })))).toMatchObject({
      properties: { votes: { type: 'object', additionalProperties: { type: 'boolean' } } },
    });
    expect(schemaOf(...names.map((name) => ({ [name]: 1.5 })))).toEqual({
      type: 'object',
      additionalProperties: { type: 'number' },
    });
    expect(schemaOf({ a: { x: 1, y: 1 } }, { a: { x: 1, y: 2, ana: 1 } })).toEqual({
      type: 'object',
      properties: { a: { type: 'object', properties: { x: { type: 'number' }, y: { type: 'number' } } } },
    });
    expect(JSON.stringify(schemaOf({ a: { Ana: 1, Luis: 2 } }))).not.toMatch(/Ana|Luis/);
  });

  it('keeps the fields of a form despite a data key', () => {
    const shape = inferShape([{ FIRST_NAME: 'a', amount: 1, 'ana@example.org': 3 }]);
    expect(shape.schema).toEqual({
      type: 'object',
      properties: { FIRST_NAME: { type: 'string' }, amount: { type: 'number' } },
    });
    expect(shape.evidence.maps).toEqual(['']);
  });

  it('accepts common field names', () => {
    for (const key of [
      'FIRST_NAME',
      'firstName',
      'address1Line2',
      'STEP_1_2_3',
      'FORM_1099',
      'iban',
      'año',
      'x1',
      '$ref',
      'a-b',
      'decade_1',
    ]) {
      expect(isFieldName(key), key).toBe(true);
    }
  });

  it('limits depth and size', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 5000; level++) deep = { deep };
    const wide = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`k${'abcdefghij'.charAt(index % 10)}_${index}`, 1]),
    );
    const { schema, evidence } = inferShape([{ deep, wide, list: Array.from({ length: 100_000 }, () => ({ a: 1 })) }]);
    expect(evidence.truncated).toBe(true);
    expect(JSON.stringify(schema).length).toBeLessThan(2000);
  });

  it('never writes values or data keys, and matches all samples', () => {
    const canary = fc.stringMatching(/^[a-z]{6}$/).map((text) => `canary${text}`);
    const idKey = fc.oneof(
      fc.uuid(),
      canary.map((text) => `${text}@example.org`),
      fc.integer({ min: 10_000, max: 2 ** 31 }).map((number) => `canary${number}`),
      canary.map((text) => `Canary ${text}`),
      fc.stringMatching(/^[0-9]{9}$/).map((digits) => `+34${digits}`),
      fc.stringMatching(/^[a-f]{3}[0-9a-f]{20}[0-9]{2}$/),
    );
    const fieldKey = fc.constantFrom('name', 'AMOUNT', 'lineItems', 'address_1', '__proto__', 'toString');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        canary,
        canary.map((text) => `${text}@example.org`),
        canary.map((text) => `kuflow-file:uri=ku:process/${text};type=a/b;size=1;name=${text};`),
        fc.integer({ min: 777_000, max: 777_999 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fieldKey, tie('value'), { maxKeys: 5 }),
        fc.dictionary(fc.oneof(idKey, fieldKey), tie('value'), { maxKeys: 5 }),
      ),
    }));
    const ajv = new Ajv({ strict: false, validateFormats: false });
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.oneof(fieldKey, idKey), value), { minLength: 1, maxLength: 6 }), (made) => {
        // Values are parsed JSON, in which __proto__ is an ordinary key.
        const samples = JSON.parse(JSON.stringify(made)) as unknown[];
        const { schema, evidence } = inferShape(samples);
        const text = JSON.stringify({ schema, evidence });
        expect(text).not.toMatch(/canary|777\d{3}|@|\+34|[0-9a-f]{8}|Canary/i);
        expect(text).not.toMatch(/"(enum|const|default|examples?)"/);
        for (const key of keysOf(schema)) expect(['name', 'AMOUNT', 'lineItems', 'address_1']).toContain(key);
        const validate = ajv.compile(schema);
        for (const sample of samples) expect(validate(sample), ajv.errorsText(validate.errors)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, ...rest } = schema as { properties?: Record<string, unknown> };
  const own = properties === undefined ? [] : Object.keys(properties);
  return [...own, ...[...Object.values(properties ?? {}), ...Object.values(rest)].flatMap(keysOf)];
}
