import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/base/json.ts';
import { javaRecordOf } from '../../../src/languages/java/java-types.ts';
import { schemaTypeOf, type SchemaType } from '../../../src/schema/code-types.ts';
import { typeOfSchema } from '../../support/printed-schemas.ts';
import { createValueCheck } from '../../../src/platform/domain/json-values.ts';
import { samplesForSchema } from '../../../src/schema/example/example.ts';
import { namedTypes, typeOfValue, type JsonType } from '../../../src/schema/normal-form.ts';
import { viewSchema } from '../../../src/schema/view.ts';
import { findUnknownProperties } from '../../../src/schema/unknown-properties.ts';
import { effectiveSchema } from '../../../src/schema/form.ts';
import { loadForPage, pageErrors } from '../../support/page-validators.ts';

const ID = '0190a3c5-0000-7000-8000-000000000001';
const FILE = 'kuflow-file:uri=ku:1;type=application/pdf;size=12;name=a.pdf;';
const PRINCIPAL = `kuflow-principal:id=${ID};type=USER;name=Ada;`;
const GROUP = `kuflow-group:id=${ID};type=OTHERS;name=Risk;`;

/** At least one value of each type that a row accepts. */
const VALUES: readonly Json[] = [
  ...[null, true, false, 0, 1, 2, 3, 7, -4, 1.5, 2.5, '', 'a', 'ab', 'abc', 'no', '2026-02-28', '2026-02-30', 'a@b.es'],
  ...['10:00:00Z', '2026-02-28T10:00:00Z', 'https://a.es/x', ID, '1.2.3.4', FILE, PRINCIPAL, GROUP, 'kuflow-file:x=1;'],
  ...[[], [1], [1, 1], [1, 2, 3], ['a'], ['a', 1], [null]],
  ...[{}, { a: 1 }, { a: 'x' }, { a: null }, { b: 1 }, { a: 1, b: 2 }, { a: 'x', b: 'y' }, { kind: 'x' }, { other: 1 }],
];

const text = { type: 'string' };
const integer = { type: 'integer' };
const object = { type: 'object', properties: { a: integer } };

interface Row {
  readonly schema: JsonObject;
  /** What `$ref` refers to. */
  readonly definitions?: JsonObject;
  readonly dialect?: string;
  /** Why the types of the values can't be read from the schema without evaluating it. */
  readonly wider?: string;
}

const MODERN = 'https://json-schema.org/draft/2020-12/schema';

const ROWS: Readonly<Record<string, Row>> = {
  'an empty schema': { schema: {} },
  type: { schema: text },
  'type list': { schema: { type: ['string', 'null', 'integer'] } },
  'type number': { schema: { type: 'number' } },
  'type boolean': { schema: { type: 'boolean' } },
  'type null': { schema: { type: 'null' } },
  'nullable text': { schema: { ...text, nullable: true } },
  'nullable number': { schema: { type: 'number', nullable: true } },
  'nullable object': { schema: { ...object, nullable: true } },
  'nullable array': { schema: { type: 'array', items: text, nullable: true } },
  'nullable date': { schema: { ...text, format: 'date', nullable: true } },
  'nullable file': { schema: { ...text, format: 'kuflow-file', nullable: true } },
  'nullable type list': { schema: { type: ['string', 'integer'], nullable: true } },
  'not nullable': { schema: { ...text, nullable: false } },
  'nullable without null among the values': { schema: { ...text, nullable: true, enum: ['a', 'ab'] } },
  'nullable with null among the values': { schema: { ...text, nullable: true, enum: ['a', null] } },
  'nullable with a constant': { schema: { ...text, nullable: true, const: 'a' } },
  'nullable in one of allOf': { schema: { allOf: [{ ...text, nullable: true }, text] } },
  'nullable in all of allOf': {
    schema: {
      allOf: [
        { ...text, nullable: true },
        { ...text, nullable: true },
      ],
    },
  },
  'nullable in anyOf': { schema: { anyOf: [{ ...text, nullable: true }, integer] } },
  'nullable behind a reference': {
    schema: { $ref: '#/definitions/x' },
    definitions: { x: { ...text, nullable: true } },
  },
  'nullable items': { schema: { type: 'array', items: { ...integer, nullable: true } } },
  'nullable property': { schema: { type: 'object', properties: { a: { ...text, nullable: true } } } },
  'nullable map values': { schema: { type: 'object', additionalProperties: { ...text, nullable: true } } },
  const: { schema: { const: 'a' } },
  'const null': { schema: { const: null } },
  'const object': { schema: { const: { a: 1 } } },
  'const of another type': { schema: { ...integer, const: 'a' } },
  enum: { schema: { enum: ['a', 'ab'] } },
  'enum with null': { schema: { enum: ['a', null] } },
  'enum of several types': { schema: { enum: [1, 'a', true, { a: 1 }] } },
  'enum and type': { schema: { ...text, enum: ['a', 1, null] } },
  'const and enum': { schema: { const: 'a', enum: ['a', 'ab'] } },
  'const outside of enum': { schema: { const: 'a', enum: ['ab', 1] } },
  $ref: { schema: { $ref: '#/definitions/x' }, definitions: { x: text } },
  '$ref with siblings': {
    schema: { $ref: '#/definitions/x', type: 'string' },
    definitions: { x: { type: ['string', 'null'] } },
  },
  '$ref to a reference': {
    schema: { $ref: '#/definitions/x' },
    definitions: { x: { $ref: '#/definitions/y' }, y: object },
  },
  '$ref by anchor': { schema: { $ref: '#named' }, definitions: { x: { $anchor: 'named', ...text } }, dialect: MODERN },
  '$ref by id': { schema: { $ref: '#named' }, definitions: { x: { $id: '#named', ...text } } },
  allOf: { schema: { allOf: [text, { minLength: 2 }] } },
  'allOf objects': { schema: { allOf: [object, { properties: { b: integer }, required: ['b'] }] } },
  'allOf narrower type': { schema: { allOf: [{ type: 'number' }, integer] } },
  'allOf without a common type': { schema: { allOf: [text, integer] } },
  anyOf: { schema: { anyOf: [text, { type: 'null' }] } },
  'anyOf with siblings': { schema: { type: ['string', 'integer'], anyOf: [text, { type: 'null' }] } },
  'anyOf without type': { schema: { anyOf: [text, {}] } },
  oneOf: { schema: { oneOf: [object, { type: 'null' }] } },
  'oneOf constants': {
    schema: {
      oneOf: [
        { const: 'a', title: 'A' },
        { const: 'ab', title: 'B' },
      ],
    },
  },
  'oneOf constants or null': { schema: { oneOf: [{ const: 'a' }, { const: null }] } },
  'anyOf and oneOf': { schema: { anyOf: [text, integer, { type: 'null' }], oneOf: [text, { type: 'null' }] } },
  not: { schema: { not: text }, wider: 'not' },
  'if, then and else': { schema: { if: { type: 'string' }, then: { minLength: 2 }, else: integer }, wider: 'if' },
  true: { schema: { allOf: [true] } },
  false: { schema: { anyOf: [false, text] } },
  pattern: { schema: { ...text, pattern: '^a' } },
  minLength: { schema: { ...text, minLength: 2 } },
  maxLength: { schema: { ...text, maxLength: 1 } },
  minimum: { schema: { type: 'number', minimum: 2 } },
  maximum: { schema: { type: 'number', maximum: 2 } },
  exclusiveMinimum: { schema: { ...integer, exclusiveMinimum: 2 } },
  exclusiveMaximum: { schema: { ...integer, exclusiveMaximum: 1 } },
  multipleOf: { schema: { ...integer, multipleOf: 7 } },
  'format date': { schema: { ...text, format: 'date' } },
  'format time': { schema: { ...text, format: 'time' } },
  'format date-time': { schema: { ...text, format: 'date-time' } },
  'format email': { schema: { ...text, format: 'email' } },
  'format uri': { schema: { ...text, format: 'uri' } },
  'format uuid': { schema: { ...text, format: 'uuid' } },
  'format ipv4': { schema: { ...text, format: 'ipv4' } },
  'format kuflow-file': { schema: { ...text, format: 'kuflow-file' } },
  'format kuflow-principal': { schema: { ...text, format: 'kuflow-principal' } },
  'format kuflow-group': { schema: { ...text, format: 'kuflow-group' } },
  'unknown format': { schema: { ...text, format: 'constructor' } },
  accept: { schema: { ...text, format: 'kuflow-file', accept: '.pdf' } },
  maxSize: { schema: { ...text, format: 'kuflow-file', maxSize: 12 } },
  required: { schema: { ...object, required: ['a'] } },
  'required alone': { schema: { type: 'object', required: ['a'] } },
  properties: { schema: { type: 'object', properties: { a: text, b: text } } },
  additionalProperties: { schema: { ...object, additionalProperties: false } },
  'additionalProperties schema': { schema: { type: 'object', additionalProperties: integer } },
  patternProperties: { schema: { type: 'object', patternProperties: { '^a': integer }, additionalProperties: false } },
  propertyNames: { schema: { type: 'object', propertyNames: { enum: ['a'] } } },
  minProperties: { schema: { ...object, minProperties: 1 } },
  maxProperties: { schema: { type: 'object', maxProperties: 1 } },
  dependentRequired: { schema: { type: 'object', dependentRequired: { a: ['b'] } }, dialect: MODERN },
  dependencies: { schema: { type: 'object', dependencies: { a: ['b'] } } },
  unevaluatedProperties: { schema: { ...object, unevaluatedProperties: false }, dialect: MODERN },
  items: { schema: { type: 'array', items: integer } },
  'items tuple': { schema: { type: 'array', items: [text, integer] } },
  prefixItems: { schema: { type: 'array', prefixItems: [text, integer] }, dialect: MODERN },
  contains: { schema: { type: 'array', contains: integer } },
  minItems: { schema: { type: 'array', minItems: 2 } },
  maxItems: { schema: { type: 'array', maxItems: 1 } },
  uniqueItems: { schema: { type: 'array', uniqueItems: true } },
};

/** The schema of an object with the row's schema as its required property `value`. */
function wholeSchema({ schema, definitions, dialect }: Row): JsonObject {
  return {
    ...(dialect === undefined ? {} : { $schema: dialect }),
    type: 'object',
    required: ['value'],
    properties: { value: schema },
    ...(definitions === undefined ? {} : { definitions }),
  };
}

/** Whether a value has a type. Types leave out limits, patterns and which other properties there are. */
function admits(type: SchemaType, value: unknown): boolean {
  switch (type.kind) {
    case 'unknown':
      return true;
    case 'never':
      return false;
    case 'literal':
      return type.value === value;
    case 'text':
      return typeof value === 'string';
    case 'list':
      return Array.isArray(value) && value.every((item) => admits(type.items, item));
    case 'map':
      return isObject(value) && Object.values(value).every((inner) => admits(type.values, inner));
    case 'object':
      return (
        isObject(value) &&
        type.properties.every(({ name, required, type: inner }) =>
          name in value ? admits(inner, value[name]) : !required,
        )
      );
    case 'union':
      return type.members.some((member) => admits(member, value));
    case 'intersection':
      return type.members.every((member) => admits(member, value));
    case 'number':
      return typeof value === 'number';
    default:
      return typeOfValue(value) === type.kind;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The property `value` in a type. */
function valueType(type: SchemaType): SchemaType {
  const property = type.kind === 'object' ? type.properties.find(({ name }) => name === 'value') : undefined;
  if (property === undefined) throw new Error('The type does not have the property "value"');
  return property.type;
}

const typesOfValues = (values: readonly Json[]): readonly JsonType[] => [...new Set(values.map(typeOfValue))].sort();

describe.each(Object.entries(ROWS))('%s', (_keyword, row) => {
  const whole = wholeSchema(row);
  const check = createValueCheck({ schema: whole }, 'a test');
  const valid = VALUES.filter((value) => check({ value }).valid);
  const accepted = typesOfValues(valid);
  // Whole numbers are numbers too.
  const wide = accepted.includes('number') ? [...new Set([...accepted, 'integer'])].sort() : accepted;

  it('is validated in the console as on the platform', () => {
    expect(VALUES.filter((value) => pageErrors(whole, { value }).length === 0)).toEqual(valid);
  });

  it('has a view with the types of the valid values', () => {
    const types = viewSchema(whole).field('value')?.types ?? new Set();
    if (row.wider === undefined) expect([...types].sort()).toEqual(wide);
    else expect([...types]).toEqual(expect.arrayContaining([...wide]));
  });

  it('has a type that admits the valid values, and null only if it is valid', () => {
    const type = valueType(schemaTypeOf(whole));
    expect(valid.filter((value) => !admits(type, value))).toEqual([]);
    const admitted = typesOfValues(VALUES.filter((value) => admits(type, value)));
    if (row.wider === undefined) expect(admitted).toEqual(wide);
  });

  it('has a Java component and a TypeScript type that are nullable if null is valid', () => {
    const nullable = valid.includes(null);
    const [component] = javaRecordOf('Data', whole).components;
    if (component !== undefined && (nullable || row.wider === undefined)) expect(component.nullable).toBe(nullable);
    const type = typeOfSchema(whole).slice(0, -'\n}'.length);
    if (nullable) expect(type).toMatch(/\b(null|unknown);$/);
  });

  it('has a valid example', () => {
    const examples = [...samplesForSchema(whole)];
    if (valid.length > 0) expect(examples.some((example) => check(example as JsonObject).valid)).toBe(true);
    else expect(examples.every((example) => !check(example as JsonObject).valid)).toBe(true);
  });

  it('can be left empty in the form only if null is valid', () => {
    const schema = effectiveSchema(row.schema, undefined, loadForPage(whole));
    const values = 'const' in schema ? [schema['const']] : schema['enum'];
    const types = namedTypes(schema);
    const isEmptyAllowed = types.includes('null') && (!Array.isArray(values) || values.includes(null));
    if (isEmptyAllowed) expect(valid).toContain(null);
    // With several types or none, the form edits JSON or offers the alternatives.
    else if (types.length === 1) expect(valid).not.toContain(null);
  });

  it('reports an unknown property only where the schema names others', () => {
    for (const value of valid) {
      const unknown = findUnknownProperties({ value }, whole).map(({ path }) => path);
      const properties = viewSchema(whole).field('value')?.fields ?? new Set();
      expect(unknown.filter((path) => properties.has(path.replace('/value/', '')))).toEqual([]);
    }
  });
});

const RUNS = process.env['KUFLOW_SOAK'] === '1' ? 5_000 : 200;

const { random } = fc.letrec<{ random: JsonObject }>((tie) => {
  const some = fc.array(tie('random'), { minLength: 1, maxLength: 3 });
  const nullable = fc.constantFrom({}, { nullable: true });
  return {
    random: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc
        .tuple(fc.constantFrom('string', 'integer', 'number', 'boolean'), nullable)
        .map(([type, more]) => ({ type, ...more })),
      fc
        .uniqueArray(fc.constantFrom('string', 'integer', 'null', 'object'), { minLength: 1 })
        .map((type) => ({ type })),
      fc.constantFrom<JsonObject>(
        ...[{ enum: ['a', null] }, { enum: [1, 2] }, { const: null }, { const: 'a' }, { const: { a: 1 } }, {}],
        ...[
          { type: 'string', format: 'kuflow-file', nullable: true },
          { type: 'string', enum: ['a', null] },
        ],
        ...[{ $ref: '#/definitions/x' }, { $ref: '#/definitions/y' }, { $ref: '#/definitions/z' }],
      ),
      some.map((anyOf) => ({ anyOf })),
      some.map((allOf) => ({ allOf })),
      fc.tuple(some, some).map(([anyOf, allOf]) => ({ anyOf, allOf })),
      fc.tuple(tie('random'), nullable).map(([items, more]) => ({ type: 'array', items, ...more })),
      fc
        .tuple(fc.dictionary(fc.constantFrom('a', 'b'), tie('random'), { minKeys: 1 }), fc.boolean(), nullable)
        .map(([properties, all, more]) => ({
          ...{ type: 'object', properties, ...more },
          ...(all ? { required: Object.keys(properties) } : {}),
        })),
    ),
  };
});
const DEFINITIONS: JsonObject = {
  x: { type: 'string', nullable: true },
  y: { anyOf: [{ $ref: '#/definitions/x' }, { type: 'object', properties: { a: { $ref: '#/definitions/y' } } }] },
  z: { allOf: [{ $ref: '#/definitions/x' }, { type: ['string', 'integer'] }] },
};

describe('all readers of a random schema', () => {
  it('agree with Ajv about what is valid, and about null', () => {
    fc.assert(
      fc.property(random, (schema) => {
        const whole = wholeSchema({ schema, definitions: DEFINITIONS });
        const check = createValueCheck({ schema: whole }, 'a test');
        const examples = [...samplesForSchema(whole)].flatMap((example) =>
          isObject(example) && example['value'] !== undefined ? [example['value']] : [],
        );
        const values = [...VALUES, ...examples];
        const valid = values.filter((value) => check({ value }).valid);
        expect(values.filter((value) => pageErrors(whole, { value }).length === 0)).toEqual(valid);
        const type = valueType(schemaTypeOf(whole));
        expect(valid.filter((value) => !admits(type, value))).toEqual([]);
        const types = viewSchema(whole).field('value')?.types ?? new Set();
        expect(valid.filter((value) => !types.has(typeOfValue(value)))).toEqual([]);
        const isNullable = valid.includes(null);
        if (type.kind !== 'unknown') expect(admits(type, null)).toBe(isNullable);
        const [component] = javaRecordOf('Data', whole).components;
        if (component !== undefined && isNullable) expect(component.nullable).toBe(true);
      }),
      { numRuns: RUNS },
    );
  }, 600_000);
});
