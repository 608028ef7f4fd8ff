import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainSchema } from '../../../src/schema/plain-schema.ts';
import { createSchemaCompiler } from '../../../src/schema/compile.ts';
import { draft7 } from '../../../src/process/validators.ts';

type Schema = Readonly<Record<string, unknown>>;

const word = fc.constantFrom('a', 'id', '$id', '$ref', 'enum', 'type', 'nullable', '__proto__');
const type = fc.constantFrom('string', 'object', 'array', 'number', 'null', 'integer', 'boolean');
const leaf = fc.oneof(word, type, fc.boolean(), fc.integer({ min: -1, max: 3 }), fc.constant(null), fc.constant({}));

// A few keywords a schema: with many of them, hardly one would be valid.
const { schema } = fc.letrec<{ schema: Schema; part: unknown }>((tie) => {
  const keywords: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    type: fc.oneof({ weight: 8, arbitrary: type }, { weight: 1, arbitrary: leaf }),
    title: word,
    format: word,
    enum: fc.array(leaf, { maxLength: 2 }),
    const: leaf,
    default: leaf,
    pattern: fc.constantFrom('^a', '(', '\\p{L}', '[', ''),
    minLength: fc.integer({ min: -1, max: 9 }),
    multipleOf: fc.constantFrom(0, 1, 0.5),
    required: fc.uniqueArray(word, { maxLength: 3 }),
    properties: fc.dictionary(word, tie('part'), { maxKeys: 2 }),
    patternProperties: fc.dictionary(fc.constantFrom('^x', '(', '$id'), tie('part'), { maxKeys: 2 }),
    additionalProperties: tie('part'),
    dependencies: fc.dictionary(word, fc.oneof(tie('part'), fc.uniqueArray(word, { maxLength: 2 })), { maxKeys: 2 }),
    items: fc.oneof(tie('part'), fc.array(tie('part'), { maxLength: 2 })),
    anyOf: fc.array(tie('part'), { minLength: 1, maxLength: 2 }),
    if: tie('part'),
    then: tie('part'),
    contains: tie('part'),
    propertyNames: tie('part'),
    definitions: fc.dictionary(word, tie('part'), { maxKeys: 2 }),
    $defs: fc.dictionary(word, tie('part'), { maxKeys: 2 }),
    $ref: fc.constantFrom('#', '#/definitions/a', '#/definitions/id', '#/$defs/a', '#/properties/a', '#a', 'x', ''),
    $id: fc.constantFrom('x', '#x', 'http://x/y'),
    id: fc.constant('x'),
    nullable: fc.boolean(),
    $anchor: fc.constantFrom('a', 'b c'),
    requiredOnUpdate: leaf,
    accept: tie('part'),
  };
  const pairs = Object.entries(keywords).map(([keyword, value]) => value.map((made) => [keyword, made] as const));
  return {
    part: fc.oneof({ maxDepth: 4 }, fc.boolean(), tie('schema')),
    schema: fc.array(fc.oneof(...pairs), { maxLength: 4 }).map((made) => Object.fromEntries(made)),
  };
});

describe('isPlainSchema', () => {
  it('is true only for schemas that compile, and both report the same problems of invalid ones', () => {
    const compile = createSchemaCompiler('7');
    let plain = 0;
    let broken = 0;
    fc.assert(
      fc.property(schema, (made) => {
        if (!draft7(made)) {
          broken += 1;
          const told = draft7.errors ?? [];
          const short = told.map(({ keyword, instancePath, params, message }) => ({
            keyword,
            instancePath,
            params,
            message,
          }));
          expect(compile(made)).toMatchObject(short);
          return;
        }
        if (!isPlainSchema(made)) return;
        plain += 1;
        expect(compile(made)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(500);
    expect(broken).toBeGreaterThan(50);
  });

  it.each<[string, Schema]>([
    ['a reference that leads nowhere', { properties: { a: { $ref: '#/definitions/none' } } }],
    ['a reference to something that is not a schema', { $ref: '#/properties' }],
    ['a broken pattern', { properties: { a: { pattern: '(' } } }],
    ['a broken pattern of property names', { patternProperties: { '(': {} } }],
    ['an empty list of values', { enum: [] }],
    ['an $id in an unknown keyword', { unknown: { deep: { $id: 'x' } } }],
    ['Ajv’s own nullable', { nullable: true }],
  ])('is false for %s', (_what, made) => {
    expect(isPlainSchema(made)).toBe(false);
  });

  it('is true for a schema copied from KuFlow', () => {
    const address = { type: 'object', properties: { id: { type: 'string', pattern: '^[A-Z]' }, nullable: true } };
    const made = {
      type: 'object',
      definitions: { address },
      properties: {
        home: { $ref: '#/definitions/address' },
        doc: { type: 'string', format: 'kuflow-file', accept: 'pdf' },
      },
      requiredOnUpdate: ['home'],
      required: ['home'],
    };
    expect(draft7(made)).toBe(true);
    expect(isPlainSchema(made)).toBe(true);
  });
});
