import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import type { JsonObject } from '../../../src/base/json.ts';
import type { WorkerDefinition } from '../../../src/process/definition.ts';
import { listFiles } from '../../../src/languages/templates/files.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { renderProject } from '../../../src/project/render.ts';
import { ordinaryDefinition } from '../../support/ordinary-definitions.ts';

type Files = ReadonlyMap<string, string>;
type LanguageId = keyof typeof SPECS;

const SPECS = {
  typescript: { language: 'typescript', packageManager: 'npm' },
  java: { language: 'java', packageManager: 'maven', packageName: 'com.acme.worker', slug: 'order' },
  python: { language: 'python', packageManager: 'uv', packageName: 'acme_worker', slug: 'order' },
} as const;
const LANGUAGES = ['typescript', 'java', 'python'] as const;

const object = (properties: JsonObject, ...required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** Every kind of task, and every kind of data that forms have. */
const RICH: WorkerDefinition = {
  process: { code: 'ORDER_HANDLING', name: 'Order handling' },
  workflow: { type: 'OrderHandlingWorkflow', taskQueue: 'ORDERS' },
  metadata: {
    schema: object({ CUSTOMER_ID: { type: 'string' }, priority: { type: 'string', enum: ['LOW', 'not urgent'] } }),
  },
  tasks: [
    {
      code: 'ENTER_ORDER',
      kind: 'human',
      data: {
        schema: object(
          {
            CUSTOMER_NAME: { type: 'string' },
            'first-name': { type: 'string' },
            class: { type: 'string' },
            __proto: { type: 'string' },
            'line items': {
              type: 'array',
              items: object(
                { sku: { type: 'string' }, quantity: { type: 'integer' }, price: { type: ['number', 'null'] } },
                'sku',
                'price',
              ),
            },
            shipping: object(
              { street: { type: 'string' }, geo: object({ lat: { type: 'number' }, lon: { type: 'number' } }, 'lat') },
              'street',
            ),
            channel: { type: 'string', enum: ['WEB', 'PHONE'] },
            invoice: { type: 'string', format: 'kuflow-file' },
            photos: { type: 'array', items: { type: 'string', format: 'kuflow-file' } },
            manager: { type: 'string', format: 'kuflow-principal' },
            day: { type: 'string', format: 'date' },
            note: { type: ['string', 'null'] },
            tags: { type: 'object', additionalProperties: { type: 'string' } },
          },
          'CUSTOMER_NAME',
          'line items',
          'note',
        ),
      },
    },
    {
      code: 'CHECK_STOCK_2',
      kind: 'system',
      data: { schema: object({ available: { type: 'boolean' }, days: { type: 'integer' } }, 'available') },
    },
    { code: '2ND_APPROVAL', kind: 'human' },
    { code: 'camelCaseCode', kind: 'system' },
    { code: 'RESULT-OF-ORDER', kind: 'message', data: { schema: object({ total: { type: 'number' } }) } },
    { code: 'ORDER_DISCUSSION', kind: 'thread' },
  ],
};

/** The sources of the library of a language, which its projects contain as an archive. */
function libraryTexts(language: LanguageId): readonly (readonly [string, string])[] {
  const source = { typescript: 'src', java: 'src/main/java', python: 'src' }[language];
  const folder = join(ROOT, 'libraries', language, source);
  return listFiles(folder).map((path) => [path, readFileSync(join(folder, path), 'utf8')]);
}

async function render(language: LanguageId, definition: WorkerDefinition): Promise<Files> {
  const files = await renderProject({
    ...SPECS[language],
    name: 'worker',
    processes: [{ definition, source: 'sample' }],
    local: true,
    cliPackage: '1.0.0',
  });
  const texts = files.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')] as const);
  return new Map([...texts, ...libraryTexts(language)]);
}

/** The text of the only file whose path ends like this. */
function textOf(files: Files, end: string): string {
  const [found, ...others] = [...files].filter(([path]) => `/${path}`.endsWith(`/${end}`));
  if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} files end with ${end}`);
  return found[1];
}

/* Tasks */

const TASKS: Readonly<Record<LanguageId, readonly [file: string, declaration: RegExp]>> = {
  typescript: ['src/process/tasks.ts', /^ {2}(?<name>\w+): (?<kind>\w+)(?:<[^(]*)?\(\s*'(?<code>[^']*)'/gm],
  java: [
    'order/OrderTasks.java',
    /public static final \w+(?:<[^=]*>)?\s+(?<name>\w+) =\s+(?:new )?(?<kind>\w+)Task(?:<>|\.untyped)?\(\s*"(?<code>[^"]*)"/g,
  ],
  python: ['order/tasks.py', /^(?<name>\w+) = (?<kind>\w+)Task(?:\[[^(]*\])?\(\s*"(?<code>[^"]*)"/gm],
};

/** Code, kind and name of each task. Names differ only in what separates their words. */
function tasksOf(language: LanguageId, files: Files): readonly string[] {
  const [file, declaration] = TASKS[language];
  return [...textOf(files, file).matchAll(declaration)].map(({ groups = {} }) =>
    [groups['code'], groups['kind']?.toLowerCase(), groups['name']?.replaceAll('_', '').toLowerCase()].join(' '),
  );
}

/* Fields of the data */

interface Field {
  readonly key: string;
  /** Whether it is always there, and never null. */
  readonly isRequired: boolean;
  readonly isList: boolean;
  readonly values?: readonly string[];
  readonly fields?: readonly Field[];
}

type Types = ReadonlyMap<string, readonly Field[]>;

/** One line for each field, at any depth, with the key that it has on the wire. */
function linesOf(fields: readonly Field[], path: string): readonly string[] {
  return fields.flatMap(({ key, isRequired, isList, values, fields: own = [] }) => {
    const name = `${path}.${key}${isList ? '[]' : ''}`;
    const allowed = values === undefined ? '' : `: ${values.join(', ')}`;
    return [`${name}${isRequired ? '' : '?'}${allowed}`, ...linesOf(own, name)];
  });
}

function fieldsOf(language: LanguageId, files: Files): readonly string[] {
  const parse = { typescript: typescriptTypes, java: javaTypes, python: pythonTypes }[language];
  return [...parse(files)].flatMap(([name, fields]) => linesOf(fields, name)).sort();
}

function typescriptTypes(files: Files): Types {
  const file = ts.createSourceFile('', textOf(files, 'src/process/types.ts'), ts.ScriptTarget.Latest);
  return new Map(
    file.statements.filter(ts.isInterfaceDeclaration).map(({ name, members }) => [name.text, members.map(fieldIn)]),
  );
}

function fieldIn(member: ts.TypeElement): Field {
  if (!ts.isPropertySignature(member) || member.type === undefined) throw new Error('A member is not a field');
  const parts = ts.isUnionTypeNode(member.type) ? member.type.types : [member.type];
  const literals = parts.flatMap((one) => (ts.isLiteralTypeNode(one) ? [one.literal] : []));
  const values = literals.flatMap((one) => (ts.isStringLiteral(one) ? one.text : []));
  const isNullable = literals.some(({ kind }) => kind === ts.SyntaxKind.NullKeyword);
  const [type] = parts;
  const list = type !== undefined && ts.isArrayTypeNode(type) ? type : undefined;
  const element = list?.elementType ?? type;
  return {
    key: (member.name as ts.Identifier | ts.StringLiteral).text,
    isRequired: member.questionToken === undefined && !isNullable,
    isList: list !== undefined,
    ...(values.length === 0 ? {} : { values }),
    ...(element !== undefined && ts.isTypeLiteralNode(element) ? { fields: element.members.map(fieldIn) } : {}),
  };
}

function javaTypes(files: Files): Types {
  const text = textOf(files, 'order/OrderTypes.java');
  const enums = new Map(
    [...text.matchAll(/^ +public enum (\w+) \{\n(.*?);\n/gms)].map(([, name = '', constants = '']) => [
      name,
      [...constants.matchAll(/\w+\("(.*)"\)/g)].map(([, value = '']) => value).filter((one) => one !== 'UNRECOGNIZED'),
    ]),
  );
  const records = new Map(
    [...text.matchAll(/^( +)public record (\w+)\(\n(.*?)\) \{\n/gms)].map(([, indent = '', name = '', fields = '']) => [
      name,
      { isTop: indent.length === 4, fields: [...fields.matchAll(/@JsonProperty\("(.*)"\) (@Nullable )?(.+) \w+,$/gm)] },
    ]),
  );
  const fieldsIn = (record: string): readonly Field[] =>
    (records.get(record)?.fields ?? []).map(([, key = '', nullable, type = '']) => {
      const [, element = type] = /^List<(.*)>$/.exec(type) ?? [];
      return {
        key,
        isRequired: nullable === undefined,
        isList: element !== type,
        ...(enums.has(element) ? { values: enums.get(element) ?? [] } : {}),
        ...(records.has(element) ? { fields: fieldsIn(element) } : {}),
      };
    });
  return new Map([...records].filter(([, { isTop }]) => isTop).map(([name]) => [name, fieldsIn(name)]));
}

function pythonTypes(files: Files): Types {
  const text = textOf(files, 'order/types.py');
  const dictionaries = new Map(
    [
      ...text.matchAll(/^class (\w+)\(TypedDict\):\n((?: {4}.*\n)+)/gm),
      ...text.matchAll(/^(\w+) = TypedDict\(\n {4}"\w+",\n {4}\{\n((?: {8}.*\n)+) {4}\},\n\)/gm),
    ].map(([, name = '', fields = '']) => [name, [...fields.matchAll(/^ +(?:(\w+)|"(.*)"): (.*?),?$/gm)]]),
  );
  const used = new Set<string>();
  const fieldsIn = (dictionary: string): readonly Field[] =>
    (dictionaries.get(dictionary) ?? []).map(([, name, quoted = '', type = '']) => {
      const [, present = type] = /^NotRequired\[(.*)\]$/.exec(type) ?? [];
      const withoutNull = present.replace(/ \| None$/, '');
      const [, element = withoutNull] = /^list\[(.*)\]$/.exec(withoutNull) ?? [];
      const [, literals] = /^Literal\[(.*)\]$/.exec(element) ?? [];
      if (dictionaries.has(element)) used.add(element);
      return {
        key: name ?? quoted,
        isRequired: withoutNull === type,
        isList: element !== withoutNull,
        ...(literals === undefined ? {} : { values: JSON.parse(`[${literals}]`) as readonly string[] }),
        ...(dictionaries.has(element) ? { fields: fieldsIn(element) } : {}),
      };
    });
  const types = [...dictionaries.keys()].map((name) => [name, fieldsIn(name)] as const);
  return new Map(types.filter(([name]) => !used.has(name)));
}

/* Durations */

/** A file, and texts that follow each other in it before the durations, which are added. */
type Place = readonly [file: string, ...texts: readonly string[]];

const PLACES: Readonly<Record<string, Readonly<Record<LanguageId, Place>>>> = {
  ...optionsOf('activities', 'const OPTIONS', 'ActivityOptions OPTIONS', 'ACTIVITY_OPTIONS =', {
    startToClose: 'start_to_close_timeout',
    scheduleToClose: 'schedule_to_close_timeout',
    initialInterval: 'initial_interval',
    maximumInterval: 'maximum_interval',
  }),
  ...optionsOf('transfers of documents', 'const TRANSFER', 'ActivityOptions TRANSFER', 'TRANSFER =', {
    startToClose: 'start_to_close_timeout',
    heartbeat: 'heartbeat_timeout',
  }),
  ...optionsOf('calls that are not essential', 'const briefActivities', 'ActivityOptions BRIEF', 'BRIEF =', {
    startToClose: 'start_to_close_timeout',
    scheduleToClose: 'schedule_to_close_timeout',
  }),
  ...optionsOf('local activities', 'localWorkerActivities', 'LocalActivityOptions LOCAL', 'execute_local_activity', {
    startToClose: 'start_to_close_timeout',
  }),
  'the deadline of the sample process': {
    typescript: ['src/workflows.ts', 'deadline: '],
    java: ['OrderWorkflowImpl.java', 'options.deadline('],
    python: ['order/workflow.py', ' deadline='],
  },
  'the first reread of a task': {
    typescript: ['kuflow-process.ts', 'rereadAfter = '],
    java: ['KuFlowProcess.java', 'REREAD_AFTER = '],
    python: ['kuflow_process.py', 'reread_after: timedelta = '],
  },
  'the pause between later rereads': {
    typescript: ['kuflow-process.ts', 'MAX_REREAD_INTERVAL = '],
    java: ['KuFlowProcess.java', 'MAX_REREAD_INTERVAL = '],
    python: ['kuflow_process.py', 'MAX_REREAD_INTERVAL = '],
  },
  'the reread after a signal': {
    typescript: ['kuflow-process.ts', 'isChanged ? Math.min(wait, '],
    java: ['KuFlowProcess.java', 'AFTER_SIGNAL = '],
    python: ['kuflow_process.py', 'SOON = '],
  },
  'the grace of a shutdown': {
    typescript: ['internal/worker-runtime.ts', 'shutdownGraceTime: ', ' : '],
    java: ['EngineLifecycle.java', 'factory.shutdown();', ' : '],
    python: ['_internal/worker_runtime.py', 'grace, self._force_after = ', 'else ('],
  },
  'the limit of a shutdown': {
    typescript: ['internal/worker-runtime.ts', 'shutdownForceTime: ', ' : '],
    // The second limit begins when the first one ends.
    java: ['EngineLifecycle.java', 'factory.shutdown();', ' : ', '+', 'factory.shutdownNow();', ' : '],
    python: ['_internal/worker_runtime.py', 'grace, self._force_after = ', 'else (', ', '],
  },
  'the grace of a shutdown in development': {
    typescript: ['internal/worker-runtime.ts', 'shutdownGraceTime: ', '? '],
    java: ['EngineLifecycle.java', 'factory.shutdown();', '? '],
    python: ['_internal/worker_runtime.py', 'grace, self._force_after = ('],
  },
  'the limit of a shutdown in development': {
    typescript: ['internal/worker-runtime.ts', 'shutdownForceTime: ', '? '],
    java: ['EngineLifecycle.java', 'factory.shutdown();', '? ', '+', 'factory.shutdownNow();', '? '],
    python: ['_internal/worker_runtime.py', 'grace, self._force_after = (', ', '],
  },
  'the interval of the watch of the engine': {
    typescript: ['engine-watch.ts', 'const INTERVAL = '],
    java: ['EngineWatch.java', ' INTERVAL = '],
    python: ['engine_watch.py', '\nINTERVAL = '],
  },
  'how long the engine may be silent': {
    typescript: ['engine-watch.ts', 'MAX_SILENCE = '],
    java: ['EngineWatch.java', 'MAX_SILENCE = '],
    python: ['engine_watch.py', 'MAX_SILENCE = '],
  },
  'the deadline of the question to the engine': {
    typescript: ['worker-runtime.ts', 'ENGINE_DEADLINE = '],
    java: ['EngineLifecycle.java', 'ENGINE_DEADLINE = '],
    python: ['worker_runtime.py', 'ENGINE_DEADLINE = '],
  },
  'how long a token may have been expired': {
    typescript: ['worker-runtime.ts', 'EXPIRY_GRACE = '],
    java: ['EngineLifecycle.java', 'EXPIRY_GRACE = '],
    python: ['worker_runtime.py', 'EXPIRY_GRACE = '],
  },
  'the assumed lifetime of a token': {
    typescript: ['engine-token.ts', 'FALLBACK_LIFE = '],
    java: ['EngineToken.java', 'FALLBACK_LIFE = '],
    python: ['_internal/engine_token.py', 'FALLBACK_LIFE = '],
  },
  'the longest lifetime of a token': {
    typescript: ['engine-token.ts', 'MAX_LIFE = '],
    java: ['EngineToken.java', 'MAX_LIFE = '],
    python: ['_internal/engine_token.py', 'MAX_LIFE = '],
  },
  'the first renewal of a token': {
    typescript: ['engine-token.ts', 'receivedAt + Math.max('],
    java: ['EngineToken.java', 'MIN_RENEWAL = '],
    python: ['_internal/engine_token.py', 'received_at + max('],
  },
  'the last renewal of a token': {
    typescript: ['engine-token.ts', 'receivedAt + Math.max(', '/ 10, '],
    java: ['EngineToken.java', 'MAX_RENEWAL = '],
    python: ['_internal/engine_token.py', 'received_at + max(', '/ 10, '],
  },
  'the interval of the clock': {
    typescript: ['engine-token.ts', 'CLOCK_CHECK_INTERVAL = '],
    java: ['TokenRenewer.java', 'CLOCK_CHECK_INTERVAL = '],
    python: ['_internal/engine_token.py', 'CLOCK_CHECK_INTERVAL = '],
  },
  'the interval of the watch of the certificate': {
    typescript: ['engine-certificate.ts', 'CHECK_INTERVAL = '],
    java: ['CertificateWatch.java', 'CHECK_INTERVAL = '],
    python: ['_internal/engine_certificate.py', 'CHECK_INTERVAL = '],
  },
  'the time limit of an authentication': {
    typescript: ['authentication.ts', 'AbortSignal.timeout('],
    java: ['Authentication.java', 'TIMEOUT = '],
    python: ['authentication.py', 'TIMEOUT = '],
  },
  'the time limit of a connection to the engine': {
    typescript: ['internal/connection.ts', 'CONNECT_TIMEOUT = '],
    java: ['EngineConnection.java', 'CONNECT_TIMEOUT = '],
    python: ['_internal/connection.py', 'CONNECT_TIMEOUT = '],
  },
  'the time limit of a connection for REST': {
    typescript: ['rest-client.ts', 'connectTimeout: '],
    java: ['internal/RestClient.java', 'CONNECT_TIMEOUT = '],
    python: ['rest_client.py', 'TIMEOUT = httpx.Timeout(', 'connect='],
  },
  'the time limit of a response': {
    typescript: ['rest-client.ts', 'headersTimeout: '],
    java: ['internal/RestClient.java', 'RESPONSE_TIMEOUT = '],
    python: ['rest_client.py', 'TIMEOUT = httpx.Timeout('],
  },
  'the longest pause within an attempt': {
    typescript: ['rest-client.ts', 'MAX_RETRY_DELAY = '],
    java: ['internal/RestClient.java', 'MAX_RETRY_DELAY = '],
    python: ['rest_client.py', 'MAX_RETRY_DELAY = '],
  },
  'the time limit of REST in --check': {
    typescript: ['internal/check.ts', 'AbortSignal.timeout('],
    java: ['internal/Check.java', 'REST_TIMEOUT = '],
    python: ['_internal/check.py', 'REST_TIMEOUT = '],
  },
  'the time limit of the namespace in --check': {
    typescript: ['internal/check.ts', 'identity.namespace, '],
    java: ['internal/Check.java', 'NAMESPACE_TIMEOUT = '],
    python: ['_internal/check.py', 'NAMESPACE_DEADLINE = '],
  },
  'how long a failure is remembered': {
    typescript: ['log-repeats.ts', 'MEMORY = '],
    java: ['LogRepeats.java', 'MEMORY = '],
    python: ['log_repeats.py', 'MEMORY = '],
  },
  'the pause between entries in the log of a task': {
    typescript: ['internal/task-failures.ts', 'HOUR = '],
    java: ['internal/TaskFailures.java', 'HOUR = '],
    python: ['_internal/task_failures.py', 'HOUR = '],
  },
  'how long a task counts as failing': {
    typescript: ['internal/task-failures.ts', 'FAILING_FOR = '],
    java: ['internal/TaskFailures.java', 'FAILING_FOR = '],
    python: ['_internal/task_failures.py', 'FAILING_FOR = '],
  },
};

/** The places of activity options, by the name that they have in Python and by the start of their name in the other languages. */
function optionsOf(
  title: string,
  typescript: string,
  java: string,
  python: string,
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, Readonly<Record<LanguageId, Place>>>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, snake]) => {
      const camel = snake.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      const setter = `.set${camel.charAt(0).toUpperCase()}${camel.slice(1)}(`;
      return [
        `${title}: ${name}`,
        {
          typescript: ['workflow/kuflow-activities.ts', typescript, `${camel}: `],
          java: ['ActivityStubs.java', java, setter],
          python: ['workflow/kuflow_activities.py', python, `${snake}=`],
        },
      ];
    }),
  );
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['second', 1],
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
]);
const EXPRESSIONS: Readonly<Record<LanguageId, RegExp>> = {
  typescript: /^(?:'(?<count>\d+) (?<unit>\w+?)s?'|(?<product>[\w.]+(?: \* [\w.]+)*))/,
  java: /^(?:Duration\.of(?<unit>[A-Z]\w+?)s\((?<count>[\d_]+)\)|(?<product>[\d_]+))/,
  python: /^(?:timedelta\((?<unit>\w+?)s=(?<count>[\d_.]+)\)|(?<product>[\d_.]+(?: \* [\d_.]+)*))/,
};

/** The seconds of a duration that is written as in its language: '1 minute', `Duration.ofMinutes(1)` or `timedelta(minutes=1)`. */
function secondsAt(language: LanguageId, text: string, index: number): number {
  const { groups } = EXPRESSIONS[language].exec(text.slice(index).trimStart()) ?? {};
  if (groups === undefined) throw new Error(`not a duration: ${text.slice(index, index + 40)}`);
  const { count, unit = '', product = '' } = groups;
  if (count !== undefined) {
    const seconds = UNITS.get(unit.toLowerCase());
    if (seconds === undefined) throw new Error(`not a unit: ${unit}`);
    return numberOf(count) * seconds;
  }
  const value = product.split(' * ').reduce((all, factor) => {
    if (/^\d/.test(factor)) return all * numberOf(factor);
    const declaration = `const ${factor} = `;
    // Milliseconds, as in a number.
    return all * secondsAt(language, text, indexAfter(text, [declaration])) * 1_000;
  }, 1);
  return language === 'typescript' ? value / 1_000 : value;
}

const numberOf = (text: string): number => Number(text.replaceAll('_', ''));

function indexAfter(text: string, texts: readonly string[]): number {
  return texts.reduce((from, one) => {
    const index = text.indexOf(one, from);
    if (index === -1) throw new Error(`there is no "${one}" after ${from}`);
    return index + one.length;
  }, 0);
}

function durationsOf(language: LanguageId, files: Files): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(PLACES).map(([title, places]) => {
      const [file, ...texts] = places[language];
      const text = textOf(files, file);
      const ends = texts.flatMap((one, index) => (one === '+' ? [index] : []));
      const sum = [...ends, texts.length].map((end) => {
        const before = texts.slice(0, end).filter((one) => one !== '+');
        try {
          return secondsAt(language, text, indexAfter(text, before));
        } catch (error) {
          throw new Error(`${title} in ${file}`, { cause: error });
        }
      });
      return [title, sum.reduce((all, one) => all + one, 0)];
    }),
  );
}

describe('workers of the same definition in TypeScript, Java and Python', () => {
  let rich: Record<LanguageId, Files>;
  let sample: Record<LanguageId, Files>;

  beforeAll(async () => {
    const inEvery = async (definition: WorkerDefinition): Promise<Record<LanguageId, Files>> =>
      Object.fromEntries(
        await Promise.all(LANGUAGES.map(async (language) => [language, await render(language, definition)] as const)),
      ) as Record<LanguageId, Files>;
    rich = await inEvery(RICH);
    sample = await inEvery(sampleDefinition());
  });

  it('have the same tasks', () => {
    const expected = [
      'ENTER_ORDER human enterorder',
      'CHECK_STOCK_2 system checkstock2',
      '2ND_APPROVAL human task2ndapproval',
      'camelCaseCode system camelcasecode',
      'RESULT-OF-ORDER message resultoforder',
      'ORDER_DISCUSSION thread orderdiscussion',
    ];
    for (const language of LANGUAGES) expect(tasksOf(language, rich[language]), language).toEqual(expected);
  });

  it('have the same tasks for any ordinary definition whose codes can be names', async () => {
    // Long names are cut where they are too long for their language, `final` is a keyword of Java, and Java and Python projects have a type
    // `Document`.
    const usable = ordinaryDefinition.map((definition) => ({
      ...definition,
      tasks: definition.tasks.filter(({ code }) => code.length <= 40 && !['FINAL', 'DOCUMENT'].includes(code)),
    }));
    await fc.assert(
      fc.asyncProperty(usable, async (definition) => {
        const [one, ...others] = await Promise.all(
          LANGUAGES.map(async (language) => tasksOf(language, await render(language, definition))),
        );
        expect(one).toHaveLength(definition.tasks.length);
        for (const other of others) expect(other).toEqual(one);
      }),
      { numRuns: 15 },
    );
  });

  it('have the same fields in the data of their tasks', () => {
    const expected = fieldsOf('typescript', rich.typescript);
    expect(expected).toEqual(
      expect.arrayContaining([
        'CheckStock2Data.available',
        'EnterOrderData.line items[].price?',
        'EnterOrderData.shipping?',
        'EnterOrderData.shipping.geo.lon?',
        'Metadata.priority?: LOW, not urgent',
      ]),
    );
    expect(expected).toHaveLength(25);
    expect(fieldsOf('java', rich.java)).toEqual(expected);
    expect(fieldsOf('python', rich.python)).toEqual(expected);
  });

  it('have the same timeouts, intervals and limits', () => {
    const expected = durationsOf('typescript', sample.typescript);
    expect(expected).toMatchObject({
      'activities: startToClose': 60,
      'activities: scheduleToClose': 31_536_000,
      'activities: maximumInterval': 300,
      'transfers of documents: startToClose': 600,
      'transfers of documents: heartbeat': 60,
      'the deadline of the sample process': 259_200,
      'the first reread of a task': 3_600,
      'the grace of a shutdown': 30,
      'the limit of a shutdown': 45,
    });
    expect(durationsOf('java', sample.java)).toEqual(expected);
    expect(durationsOf('python', sample.python)).toEqual(expected);
  });

  it.each([
    ['typescript', "'1 minute'", "'2 minutes'"],
    ['java', 'Duration.ofMinutes(1)', 'Duration.ofMinutes(2)'],
    ['python', 'timedelta(minutes=1)', 'timedelta(minutes=2)'],
  ] as const)('differ if a timeout of the %s worker changes', (language, from, to) => {
    const changed = new Map(
      [...sample[language]].map(([path, text]) => [
        path,
        /activities\.(?:ts|py)$|ActivityStubs/i.test(path) ? text.replace(from, to) : text,
      ]),
    );
    const durations = durationsOf(language, sample[language]);
    expect(durationsOf(language, changed)).toEqual({ ...durations, 'activities: startToClose': 120 });
  });
});
