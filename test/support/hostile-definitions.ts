import fc from 'fast-check';
import type { ActionDefinition, WorkerDefinition, TaskDefinition } from '../../src/process/definition.ts';
import { collidingTexts, hostileText, impossibleText, MARK, takenWord } from './hostile-texts.ts';

/** The content of a definition file that comes from a stranger. */
export interface HostileFile {
  readonly process: { readonly code: string } & Readonly<Record<string, string>>;
  readonly workflow: { readonly type: string; readonly 'task-queue': string };
  readonly metadata?: HostileShape;
  readonly entity?: HostileShape;
  readonly tasks: readonly HostileTask[];
}

export interface HostileTask {
  readonly code: string;
  readonly kind: string;
  readonly name?: string;
  readonly description?: string;
  readonly data?: HostileShape;
  readonly 'context-data'?: HostileShape;
}

interface HostileShape {
  readonly schema: object;
  readonly 'ui-schema'?: object;
}

const plainRecords = { noNullPrototype: true } as const;

/** `sound`: only usable content, however odd; otherwise with unusable content. */
function files(sound: boolean): fc.Arbitrary<HostileFile> {
  /** Picks the second one when the content does not have to be sound. */
  const or = <Value>(usable: fc.Arbitrary<Value>, broken: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
    sound ? usable : fc.oneof({ weight: 60, arbitrary: usable }, { weight: 1, arbitrary: broken });

  const text = or(hostileText, impossibleText);
  /** Names and descriptions may be empty. */
  const prose = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom('', ' ', '\n') });
  const numbers = fc.oneof(fc.integer(), fc.constantFrom(0, 1e21, -1.5, 1e-7, 5e-324, 2 ** 53));
  const scalar = fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 3, arbitrary: numbers },
    { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
  );
  const anyData = fc.oneof(
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(text, scalar, { maxKeys: 3, ...plainRecords }) },
  );
  const about = { title: prose, description: prose, default: anyData };

  const pattern = or(
    fc.constantFrom(
      ...[
        `^${MARK}\\d+$`,
        `^['"\`]${MARK}[$]{1}[*]/$`,
        `${MARK}(a|b)*`,
        '^(a+)+$(?!x)',
        '\\/\\*',
        '^[\\s\\S]$',
        '[\n]',
      ],
    ),
    text,
  );
  const leaf = fc.oneof(
    fc.record(
      {
        ...about,
        type: fc.constant('string'),
        enum: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
        const: scalar,
        pattern,
        format: fc.oneof(fc.constantFrom('date', 'email', 'uuid', 'kuflow-file'), text),
        minLength: fc.constantFrom(0, 1, 50, 20_000),
        maxLength: fc.constantFrom(1, 10),
      },
      { requiredKeys: ['type'], ...plainRecords },
    ),
    fc.record(
      {
        ...about,
        type: fc.constantFrom<unknown>(
          ...['number', 'integer', 'boolean', 'null', 'array', ['string', 'null'], ['object', 'array']],
        ),
        enum: fc.uniqueArray(numbers, { minLength: 1, maxLength: 3 }),
        minimum: fc.constantFrom(-1, 0, 5),
        minItems: fc.constantFrom(0, 1, 3),
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: [], ...plainRecords },
    ),
  );
  const reference = or(
    fc.constantFrom('#', '#/definitions/one', '#/definitions/other'),
    fc.constantFrom('#/definitions/gone', '../x.json', 'https://e.com/x', `#/definitions/${MARK}%25`),
  );
  const nested = fc.letrec<{ schema: unknown; object: Record<string, unknown> }>((tie) => {
    const some = fc.array(tie('schema'), { minLength: 1, maxLength: 2 });
    return {
      schema: fc.oneof(
        { maxDepth: 3, depthSize: 'xsmall' },
        { weight: 8, arbitrary: leaf },
        { weight: 3, arbitrary: tie('object') },
        { weight: 2, arbitrary: fc.record({ type: fc.constant('array'), items: tie('schema') }, plainRecords) },
        { weight: 1, arbitrary: fc.record({ anyOf: some }, plainRecords) },
        { weight: 1, arbitrary: fc.record({ oneOf: some, title: prose }, plainRecords) },
        { weight: 1, arbitrary: fc.record({ allOf: some }, plainRecords) },
        { weight: 1, arbitrary: fc.record({ $ref: reference }, plainRecords) },
        { weight: 1, arbitrary: fc.boolean() },
      ),
      object: fc.record(
        {
          ...about,
          type: fc.constant('object'),
          properties: fc.dictionary(text, tie('schema'), { maxKeys: 2, ...plainRecords }),
          required: fc.uniqueArray(text, { maxLength: 2 }),
          additionalProperties: tie('schema'),
          patternProperties: fc.dictionary(pattern, tie('schema'), { maxKeys: 1, ...plainRecords }),
        },
        { requiredKeys: ['type', 'properties'], ...plainRecords },
      ),
    };
  });

  /** All properties are required half of the time, because examples contain the required properties. */
  const object = fc.tuple(nested.object, fc.boolean(), leaf).map(([schema, full, one]) => ({
    ...schema,
    ...(full ? { required: Object.keys(schema['properties'] as object) } : {}),
    definitions: { one, other: { type: 'object', properties: { [MARK]: { $ref: '#/definitions/one' } } } },
  }));
  const deep = fc.tuple(text, or(fc.constantFrom(5, 13, 40), fc.constant(120))).map(([name, levels]) => {
    const key = Array.from(name).slice(0, 50).join('');
    let schema: object = { type: 'string', title: name };
    for (let level = 0; level < levels; level++)
      schema = { type: 'object', properties: { [key]: schema }, required: [key] };
    return schema;
  });
  const manyValues = fc.tuple(text, fc.constantFrom(61, 1000)).map(([start, count]) => {
    const values = Array.from({ length: count }, (_, at) => `${Array.from(start).slice(0, 20).join('')}${at}`);
    return { type: 'object', properties: { [MARK]: { type: 'string', enum: values } }, required: [MARK] };
  });
  const root = or<object>(
    fc.oneof(
      { weight: 90, arbitrary: object },
      { weight: 2, arbitrary: deep },
      { weight: 1, arbitrary: manyValues },
      {
        weight: 1,
        arbitrary: fc.constant({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }),
      },
    ),
    fc.oneof(
      fc.record({ $id: text, $schema: text }, { requiredKeys: [], ...plainRecords }),
      fc.constantFrom<object>({ type: 5 }, { properties: [] }, { type: 'string' }, { required: 'x' }, { enum: [] }),
    ),
  );
  const shape = fc.record(
    {
      schema: root,
      'ui-schema': fc.record({ type: text, elements: fc.array(anyData, { maxLength: 2 }) }, plainRecords),
    },
    { requiredKeys: ['schema'], ...plainRecords },
  );
  const kind = or<string>(fc.constantFrom('human', 'human', 'system', 'system', 'message', 'thread'), text);
  const small = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
  const smallTaskOf = (code: fc.Arbitrary<string>) =>
    fc.record(
      { code, kind, data: fc.constant({ schema: small }) },
      { requiredKeys: ['code', 'kind'], ...plainRecords },
    );
  const taskOf = (code: fc.Arbitrary<string>) =>
    fc.record(
      {
        code,
        kind,
        name: prose,
        description: prose,
        data: shape,
        'context-data': shape,
      },
      { requiredKeys: ['code', 'kind'], ...plainRecords },
    );
  const tasks = fc.oneof(
    { weight: 3, arbitrary: fc.uniqueArray(taskOf(text), { maxLength: 3, selector: ({ code }) => code }) },
    {
      weight: 1,
      arbitrary: fc.uniqueArray(smallTaskOf(takenWord), { minLength: 2, maxLength: 8, selector: ({ code }) => code }),
    },
    {
      weight: 1,
      arbitrary: collidingTexts.chain((codes) => fc.tuple(...codes.map((code) => smallTaskOf(fc.constant(code))))),
    },
  );
  const queue = or(
    text.filter((one) => one === one.trim() && one !== ''),
    text,
  );
  const uuid = or(fc.uuid(), text);
  return fc.record(
    {
      process: fc.record(
        { code: text, name: prose, tenant: uuid, id: uuid },
        { requiredKeys: ['code'], ...plainRecords },
      ),
      workflow: fc.record({ type: text, 'task-queue': queue }, plainRecords),
      metadata: shape,
      entity: shape,
      // Duplicate codes are invalid.
      tasks: or(tasks, fc.array(taskOf(fc.constantFrom(MARK, 'A')), { maxLength: 3 })),
    },
    { requiredKeys: ['process', 'workflow', 'tasks'], ...plainRecords },
  );
}

/** Definitions that must be accepted. */
export const usableFile: fc.Arbitrary<HostileFile> = files(true);

/** Definitions of which many are invalid. */
export const brokenFile: fc.Arbitrary<HostileFile> = files(false);

/** User actions that a worker has code for. */
export const hostileActions: fc.Arbitrary<readonly ActionDefinition[]> = fc.uniqueArray(
  fc
    .record({
      code: fc.oneof(hostileText, takenWord),
      name: hostileText,
      type: fc.constantFrom('send-workflow-signal', 'start-workflow', 'downloadable'),
      text: hostileText,
      properties: fc.option(
        fc.dictionary(
          hostileText,
          hostileText.map((title) => ({ type: 'string', title })),
          { maxKeys: 2, ...plainRecords },
        ),
      ),
    })
    .map(({ code, name, type, text, properties }): ActionDefinition => {
      if (type !== 'send-workflow-signal') return { code, name, type, workflow: { type: text, taskQueue: 'QUEUE' } };
      const input = properties === null ? {} : { input: { schema: { type: 'object', properties } } };
      return { code, name, type, signal: text, ...input };
    }),
  { maxLength: 4, selector: ({ code }) => code },
);

/** A definition as it comes from KuFlow, without a file. */
export function definitionOf({ workflow, tasks, ...rest }: HostileFile): WorkerDefinition {
  return {
    ...rest,
    workflow: { type: workflow.type, taskQueue: workflow['task-queue'] },
    tasks: tasks.map(({ 'context-data': contextData, data, ...task }) => ({
      ...task,
      ...(data === undefined ? {} : { data: shapeOf(data) }),
      ...(contextData === undefined ? {} : { contextData: shapeOf(contextData) }),
    })) as readonly TaskDefinition[],
    ...(rest.metadata === undefined ? {} : { metadata: shapeOf(rest.metadata) }),
    ...(rest.entity === undefined ? {} : { entity: shapeOf(rest.entity) }),
  } as WorkerDefinition;
}

function shapeOf({ schema, 'ui-schema': uiSchema }: HostileShape): object {
  return { schema, ...(uiSchema === undefined ? {} : { uiSchema }) };
}
