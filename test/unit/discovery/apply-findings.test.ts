import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, isRecord, type Json, type JsonObject } from '../../../src/base/json.ts';
import { applyFindings } from '../../../src/discovery/apply-findings.ts';
import { compareProcess } from '../../../src/discovery/compare-definition.ts';
import type { ProcessFinding } from '../../../src/discovery/findings.ts';
import type { WorkerDefinition } from '../../../src/process/definition.ts';
import { typeOfValue, type JsonType } from '../../../src/schema/normal-form.ts';
import { uuid } from '../../support/large-tenant.ts';
import { discoverLive } from '../../support/live-process.ts';

const define = (schema: JsonObject): WorkerDefinition => ({
  process: { code: 'LOAN', id: uuid(2, 1), version: uuid(5, 0) },
  workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
  tasks: [{ code: 'APPLY', kind: 'human', data: { schema } }],
});
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });

/** What sync makes of a schema if instances of the newest version have this data. */
async function sync(schema: JsonObject, instances: readonly object[]) {
  const discovered = await discoverLive(
    instances.map((data) => ({ version: 'new', items: [{ code: 'APPLY', data }] }) as const),
  );
  const { findings } = compareProcess(define(schema), discovered);
  const { definition, left } = applyFindings(define(schema), findings, { discovered });
  const after = definition.tasks[0]?.data?.schema ?? {};
  const again = compareProcess(definition, discovered).findings.filter(({ drift }) => drift);
  return { findings, after, left, again };
}

/** The schema of the field A after six instances of which `values` are the first values, and `usual` the others. */
async function fieldAfter(field: JsonObject, usual: Json, ...values: readonly Json[]) {
  const all = [...values, ...Array.from({ length: 6 - values.length }, () => usual)];
  const { after, left, again } = await sync(
    object({ A: field }),
    all.map((A) => ({ A })),
  );
  expect(again.map(({ text }) => text)).toEqual(left.map(({ text }) => text));
  const { A } = isRecord(after['properties']) ? after['properties'] : {};
  return left.length === 0 ? A : 'left';
}

const ADDRESS = object(
  {
    street: { type: 'string', title: 'Street', maxLength: 80 },
    country: { type: 'string', enum: ['ES', 'FR'] },
    notes: { type: 'string', format: 'multiline' },
  },
  { title: 'Address', required: ['street'], additionalProperties: false },
);

describe('a type that was also seen', () => {
  it.each<[string, JsonObject, Json, Json, JsonObject]>([
    ['null in an object', ADDRESS, { street: 'x' }, null, { ...ADDRESS, type: ['object', 'null'] }],
    ['a text in an object', ADDRESS, { street: 'x' }, 'x', { ...ADDRESS, type: ['object', 'string'] }],
    [
      'null in a list',
      { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 1 },
      ['x'],
      null,
      { type: ['array', 'null'], items: { type: 'string', maxLength: 3 }, minItems: 1 },
    ],
    [
      'null in an enum',
      { type: 'string', enum: ['x', 'y'], maxLength: 9, default: 'x' },
      'x',
      null,
      { type: ['string', 'null'], enum: ['x', 'y', null], maxLength: 9, default: 'x' },
    ],
    ['null in an enum without type', { enum: ['x'], title: 'T' }, 'x', null, { enum: ['x', null], title: 'T' }],
    [
      'null where nullable is false',
      { type: 'string', nullable: false, pattern: 'x' },
      'x',
      null,
      { type: ['string', 'null'], nullable: true, pattern: 'x' },
    ],
    [
      'a fraction in an integer',
      { type: 'integer', minimum: 0, multipleOf: 1, format: 'int32', title: 'T' },
      1,
      1.5,
      { type: 'number', minimum: 0, title: 'T' },
    ],
    [
      'a text in a number',
      { type: 'number', minimum: 0, default: 3 },
      1,
      'x',
      { type: ['number', 'string'], minimum: 0, default: 3 },
    ],
    [
      'a third type',
      { type: ['string', 'null'], pattern: 'x' },
      'x',
      true,
      { type: ['string', 'null', 'boolean'], pattern: 'x' },
    ],
    [
      'an object in a text',
      { type: 'string', maxLength: 5 },
      'x',
      { B: true },
      { type: ['string', 'object'], maxLength: 5, properties: { B: { type: 'boolean' } } },
    ],
  ])('%s only widens the type', async (_, field, usual, other, expected) => {
    expect(await fieldAfter(field, usual, other)).toEqual(expected);
  });

  it('does not add a format to texts that were described before', async () => {
    expect(await fieldAfter({ type: 'string' }, '2026-01-31', null)).toEqual({ type: ['string', 'null'] });
    expect(await fieldAfter({ type: 'string' }, '2026-01-31', 1)).toEqual({ type: ['string', 'number'] });
    expect(await fieldAfter({ type: 'number' }, 1, '2026-01-31')).toEqual({
      type: ['number', 'string'],
      format: 'date',
    });
  });

  it('widens a field that is always null', async () => {
    const field = { type: 'string', maxLength: 5, enum: ['x'] };
    expect(await fieldAfter(field, null)).toEqual({ ...field, type: ['string', 'null'], enum: ['x', null] });
  });

  it.each<[string, JsonObject, Json, Json]>([
    ['another type in an enum', { type: 'string', enum: ['x'] }, 'x', 1],
    ['null in a constant', { const: 'x' }, 'x', null],
    ['a type that the schema has unused keywords of', { type: 'string', required: ['B'] }, 'x', { C: 1 }],
  ])('leaves %s to be changed by hand', async (_, field, usual, other) => {
    expect(await fieldAfter(field, usual, other)).toBe('left');
  });

  it('leaves a type that a pattern of names does not allow either', async () => {
    const schema = object({ A: { type: 'string' } }, { patternProperties: { '^A': { type: 'string' } } });
    const { after, left } = await sync(schema, [{ A: 'x' }, { A: null }]);
    expect(after).toEqual(schema);
    expect(left).toHaveLength(1);
  });

  it('leaves values of a map if items of a list are described at the same place', async () => {
    const text = { type: 'string', maxLength: 5 };
    const schema = object({ A: { type: ['array', 'object'], items: text, additionalProperties: text } });
    const { after, left } = await sync(schema, [{ A: { B: 1 } }, { A: ['x'] }]);
    expect(after).toEqual(schema);
    expect(left).toHaveLength(1);
  });

  it('also corrects the fields of an object that is null in some instances', async () => {
    const { after, again } = await sync(object({ A: ADDRESS }), [
      { A: null },
      ...Array.from({ length: 5 }, () => ({ A: { street: 1, country: 'ES' } })),
    ]);
    expect(after).toMatchObject({
      properties: { A: { type: ['object', 'null'], properties: { street: { type: 'integer', title: 'Street' } } } },
    });
    expect(again).toEqual([]);
  });
});

describe('a type that replaces the others', () => {
  it('keeps what does not depend on the type', async () => {
    const field = {
      ...{ title: 'T', description: 'D', readOnly: true, 'x-note': 'N', examples: ['x'], default: 5 },
      ...{ type: ['string', 'null'], enum: ['x', null], maxLength: 3, format: 'date' },
    };
    expect(await fieldAfter(field, 7)).toEqual({
      ...{ title: 'T', description: 'D', readOnly: true, 'x-note': 'N', default: 5 },
      type: ['integer', 'null'],
    });
  });

  it('describes the new type', async () => {
    expect(await fieldAfter({ type: 'string', title: 'T' }, { B: ['x'] })).toEqual({
      ...{ type: 'object', title: 'T', required: ['B'] },
      properties: { B: { type: 'array', items: { type: 'string' } } },
    });
  });
});

describe('the evidence of another type', () => {
  it('counts the instances that have it, not the instances that have the field', async () => {
    const { findings } = await sync(object({ A: { type: 'string' }, B: { type: 'string' } }), [
      ...[{ A: null }, { A: 1.5 }, { A: 2 }, { A: 'x' }, { A: 'x' }, { B: 'x' }],
    ]);
    expect(findings).toMatchObject([
      {
        evidence: {
          ...{ seen: 5, instances: 6 },
          rejected: [
            { type: 'number', instances: 2 },
            { type: 'null', instances: 1 },
          ],
        },
        text: 'Field /A of task APPLY changed from string to string or number or null: number in 2 and null in 1 of 6 instances of the newest version',
      },
    ]);
  });

  it('counts an instance once, however many items have it', async () => {
    const list = object({ A: { type: 'array', items: { type: 'integer' } } });
    const { findings } = await sync(list, [{ A: [1.5, 2.5, 1] }, { A: [1] }]);
    expect(findings).toMatchObject([{ pointer: '/A/*', evidence: { rejected: [{ type: 'number', instances: 1 }] } }]);
  });
});

it('keeps an empty list of required fields', async () => {
  const { after } = await sync(object({ A: { type: 'string' } }, { required: [] }), [{ A: 'x', B: 'y' }]);
  expect(after).toEqual(object({ A: { type: 'string' }, B: { type: 'string' } }, { required: [] }));
});

const isObject = (value: Json): value is JsonObject => isRecord(value);
/** Objects with some of these keys. */
const objectsOf = (values: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<JsonObject> =>
  fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

/** Keywords that say nothing about values. */
const TEXTS = ['title', 'description', 'readOnly', 'x-note'];

const typesOf = ({ type }: JsonObject): readonly Json[] =>
  Array.isArray(type) ? (type as readonly Json[]) : [type ?? []];
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const recordOf = (value: unknown): JsonObject => (isRecord(value) ? (value as JsonObject) : {});

/** The keywords that a schema lost although the values at its place do not contradict them. */
function lostKeywords(before: JsonObject, after: JsonObject, values: readonly Json[], at = ''): readonly string[] {
  const types = new Set(
    values.map((value): JsonType => (typeOfValue(value) === 'integer' ? 'number' : typeOfValue(value))),
  );
  types.delete('null');
  const allowed = typesOf(before).map((type) => (type === 'integer' ? 'number' : type));
  const isReplaced = types.size > 0 && !allowed.some((type) => types.has(type as JsonType));
  const hasFraction = values.some((value) => typeof value === 'number' && !Number.isInteger(value));
  const lost = (key: string): boolean => {
    const [old, now] = [before[key], after[key]];
    if (key === 'type')
      return !typesOf(before).every(
        (type) =>
          typesOf(after).includes(type) ||
          (isReplaced && type !== 'null') ||
          (type === 'integer' && hasFraction && typesOf(after).includes('number')),
      );
    if (isReplaced && !TEXTS.includes(key)) return false;
    if (key === 'enum') return !listOf(old).every((one) => listOf(now).includes(one));
    if (key === 'required') {
      const objects = values.filter(isObject);
      return !listOf(old).every(
        (name) => listOf(now).includes(name) || objects.some((one) => !Object.hasOwn(one, name as string)),
      );
    }
    if (key === 'properties' || key === 'items') return now === undefined;
    if (key === 'multipleOf' && hasFraction) return false;
    return canonicalJson(old) !== canonicalJson(now);
  };
  const inner = isReplaced
    ? []
    : [
        ...Object.entries(recordOf(before['properties'])).flatMap(([name, field]) => {
          const children = values.filter(isObject).filter((value) => Object.hasOwn(value, name));
          const inFields = recordOf(recordOf(after['properties'])[name]);
          return lostKeywords(
            recordOf(field),
            inFields,
            children.map((one) => one[name] ?? null),
            `${at}/${name}`,
          );
        }),
        ...(isRecord(before['items'])
          ? lostKeywords(recordOf(before['items']), recordOf(after['items']), values.flatMap(listOf), `${at}/*`)
          : []),
      ];
  return [
    ...Object.keys(before)
      .filter(lost)
      .map((key) => `${at} ${key}`),
    ...inner,
  ];
}

/** A field, and values that it has in instances. */
interface Field {
  readonly schema: JsonObject;
  readonly value: fc.Arbitrary<Json>;
}

const OTHER_VALUES: readonly Json[] = [null, null, 'text', 3, 2.5, true, ['item'], { inside: 'x' }];
const sometimes = (keywords: JsonObject): fc.Arbitrary<JsonObject> =>
  fc.subarray(Object.entries(keywords)).map((chosen) => Object.fromEntries(chosen));
const texts = sometimes({ title: 'Title', description: 'About', readOnly: true, 'x-note': { by: 'us' } });

/** A schema of some types with some of these keywords, and values of which some have other types. */
function field(type: string, keywords: JsonObject, own: fc.Arbitrary<Json>): fc.Arbitrary<Field> {
  const others = fc.option(fc.constantFrom(...OTHER_VALUES), { freq: 2, nil: undefined });
  return fc
    .tuple(texts, sometimes(keywords), fc.boolean(), others, fc.nat(4))
    .map(([text, more, isNullable, other, often]) => ({
      schema: {
        ...text,
        type: isNullable ? [type, 'null'] : type,
        ...more,
        ...(isNullable && Array.isArray(more['enum']) ? { enum: [...(more['enum'] as readonly Json[]), null] } : {}),
      },
      value:
        other === undefined
          ? own
          : fc.oneof({ weight: 4 - often, arbitrary: own }, { weight: 1 + often, arbitrary: fc.constant(other) }),
    }));
}

const { anyField } = fc.letrec<{ anyField: Field }>((tie) => ({
  anyField: fc.oneof(
    { maxDepth: 2 },
    field(
      'string',
      { maxLength: 9, minLength: 0, pattern: '^x', format: 'date', default: 'x' },
      fc.constantFrom('x', 'xy'),
    ),
    field('string', { enum: ['x', 'y'], maxLength: 9, default: 'y' }, fc.constantFrom('x', 'y')),
    field('number', { minimum: 0, maximum: 99, multipleOf: 0.5, default: 1 }, fc.constantFrom(1, 2.5)),
    field('integer', { minimum: 0, exclusiveMaximum: 99, multipleOf: 1, default: 1 }, fc.constantFrom(1, 2)),
    field('boolean', { default: true }, fc.boolean()),
    tie('anyField').chain(({ schema, value }) =>
      field('array', { items: schema, minItems: 0, uniqueItems: false }, fc.array(value, { maxLength: 3 })),
    ),
    fc.array(tie('anyField'), { minLength: 1, maxLength: 3 }).chain((fields) => {
      const properties = Object.fromEntries(fields.map(({ schema }, at) => [`f${at}`, schema]));
      const values = Object.fromEntries(fields.map(({ value }, at) => [`f${at}`, value]));
      const more = { required: ['f0'], minProperties: 0, additionalProperties: false };
      return field('object', more, objectsOf(values)).map(({ schema, value }) => ({
        schema: { ...schema, properties },
        value,
      }));
    }),
  ),
}));

it('keeps every keyword that no instance contradicts, and finds nothing the next time', async () => {
  const cases = fc.array(anyField, { minLength: 1, maxLength: 4 }).chain((fields) =>
    fc.record({
      schema: fc.constant(
        object(Object.fromEntries(fields.map(({ schema }, at) => [`F${at}`, schema])), {
          title: 'All',
          required: ['F0'],
        }),
      ),
      instances: fc.array(objectsOf(Object.fromEntries(fields.map(({ value }, at) => [`F${at}`, value]))), {
        minLength: 1,
        maxLength: 8,
      }),
    }),
  );
  const counts = { widened: 0, left: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ schema, instances }) => {
      const { findings, after, left, again } = await sync(schema, instances);
      counts.widened += findings.length - left.length;
      counts.left += left.length;
      expect(lostKeywords(schema, after, instances)).toEqual([]);
      expect(again.map(({ text }) => text).toSorted()).toEqual(left.map(({ text }) => text).toSorted());
    }),
    { numRuns: 300 },
  );
  expect(counts.widened).toBeGreaterThan(50);
  expect(counts.left).toBeGreaterThan(0);
});

describe('user actions', () => {
  const TALK = { code: 'TALK', kind: 'thread' } as const;
  const definition: WorkerDefinition = {
    ...define(object({})),
    tasks: [TALK, { code: 'APPLY', kind: 'human' }],
    actions: [{ code: 'DISCUSS', type: 'create-process-item-thread', thread: 'TALK' }],
  };
  const removed = (task: string): ProcessFinding => ({
    ...{ kind: 'task-removed', task, drift: true, text: '' },
    evidence: {
      items: 0,
      processes: 0,
      inNewestVersion: 0,
      completedNewest: 9,
      inCompletedOlder: 9,
      completedOlder: 9,
    },
  });

  it('are kept, with the tasks that they use', () => {
    const findings = [removed('TALK'), removed('APPLY')];
    const applied = applyFindings(definition, findings);
    expect(applied.definition).toEqual({ ...definition, tasks: [TALK] });
    expect(applied.left).toEqual([findings[0]]);
  });
});
