import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json.ts';
import { isRecord } from '../../../src/base/json.ts';
import { applyFindings } from '../../../src/discovery/apply-findings.ts';
import { compareProcess } from '../../../src/discovery/compare-definition.ts';
import type { ProcessFinding } from '../../../src/discovery/findings.ts';
import type { WorkerDefinition, TaskDefinition } from '../../../src/process/definition.ts';
import { samplesForSchema } from '../../../src/schema/example/example.ts';
import { Ajv } from 'ajv';
import { arbitrarySchema } from '../../support/arbitrary-schema.ts';
import { discoverLive, type LiveItem, type LiveProcess } from '../../support/live-process.ts';
import { uuid } from '../../support/large-tenant.ts';

const TASKS: readonly TaskDefinition[] = [
  { code: 'APPLY', kind: 'human' },
  { code: 'SCORE', kind: 'system' },
];
const ITEMS: readonly LiveItem[] = [{ code: 'APPLY' }, { code: 'SCORE', owner: 'application' }];

const define = (more: Partial<WorkerDefinition> = {}): WorkerDefinition => ({
  process: { code: 'LOAN', id: uuid(2, 1), version: uuid(5, 0) },
  workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
  tasks: TASKS,
  ...more,
});

/** Processes, newest first: so many of the newest version, then so many of an older one. */
const live = (
  newest: number,
  newItems: readonly LiveItem[],
  older = 0,
  oldItems: readonly LiveItem[] = newItems,
): readonly LiveProcess[] => [
  ...Array.from({ length: newest }, () => ({ version: 'new', items: newItems }) as const),
  ...Array.from({ length: older }, () => ({ version: 'old', items: oldItems }) as const),
];

const short = (findings: readonly ProcessFinding[]): readonly string[] =>
  findings.map((one) => {
    const about = 'task' in one ? one.task : 'pointer' in one ? one.pointer : '';
    return `${one.kind} ${about}${one.drift ? '' : ' (information)'}`.replace('  ', ' ');
  });

async function compare(
  processes: readonly LiveProcess[],
  definition = define(),
  options: Parameters<typeof discoverLive>[1] = {},
): Promise<readonly string[]> {
  return short(compareProcess(definition, await discoverLive(processes, options)).findings);
}

const withTask = (task: Partial<TaskDefinition>): WorkerDefinition =>
  define({ tasks: [{ code: 'APPLY', kind: 'human', ...task }] });
const withSchema = (schema: JsonObject): WorkerDefinition => withTask({ data: { schema } });
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const apply = (data: object, more: Partial<LiveItem> = {}): LiveItem => ({ code: 'APPLY', data, ...more });

describe('comparing tasks', () => {
  it('does not report a process that has not changed', async () => {
    expect(await compare(live(6, ITEMS, 6))).toEqual([]);
  });

  it('reports a task of the newest version that the definition lacks, with its evidence', async () => {
    const { findings } = compareProcess(
      define(),
      await discoverLive(live(2, [...ITEMS, { code: 'TALK', type: 'THREAD' }], 3, ITEMS)),
    );
    expect(findings).toEqual([
      {
        ...{ kind: 'task-added', task: 'TALK', to: 'thread', drift: true },
        evidence: {
          ...{ items: 2, processes: 2, inNewestVersion: 2 },
          ...{ completedNewest: 2, inCompletedOlder: 0, completedOlder: 3 },
        },
        text: 'Task TALK (thread) was added: 2 items in 2 processes',
      },
    ]);
  });

  it('does not report a task as added that only older versions have', async () => {
    expect(await compare(live(2, ITEMS, 3, [...ITEMS, { code: 'FAX' }]))).toEqual([
      'task-in-older-versions FAX (information)',
    ]);
  });

  it('reports a task as removed if enough processes of the newest version were completed without it', async () => {
    const { findings } = compareProcess(define(), await discoverLive(live(5, [{ code: 'APPLY' }], 4, ITEMS)));
    expect(findings).toMatchObject([
      {
        ...{ kind: 'task-removed', task: 'SCORE', drift: true },
        text: 'Task SCORE was removed: 0 of 5 completed processes of the newest version have it, and 4 of 4 of older versions do',
      },
    ]);
  });

  it.each([
    ['too few processes of the newest version', live(4, [{ code: 'APPLY' }], 9, ITEMS)],
    [
      'processes of the newest version that are running',
      live(9, [{ code: 'APPLY' }], 9, ITEMS).map((one) => ({ ...one, completed: one.version === 'old' })),
    ],
    [
      'a task that older versions have in few processes',
      [...live(9, [{ code: 'APPLY' }], 1, ITEMS), ...live(0, [], 9, [{ code: 'APPLY' }])],
    ],
    ['a task that no version has', live(50, [{ code: 'APPLY' }], 50)],
    ['a single version', live(50, [{ code: 'APPLY' }])],
  ])('does not report a task as removed because of %s', async (_, processes) => {
    expect(await compare(processes)).toEqual(['task-not-seen SCORE (information)']);
  });

  it('does not report a task as removed if its items may be in the part of the list that was not read', async () => {
    const processes = live(8, [{ code: 'APPLY' }, { code: 'NOTE', type: 'MESSAGE' }], 8, ITEMS);
    const definition = define({ tasks: [...TASKS, { code: 'NOTE', kind: 'message' }] });
    expect(await compare(processes, definition)).toEqual(['task-removed SCORE']);
    // The list ends in the fifth process, so only four are known completely, and no older one.
    expect(await compare(processes, definition, { itemsPerPage: 9 })).toEqual(['task-not-seen SCORE (information)']);
  });

  it.each<[string, TaskDefinition['kind'], LiveItem, readonly string[]]>([
    ['applications own it', 'human', { code: 'APPLY', owner: 'application' }, ['task-retyped APPLY']],
    ['people own it', 'system', { code: 'APPLY' }, ['task-retyped APPLY']],
    ['it is a message', 'human', { code: 'APPLY', type: 'MESSAGE' }, ['task-retyped APPLY']],
    ['it is a thread', 'message', { code: 'APPLY', type: 'THREAD' }, ['task-retyped APPLY']],
    ['it is a task without an owner', 'thread', { code: 'APPLY', owner: 'nobody' }, ['task-retyped APPLY']],
    ['it does not have an owner', 'system', { code: 'APPLY', owner: 'nobody' }, []],
  ])('compares the kind of a task if %s', async (_, kind, item, expected) => {
    expect(await compare(live(2, [item]), withTask({ kind }))).toEqual(expected);
  });

  it('only informs about a kind if the owners are not known', async () => {
    const refused = { refused: ['findPrincipals'] };
    expect(await compare(live(2, [{ code: 'APPLY' }]), withTask({ kind: 'system' }), refused)).toEqual([
      'task-retyped APPLY (information)',
    ]);
    const own: LiveItem = { code: 'APPLY', owner: 'application' };
    expect(await compare(live(2, [own]), define({ tasks: [{ code: 'APPLY', kind: 'human' }] }), refused)).toEqual([
      'task-retyped APPLY (information)',
    ]);
  });

  it('only informs about a kind if most owners are neither known people nor applications', async () => {
    const system = withTask({ kind: 'system' });
    const ownedBy = (owner: NonNullable<LiveItem['owner']>, count = 1) => live(count, [{ code: 'APPLY', owner }]);
    const half = [...ownedBy('person'), ...ownedBy('application')];
    const { findings } = compareProcess(system, await discoverLive(half));
    expect(findings).toMatchObject([
      {
        ...{ kind: 'task-retyped', reason: 'owners-differ', drift: false },
        text: 'Task APPLY changed from kind system to human: neither people nor applications are known to own most of its items; 2 items in 2 processes',
      },
    ]);
    const former = [...ownedBy('application'), ...ownedBy('former-application', 3)];
    expect(await compare(former, system)).toEqual(['task-retyped APPLY (information)']);
    expect(await compare([...half, ...ownedBy('person')], system)).toEqual(['task-retyped APPLY']);
    expect(await compare([...half, ...former], withTask({ kind: 'human' }))).toEqual([]);
  });

  it('determines the kind from the newest version', async () => {
    const own: LiveItem = { code: 'APPLY', owner: 'application' };
    expect(await compare(live(1, [own], 20, [{ code: 'APPLY' }]), withTask({}))).toEqual(['task-retyped APPLY']);
    const open: LiveItem = { code: 'APPLY', owner: 'nobody' };
    expect(await compare(live(1, [open], 20, [own]), withTask({}))).toEqual(['task-retyped APPLY (information)']);
  });

  it('reports another order, version or definition as information', async () => {
    const processes = live(3, ITEMS);
    expect(await compare(processes, define({ tasks: TASKS.toReversed() }))).toEqual(['tasks-reordered (information)']);
    const old = { code: 'LOAN', id: uuid(2, 1), version: uuid(5, 1) };
    expect(await compare(processes, define({ process: old }))).toEqual(['version-changed (information)']);
    const other = { code: 'LOAN', id: uuid(2, 9), version: uuid(5, 1) };
    expect(await compare(processes, define({ process: other }))).toEqual(['definition-differs (information)']);
  });

  it('says what could not be compared', async () => {
    const refused = compareProcess(define(), await discoverLive(live(3, ITEMS), { refused: ['findProcessItems'] }));
    expect(refused).toMatchObject({ findings: [] });
    expect(refused.unknown).toEqual([expect.stringContaining('does not allow') as string]);
    const empty = compareProcess(define(), await discoverLive(live(3, [])));
    expect(empty.unknown).toEqual([expect.stringContaining('No process item is visible') as string]);
    const exhausted = compareProcess(define(), await discoverLive(live(9, ITEMS), { budget: 6 }));
    expect(exhausted.unknown).toEqual([expect.stringContaining('stopped early') as string]);
    expect(compareProcess(define(), await discoverLive(live(9, ITEMS), { sample: 0 }))).toEqual({
      findings: [],
      fieldsCompared: false,
      unknown: [],
    });
  });

  it('only informs about differences between versions that cannot be told apart', async () => {
    const refused = { refused: ['findProcesses'] };
    const processes = live(9, [{ code: 'APPLY' }], 9, [{ code: 'APPLY' }, { code: 'FAX' }]);
    const { findings, unknown } = compareProcess(define(), await discoverLive(processes, refused));
    expect(short(findings)).toEqual(['task-added FAX (information)', 'task-not-seen SCORE (information)']);
    expect(unknown).toEqual([expect.stringContaining('may be of an older version') as string]);
    expect(compareProcess(define(), await discoverLive(live(3, ITEMS), refused))).toMatchObject({
      findings: [],
      unknown: [],
    });
  });
});

describe('comparing fields', () => {
  it('reports a field that the definition lacks, with its evidence', async () => {
    const definition = withSchema(object({ AMOUNT: { type: 'number' } }));
    const processes = live(2, [apply({ AMOUNT: 1, RATE: 2.5 })]).concat(live(1, [apply({ AMOUNT: 1 })]));
    const { findings } = compareProcess(definition, await discoverLive(processes));
    expect(findings).toEqual([
      {
        ...{ kind: 'field-added', owner: { part: 'data', task: 'APPLY' }, pointer: '/RATE', types: ['number'] },
        evidence: { seen: 2, instances: 3, seenCompleted: 2, completed: 3, seenOlder: 0, older: 0 },
        drift: true,
        text: 'Field /RATE (number) of task APPLY was added: 2 of 3 instances of the newest version have it',
      },
    ]);
  });

  it.each<[string, JsonObject, object, readonly string[]]>([
    ['an integer is a number', object({ A: { type: 'number' } }), { A: 1 }, []],
    ['a fraction is not an integer', object({ A: { type: 'integer' } }), { A: 1.5 }, ['field-retyped /A']],
    ['a format is not compared', object({ A: { type: 'string', format: 'date' } }), { A: 'x' }, []],
    ['an enum only has its types', object({ A: { enum: ['x', 'y'] } }), { A: 'z' }, []],
    ['an enum of texts', object({ A: { enum: ['x', 'y'] } }), { A: 1 }, ['field-retyped /A']],
    ['a constant', object({ A: { const: true } }), { A: 'yes' }, ['field-retyped /A']],
    ['null in a nullable field', object({ A: { type: 'string', nullable: true } }), { A: null }, []],
    ['null in a field of two types', object({ A: { type: ['string', 'null'] } }), { A: null }, []],
    ['null in a text', object({ A: { type: 'string' } }), { A: null }, ['field-retyped /A']],
    ['alternatives', object({ A: { oneOf: [{ type: 'string' }, { type: 'number' }] } }), { A: 1 }, []],
    [
      'no alternative',
      object({ A: { anyOf: [{ type: 'string' }, { type: 'number' }] } }),
      { A: [] },
      ['field-retyped /A'],
    ],
    ['all of', object({ A: { allOf: [{ title: 'A' }, { type: 'string' }] } }), { A: 1 }, ['field-retyped /A']],
    [
      'a reference',
      object({ A: { $ref: '#/definitions/Name' } }, { definitions: { Name: { type: 'string' } } }),
      { A: 1 },
      ['field-retyped /A'],
    ],
    ['a reference that leads nowhere', object({ A: { $ref: 'https://example.org/a' } }), { A: 1 }, []],
    ['a recursive schema', object({ A: { $ref: '#' } }), { A: { A: { A: 1 } } }, ['field-retyped /A/A/A']],
    ['a nested field', object({ A: object({ B: { type: 'string' } }) }), { A: { B: 'x', C: 1 } }, ['field-added /A/C']],
    ['items', object({ A: { type: 'array', items: { type: 'string' } } }), { A: [1] }, ['field-retyped /A/*']],
    [
      'fields of items',
      object({ A: { type: 'array', items: object({ B: { type: 'string' } }) } }),
      { A: [{ B: 1 }] },
      ['field-retyped /A/*/B'],
    ],
    ['a tuple', object({ A: { type: 'array', items: [{ type: 'string' }] } }), { A: [1] }, []],
    ['a list that is not described', object({ A: { type: 'array' } }), { A: [{ B: 1 }] }, []],
    ['a free-form object', object({ A: { type: 'object' } }), { A: { B: 1 } }, []],
    ['any value', object({ A: {} }), { A: { B: 1 } }, []],
    [
      'a map',
      object({ A: { type: 'object', additionalProperties: { type: 'string' } } }),
      { A: { B: 1 } },
      ['field-retyped /A/*'],
    ],
    [
      'a map of the same type',
      object({ A: { type: 'object', additionalProperties: { type: 'number' } } }),
      { A: { B: 1 } },
      [],
    ],
    [
      'a pattern of names',
      object({ A: { type: 'string' } }, { patternProperties: { '^X': { type: 'string' } } }),
      { XY: 'x' },
      [],
    ],
    [
      'conditions',
      object({ A: { type: 'string' } }, { if: object({ A: { const: 'x' } }), then: object({ B: {} }) }),
      { B: 1 },
      [],
    ],
    ['keys that may be data', object({ A: { type: 'object' } }), { A: {}, 'ada@example.org': 1 }, []],
    [
      'a name in the definition that may be data',
      object({ 'a b': { type: 'string' } }, { required: ['a b'] }),
      { C: 1, 'a b': 'x' },
      ['field-added /C'],
    ],
  ])('%s', async (_, schema, data, expected) => {
    expect(await compare(live(6, [apply(data)]), withSchema(schema))).toEqual(expected);
  });

  it('reports fields of every shape of the process', async () => {
    const processes = live(3, [{ code: 'APPLY', contextData: { HINT: 'x' } }]).map((one) => ({
      ...one,
      metadata: { SINCE: 'x' },
      entity: { customer: 'x' },
    }));
    const { findings } = compareProcess(withTask({}), await discoverLive(processes));
    expect(short(findings)).toEqual(['field-added /SINCE', 'field-added /customer', 'field-added /HINT']);
    expect(findings.map(({ text }) => text.split(':')[0])).toEqual([
      'Field /SINCE (string) of the metadata was added',
      'Field /customer (string) of the entity was added',
      'Field /HINT (string) of the context data of task APPLY was added',
    ]);
  });

  const TWO = object({ A: { type: 'string' }, B: { type: 'string' } });

  it('reports a field as removed if older versions have it and enough instances of the newest do not', async () => {
    const [one, two] = [[apply({ A: 'x' })], [apply({ A: 'x', B: 'y' })]];
    const { findings } = compareProcess(withSchema(TWO), await discoverLive(live(5, one, 4, two)));
    expect(findings).toMatchObject([
      {
        ...{ kind: 'field-removed', pointer: '/B', drift: true },
        text: 'Field /B of task APPLY was removed: 0 of 5 completed instances of the newest version have it, and 4 of 4 of older versions do',
      },
    ]);
    expect(await compare(live(4, one, 9, two), withSchema(TWO))).toEqual([]);
    expect(await compare(live(9, one, 9, one), withSchema(TWO))).toEqual([]);
    expect(await compare(live(9, one), withSchema(TWO))).toEqual([]);
    expect(await compare([...live(9, one, 1, two), ...live(0, [], 9, one)], withSchema(TWO))).toEqual([]);
    // The values of open tasks are not complete.
    expect(await compare(live(9, [apply({ A: 'x' }, { completed: false })], 9, two), withSchema(TWO))).toEqual([]);
  });

  it('reports a required field that completed instances do not have', async () => {
    const required = withSchema({ ...TWO, required: ['A', 'B'] });
    const processes = live(2, [apply({ A: 'x', B: 'y' })]).concat(live(1, [apply({ A: 'x' })]));
    const { findings } = compareProcess(required, await discoverLive(processes));
    expect(findings).toMatchObject([
      {
        ...{ kind: 'field-optional', pointer: '/B', drift: true },
        text: 'Field /B of task APPLY is not required: 2 of 3 completed instances of the newest version have it',
      },
    ]);
    expect(await compare(live(2, [apply({ A: 'x' })]), required)).toEqual([]);
    expect(await compare(live(9, [apply({ A: 'x' }, { completed: false })]), required)).toEqual([]);
    // KuFlow itself says that the data does not match the schema.
    expect(await compare(live(9, [apply({ A: 'x' }, { valid: false })]), required)).toEqual([]);
    expect(await compare(live(9, [apply({ A: 1 }, { valid: false })]), required)).toEqual([]);
  });

  it('counts objects if a field of items or of a nested object is not required', async () => {
    const lines = { type: 'array', items: object({ A: { type: 'string' } }, { required: ['A'] }) };
    const processes = live(3, [apply({ LINES: [{ A: 'x' }, { B: 'x' }] })]);
    const { findings } = compareProcess(withSchema(object({ LINES: lines })), await discoverLive(processes));
    expect(findings).toContainEqual({
      ...{ kind: 'field-optional', owner: { part: 'data', task: 'APPLY' }, pointer: '/LINES/*/A', drift: true },
      evidence: {
        ...{ seen: 3, instances: 3, seenCompleted: 3, completed: 3, seenOlder: 0, older: 0 },
        ...{ objects: 6, lacking: 3 },
      },
      text: 'Field /LINES/*/A of task APPLY is not required: 3 of 6 objects in completed instances of the newest version do not have it',
    });
  });

  it('counts an instance once for all values of a map, whatever its keys are', async () => {
    const definition = withSchema(object({ BY: { type: 'object', additionalProperties: { type: 'string' } } }));
    const processes = ['a', 'b', 'c'].map((key): LiveProcess => {
      return { version: 'new', items: [apply({ BY: { [key]: 1, ['x' + key]: 2 } })] };
    });
    const { findings } = compareProcess(definition, await discoverLive(processes));
    expect(findings.map(({ text }) => text)).toEqual([
      'Field /BY/* of task APPLY changed from string to integer: integer in 3 of 3 instances of the newest version',
    ]);
  });

  it('treats keys as data if older versions show that they are', async () => {
    const byName = (...names: readonly string[]): LiveItem =>
      apply({ BY: Object.fromEntries(names.map((name) => [name, true])) });
    const processes: readonly LiveProcess[] = [
      { version: 'new', items: [byName('maria', 'juan')] },
      ...['ana', 'pedro', 'luis', 'eva'].map((name): LiveProcess => ({ version: 'old', items: [byName(name)] })),
    ];
    const discovered = await discoverLive(processes);
    const A = { type: 'string' };
    const { findings } = compareProcess(withSchema(object({ A })), discovered);
    expect(short(findings)).toEqual(['field-added /BY']);
    const { definition } = applyFindings(withSchema(object({ A })), findings, { discovered });
    expect(definition.tasks[0]?.data?.schema).toEqual(
      object({ A, BY: { type: 'object', additionalProperties: { type: 'boolean' } } }),
    );
    const described = withSchema(object({ BY: object({ total: { type: 'number' } }) }));
    expect(await compare(processes, described)).toEqual([]);
  });

  it('does not say that fields were compared if no data of the newest version was read', async () => {
    const open = apply({}, { completed: false });
    const processes = [...live(1, [open]), ...live(0, [], 3, [apply({ A: 1 })])];
    const { findings, fieldsCompared, unknown } = compareProcess(withSchema(TWO), await discoverLive(processes));
    expect({ findings, fieldsCompared, unknown }).toEqual({ findings: [], fieldsCompared: false, unknown: [] });
  });

  it('does not report a field that is always filled in as required', async () => {
    expect(await compare(live(9, [apply({ A: 'x', B: 'y' })]), withSchema(TWO))).toEqual([]);
  });

  it('does not compare fields without instances', async () => {
    const processes = live(9, [apply({ C: 1 })]);
    expect(await compare(processes, withSchema(TWO), { sample: 0 })).toEqual([]);
  });

  it('does not report drift between a definition and the instances that it was discovered from, except for removed fields', async () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, 1, 2.5, 'x', '2026-01-31', true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('amount', 'lines', 'maria', 'Maria', '4711', 'a@b.org', 'a/b'), tie('value')),
      ),
    }));
    const data = fc.dictionary(fc.constantFrom('A', 'B', 'C'), value, { minKeys: 1 });
    const item = fc.record({ code: fc.constant('APPLY'), data, completed: fc.boolean(), valid: fc.boolean() });
    const processes = fc.array(
      fc.record({ version: fc.constant('new' as const), items: fc.array(item, { minLength: 1, maxLength: 3 }) }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(processes, processes, async (newest, older) => {
        const discovered = await discoverLive([
          ...newest,
          ...older.map((one) => ({ ...one, version: 'old' as const })),
        ]);
        const findings = compareProcess(define(discovered.definition), discovered).findings.filter(
          ({ drift }) => drift,
        );
        expect(findings.filter(({ kind }) => kind !== 'field-removed')).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('does not report drift between a definition and instances that were generated from it', async () => {
    const ajv = new Ajv({ strict: false, logger: false, validateFormats: false });
    const schemas = arbitrarySchema.filter(
      (schema) => schema['type'] === 'object' || 'allOf' in schema || 'anyOf' in schema,
    );
    await fc.assert(
      fc.asyncProperty(schemas, schemas, async (data, metadata) => {
        const valid = (schema: JsonObject): readonly JsonObject[] => {
          const validate = ajv.compile<JsonObject>(schema);
          return [...samplesForSchema(schema)].filter(
            (value): value is JsonObject => isRecord(value) && validate(value),
          );
        };
        const [all, ofProcess] = [valid(data), valid(metadata)];
        fc.pre(all.length > 0);
        const processes = all.map((value, at) => ({
          version: at % 3 === 2 ? ('old' as const) : ('new' as const),
          metadata: ofProcess[at % Math.max(1, ofProcess.length)],
          items: [apply(value)],
        }));
        const definition = { ...withSchema(data), metadata: { schema: metadata } };
        const discovered = await discoverLive(processes.map((one) => JSON.parse(JSON.stringify(one)) as LiveProcess));
        const { findings } = compareProcess(definition, discovered);
        expect(findings.filter(({ drift }) => drift)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('applyFindings', () => {
  const applied = async (definition: WorkerDefinition, processes: readonly LiveProcess[]) => {
    const discovered = await discoverLive(processes);
    return applyFindings(definition, compareProcess(definition, discovered).findings, { discovered });
  };

  it('corrects the tasks and keeps what discovery cannot know', async () => {
    const definition = define({
      process: { code: 'LOAN', version: uuid(5, 1) },
      tasks: [
        { code: 'FAX', kind: 'human' },
        { code: 'APPLY', kind: 'human', name: 'Apply', candidates: ['sales'] },
        { code: 'RARE', kind: 'human' },
      ],
    });
    const items: readonly LiveItem[] = [
      { code: 'APPLY', owner: 'application', data: { A: 1 } },
      { code: 'NOTE', type: 'MESSAGE' },
    ];
    const { definition: after, left } = await applied(definition, live(5, items, 5, [{ code: 'FAX' }, ...items]));
    expect(left).toEqual([]);
    expect(after.process.version).toBe(uuid(5, 0));
    expect(after.tasks).toEqual([
      {
        ...{ code: 'APPLY', kind: 'system', name: 'Apply' },
        data: { schema: object({ A: { type: 'integer' } }, { required: ['A'] }) },
      },
      { code: 'NOTE', kind: 'message' },
      { code: 'RARE', kind: 'human' },
    ]);
  });

  it('corrects fields and keeps texts, formats and everything else', async () => {
    const schema = object(
      {
        GONE: { type: 'string' },
        NAME: { type: 'string', title: 'Name', maxLength: 5 },
        LIST: { type: 'array', items: object({ B: { type: 'string', format: 'date' } }) },
        KEPT: { type: 'string', title: 'Kept', enum: ['x'] },
      },
      { required: ['GONE', 'KEPT'], title: 'All' },
    );
    const now = { NAME: 7, LIST: [{ B: 'x', C: true }] };
    const processes = live(5, [apply(now)], 5, [apply({ ...now, GONE: 'x' })]);
    const { definition, left } = await applied(withSchema(schema), processes);
    expect(left).toEqual([]);
    expect(definition.tasks[0]?.data?.schema).toEqual(
      object(
        {
          NAME: { type: 'integer', title: 'Name' },
          LIST: {
            type: 'array',
            items: object({ B: { type: 'string', format: 'date' }, C: { type: 'boolean' } }, { required: ['C'] }),
          },
          KEPT: { type: 'string', title: 'Kept', enum: ['x'] },
        },
        { title: 'All' },
      ),
    );
    const discovered = await discoverLive(processes);
    expect(compareProcess(definition, discovered).findings).toEqual([]);
  });

  it('leaves fields of composed schemas to be changed by hand', async () => {
    const schema = object({ A: { $ref: '#/definitions/A' } }, { definitions: { A: { type: 'string' } } });
    const definition = withSchema(schema);
    const { definition: after, left } = await applied(definition, live(3, [apply({ A: 1 })]));
    expect(after).toEqual(definition);
    expect(short(left)).toEqual(['field-retyped /A']);
  });
});
