import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../../src/base/errors.ts';
import type { JsonObject } from '../../../../src/base/json.ts';
import { editDefinition } from '../../../../src/process/definition/edit-definition.ts';
import { loadDefinition, parseDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import { DefinitionFileSchema } from '../../../../src/process/definition/schema.ts';
import { requireWorkflow, TASK_KINDS } from '../../../../src/process/definition.ts';
import type { DataShape, ProcessDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { anyText as anyUnits } from '../../base/hostile.ts';
import { checkDefinition } from '../../../../src/process/definition/unwritable-definition.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'definition-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function problemsOf(text: string): Promise<readonly string[]> {
  try {
    await parseDefinition(text, 'k.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(KnownError);
    expect((error as KnownError).status).toBe(1);
    return (error as KnownError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const HEAD = 'process: { code: LOAN }\nworkflow: { type: LoanWorkflow, task-queue: LOAN_QUEUE }\n';

describe('parseDefinition', () => {
  it('reads YAML and JSON', async () => {
    const yaml = `${HEAD}tasks:\n  - code: A\n    kind: human\n    data:\n      schema: { type: object, properties: { doc: { type: string, format: kuflow-file, accept: pdf } }, requiredOnUpdate: [doc] }\n      ui-schema: { type: VerticalLayout }\n`;
    const expected = {
      process: { code: 'LOAN' },
      workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
      tasks: [
        {
          code: 'A',
          kind: 'human',
          data: {
            schema: {
              type: 'object',
              properties: { doc: { type: 'string', format: 'kuflow-file', accept: 'pdf' } },
              requiredOnUpdate: ['doc'],
            },
            uiSchema: { type: 'VerticalLayout' },
          },
        },
      ],
    };
    expect(await parseDefinition(yaml, 'k.yaml')).toEqual(expected);
    expect(await parseDefinition(JSON.stringify(parse(yaml), null, '\t'), 'k.json')).toEqual(expected);
    expect((await parseDefinition(HEAD, 'k.yaml')).tasks).toEqual([]);
  });

  it('reads the actions of a process', async () => {
    const text = `${HEAD}tasks: [{ code: TALK, kind: thread }, { code: NOTE, kind: message }, { code: CHECK, kind: system }]
actions:
  - { code: WITHDRAW, name: Withdraw, type: send-workflow-signal, available-to: [initiator], signal: Withdraw, input: { schema: { type: object } } }
  - { code: EXPORT, type: downloadable, description: A file, workflow: { type: ExportWorkflow, task-queue: EXPORTS } }
  - { code: CHECK, type: create-task, task: CHECK }
  - { code: NOTE, type: create-process-item-message, message: NOTE }
  - { code: SAY, type: create-process-item-message }
  - { code: DISCUSS, type: create-process-item-thread, thread: TALK }
  - { code: AGAIN, type: start-related-process, process: LOAN }
`;
    const definition = await parseDefinition(text, 'k.yaml');
    expect(definition.actions).toEqual([
      {
        ...{ code: 'WITHDRAW', name: 'Withdraw', type: 'send-workflow-signal', availableTo: ['initiator'] },
        ...{ signal: 'Withdraw', input: { schema: { type: 'object' } } },
      },
      {
        ...{ code: 'EXPORT', type: 'downloadable', description: 'A file' },
        workflow: { type: 'ExportWorkflow', taskQueue: 'EXPORTS' },
      },
      { code: 'CHECK', type: 'create-task', task: 'CHECK' },
      { code: 'NOTE', type: 'create-process-item-message', message: 'NOTE' },
      { code: 'SAY', type: 'create-process-item-message' },
      { code: 'DISCUSS', type: 'create-process-item-thread', thread: 'TALK' },
      { code: 'AGAIN', type: 'start-related-process', process: 'LOAN' },
    ]);
    expect(await parseDefinition(renderDefinition(definition), 'k.yaml')).toEqual(definition);
    const withoutTalk = { ...definition, tasks: definition.tasks.filter(({ code }) => code !== 'NOTE') };
    const actions = definition.actions?.filter(({ code }) => code !== 'NOTE');
    const edited = await editDefinition(text, 'k.yaml', { ...withoutTalk, ...(actions && { actions }) });
    expect(await parseDefinition(edited, 'k.yaml')).toEqual({ ...withoutTalk, actions });
  });

  it.each([
    ['{ code: A, type: start-workflow }', 'actions[0].workflow is missing, which actions of type start-workflow need'],
    [
      '{ code: A, type: create-task, task: TALK }',
      'actions[0].task must be the code of a task of kind human or system, not "TALK"',
    ],
    [
      '{ code: A, type: create-process-item-thread, thread: NOPE }',
      'actions[0].thread must be the code of a task of kind thread, not "NOPE"',
    ],
    [
      '{ code: A, type: start-related-process, process: B, signal: C }',
      'actions[0].signal is not for actions of type start-related-process',
    ],
    [
      '{ code: A, type: sign }',
      'actions[0].type must be start-workflow, downloadable, send-workflow-signal, create-task, create-process-item-message, create-process-item-thread or start-related-process, not "sign"',
    ],
    [
      '{ code: A, type: create-process-item-message }, { code: A, type: create-process-item-message }',
      'action code "A" is already used by actions[0]',
    ],
    [
      '{ code: A, type: create-process-item-message, available-to: [everybody] }',
      'actions[0].available-to[0] must be initiator or process-manager, not "everybody"',
    ],
    [
      '{ code: A, type: send-workflow-signal, signal: S, input: { schema: { type: strng } } }',
      'actions[0].input.schema.type must be "object", because KuFlow values are objects',
    ],
  ])('refuses the action %s', async (action, problem) => {
    const text = `${HEAD}tasks: [{ code: TALK, kind: thread }]\nactions: [ ${action} ]\n`;
    expect((await problemsOf(text)).map((one) => one.replace(/^k\.yaml:4:\d+ /, ''))).toEqual([problem]);
  });

  it('reads a process with a webhook or without an engine, and refuses a workflow and a webhook', async () => {
    const [process = '', workflow = ''] = HEAD.split('\n');
    const webhook = 'webhook: { url: "http://127.0.0.1:8880/webhooks" }';
    const [none, hooked] = await Promise.all(
      [process, `${process}\n${webhook}`].map((text) => parseDefinition(text, 'k.yaml')),
    );
    expect(none).toEqual({ process: { code: 'LOAN' }, tasks: [] });
    expect(() => requireWorkflow(none as ProcessDefinition)).toThrow('Process LOAN does not have a workflow');
    expect(hooked).toEqual({ ...none, webhook: { url: 'http://127.0.0.1:8880/webhooks' } });
    expect(await parseDefinition(renderDefinition(hooked as ProcessDefinition), 'k.yaml')).toEqual(hooked);
    expect(await problemsOf(`${process}\n${workflow}\n${webhook}`)).toEqual([
      'k.yaml:3:1 webhook cannot be combined with workflow: leave one of them out',
    ]);
    expect(await problemsOf(`${process}\nwebhook: { url: ftp://a }`)).toEqual([
      'k.yaml:2:17 webhook.url must be an http or https URL, not "ftp://a"',
    ]);
    for (const [url, reason] of [
      ['http://[', 'must be an http or https URL, not "http://["'],
      ['https://me:secret@receiver.example/', 'must not contain credentials'],
      ['http://receiver.example/', 'must start with https: because receiver.example is another machine'],
    ])
      expect(await problemsOf(`${process}\nwebhook: { url: "${url}" }`)).toEqual([`k.yaml:2:17 webhook.url ${reason}`]);
    await parseDefinition(`${process}\nwebhook: { url: "https://receiver.example/" }`, 'k.yaml');
    const signal = 'actions: [{ code: A, type: send-workflow-signal, signal: S }]';
    expect(await problemsOf(`${process}\n${webhook}\n${signal}`)).toEqual([
      'k.yaml:3:28 actions[0].type send-workflow-signal needs the workflow of the process',
    ]);
  });

  it('reads whether a process is confidential', async () => {
    const text = (value: string): string => HEAD.replace('code: LOAN', `code: LOAN, confidential: ${value}`);
    expect((await parseDefinition(text('true'), 'k.yaml')).process).toEqual({ code: 'LOAN', confidential: true });
    expect(await problemsOf(text('confidential'))).toEqual([expect.stringContaining('process.confidential must be')]);
  });

  it.each(['', "$schema: 'https://json-schema.org/draft/2020-12/schema', "])(
    'accepts recursive schemas: %s',
    async (dialect) => {
      const schema = `{ schema: { ${dialect}$id: 'http://x/y', type: object, properties: { next: { $ref: '#' } } } }`;
      const text = `${HEAD}metadata: ${schema}\nentity: ${schema}\n`;
      expect(await problemsOf(text)).toEqual([]);
      expect(await problemsOf(text.replaceAll("$id: 'http://x/y', ", ''))).toEqual([]);
    },
  );

  it.each(['^[\\w-.]+$', '^\\_$', '^\\p{Lu}$', '^[😀-😎]$'])(
    'accepts the pattern %s, valid with or without Unicode mode',
    async (pattern) => {
      for (const $schema of ['', "$schema: 'https://json-schema.org/draft/2020-12/schema', "]) {
        const shape = `{ schema: { ${$schema}type: object, properties: { a: { pattern: '${pattern}' } } } }`;
        expect(await problemsOf(`${HEAD}metadata: ${shape}\n`)).toEqual([]);
      }
    },
  );

  it('lists every problem with line, column and reason', async () => {
    const text = `process:
  code: LOAN
  nme: x
  id: 12
  version: abc
workflow:
  type: "  "
  taskQueue: Q
metadata:
  schema:
    type: string
tasks:
  - code: A
    kind: humn
  - code: A
    kind: human
    data:
      schema:
        type: object
        properties:
          a: { type: strng }
        required: a
      ui: 1
  - code:
    kind: [human]
`;
    expect(await problemsOf(text)).toEqual([
      'k.yaml:3:3 unknown key "nme"; did you mean "name"?',
      'k.yaml:4:7 process.id must be text, not a number; put it in quotes',
      'k.yaml:5:12 process.version must be a UUID, not "abc"',
      'k.yaml:6:1 workflow.task-queue is missing',
      'k.yaml:7:9 workflow.type is empty',
      'k.yaml:8:3 unknown key "taskQueue"; did you mean "task-queue"?',
      'k.yaml:11:11 metadata.schema.type must be "object", because KuFlow values are objects',
      'k.yaml:14:11 tasks[0].kind must be human, system, message or thread, not "humn"; did you mean "human"?',
      'k.yaml:15:11 task code "A" is already used by tasks[0]',
      'k.yaml:21:22 tasks[1].data.schema.properties.a.type is not valid JSON Schema: must be one of array, boolean, integer, null, number, object, string',
      'k.yaml:22:19 tasks[1].data.schema.required is not valid JSON Schema: must be array',
      'k.yaml:23:7 unknown key "ui"; expected one of schema, ui-schema',
      'k.yaml:24:10 tasks[2].code must be text, but is empty',
      'k.yaml:25:5 tasks[2].kind must be text, not a list',
    ]);
  });

  it('reads the candidates of a task', async () => {
    const text = `${HEAD}tasks:\n  - code: A\n    kind: human\n    candidates: [RISK, ada@example.com]\n`;
    expect((await parseDefinition(text, 'k.yaml')).tasks[0]?.candidates).toEqual(['RISK', 'ada@example.com']);
  });

  it.each([
    ['candidates: []', 'k.yaml:6:5 tasks[0].candidates is an empty list'],
    ["candidates: [A, '', 2]", 'k.yaml:6:21 tasks[0].candidates[1] is empty'],
    ["candidates: [A, '', 2]", 'k.yaml:6:25 tasks[0].candidates[2] must be text, not a number; put it in quotes'],
    ['candidates: [A, B, A]', 'k.yaml:6:5 tasks[0].candidates lists "A" twice'],
    ['candidates: RISK', 'k.yaml:6:17 tasks[0].candidates must be a list, not text'],
  ])('refuses %s', async (candidates, problem) => {
    expect(await problemsOf(`${HEAD}tasks:\n  - code: A\n    kind: human\n    ${candidates}\n`)).toContain(problem);
  });

  it('refuses candidates of tasks that nobody claims', async () => {
    expect(await problemsOf(`${HEAD}tasks:\n  - code: A\n    kind: system\n    candidates: [RISK]\n`)).toEqual([
      'k.yaml:6:5 tasks[0].candidates is only for tasks of kind human',
    ]);
  });

  it.each([
    ['an empty file', '', '1:1 the file is empty'],
    [
      'a task queue that settings would trim',
      'process: { code: A }\nworkflow: { type: T, task-queue: " Q" }',
      '2:34 workflow.task-queue must not begin or end with whitespace: " Q"',
    ],
    ['a list', '[1]', '1:1 the document must be a map, not a list'],
    [
      'two colons',
      'a: b: c',
      '1:4 invalid YAML: a second colon in the line; if it belongs to the value, put the value in quotes',
    ],
    [
      'an open bracket',
      'a: [\n',
      '2:1 invalid YAML: the indentation does not match the lines above, or a [ or { is not closed',
    ],
    ['a tab', 'a:\n\tb: 1\n', '2:1 invalid YAML: the line is indented with a tab; use spaces'],
    ['an open quote', 'a: "x\n', 'invalid YAML: a closing quote is missing'],
    ['a reserved character', 'a: @x\n', '1:4 invalid YAML: a value that starts with this character must be in quotes'],
    ['two documents', `${HEAD}---\n${HEAD}`, '3:1 invalid YAML: Source contains multiple documents'],
    ['a duplicate key', `${HEAD}process: { code: B }\n`, '3:1 duplicate key'],
    ['an unknown tag', HEAD.replace('LOAN }', '!x LOAN }'), '1:18 invalid YAML: Unresolved tag: !x'],
    ['an alias to nothing', `${HEAD}metadata: *x\n`, 'Unresolved alias'],
    [
      "a value that JSON can't represent",
      `${HEAD}metadata: { schema: { type: object, maximum: .nan } }`,
      '3:46 metadata.schema.maximum is not a number that JSON can represent',
    ],
    [
      'a broken reference',
      `${HEAD}metadata: { schema: { type: object, properties: { a: { $ref: '#/nowhere' } } } }`,
      "can't resolve reference",
    ],
    [
      'a broken pattern',
      `${HEAD}metadata: { schema: { type: object, properties: { a: { pattern: '(' } } } }`,
      'Invalid regular expression',
    ],
    [
      'an unknown dialect',
      `${HEAD}metadata: { schema: { $schema: 'http://x/y' } }`,
      '3:32 metadata.schema.$schema is not a supported',
    ],
    [
      '2020-12 broken',
      `${HEAD}entity: { schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', properties: { a: { type: x } } } }`,
      'entity.schema.properties.a.type is not valid JSON Schema: must be one of',
    ],
    [
      'half a character',
      `${HEAD}metadata: { schema: { type: object, title: "\\ud800" } }`,
      '3:44 metadata.schema.title contains half a character',
    ],
    ['deep nesting', `a: ${'['.repeat(100_000)}`, 'nested too deeply'],
    [
      'deep data',
      `${HEAD}metadata: { schema: ${'{ a: '.repeat(150)}1${' }'.repeat(150)} }`,
      'nested more than 100 levels',
    ],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
      'Excessive alias count',
    ],
    ['10 MB', '#'.repeat(10_000_000), 'larger than 4 MiB'],
  ])('refuses %s', async (_what, text, reason) => {
    expect((await problemsOf(text)).join('\n')).toContain(reason);
  });

  it('prints no control characters of the file', async () => {
    const text = (await problemsOf(`${HEAD}"\\e[31m\\u202e": 1\n`)).join('\n');
    expect(text).toContain('\\u001b[31m\\u{202e}');

    expect(text).not.toMatch(/[\u001b\u202e]/);
  });

  it('lists at most three syntax errors', async () => {
    const rows = await problemsOf('# Title\n\nText\n\n- [a](b): c\n'.repeat(9));
    expect(rows).toHaveLength(4);
    expect(rows.at(-1)).toMatch(/^\(and \d+ more\)$/);
  });

  it('limits the number of problems listed', async () => {
    const rows = await problemsOf(`${HEAD}tasks:\n${'  - x: 1\n'.repeat(500)}`);
    expect(rows).toHaveLength(51);
    expect(rows.at(-1)).toBe('(and 1450 more)');
  });
});

describe('loadDefinition', () => {
  it('names the file that it could not read', async () => {
    await expect(loadDefinition(join(folder, 'none.yaml'))).rejects.toThrow(/Definition file not found: .*none\.yaml/);
    await expect(loadDefinition(folder)).rejects.toThrow(KnownError);
    await writeFile(join(folder, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0xe9]));
    await expect(loadDefinition(join(folder, 'latin.yaml'))).rejects.toThrow('not UTF-8');
    await writeFile(join(folder, 'large.yaml'), '');
    await truncate(join(folder, 'large.yaml'), 3_000_000_000);
    await expect(loadDefinition(join(folder, 'large.yaml'))).rejects.toThrow('larger than 4 MiB');
  });

  it('reads the rendered sample', async () => {
    const path = join(folder, 'kuflow.process.yaml');
    await writeFile(
      path,
      renderDefinition(sampleDefinition(), {
        schemaPath: './kuflow.process.schema.json',
        notes: ['Seen: 3 instances\nof 2026'],
      }),
    );
    expect(await loadDefinition(path)).toEqual(sampleDefinition());
    const text = await readFile(path, 'utf8');
    expect(text.split('\n').slice(0, 4)).toEqual([
      '# yaml-language-server: $schema=./kuflow.process.schema.json',
      '# Seen: 3 instances of 2026',
      '',
      'process:',
    ]);
  });
});

const anyText = anyUnits.filter((text) => !/\p{Cs}/u.test(text));
const json = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  anyText,
  fc.array(anyText, { maxLength: 3 }),
  fc.constant({}),
);
const shape: fc.Arbitrary<DataShape> = fc
  .record(
    {
      schema: fc.record({
        type: fc.constant('object'),
        title: anyText,
        properties: fc.dictionary(
          anyText,
          fc.record({ type: fc.constantFrom('string', 'integer'), title: anyText, default: json }),
        ),
      }),
      uiSchema: fc.dictionary(anyText, json),
    },
    { requiredKeys: ['schema'] },
  )
  .map((made) => made as unknown as DataShape);
const code = anyText.filter((text) => text.trim() !== '');
const definition: fc.Arbitrary<ProcessDefinition> = fc
  .record(
    {
      process: fc.record(
        { code, name: anyText, id: fc.uuid(), version: fc.uuid(), tenant: fc.uuid(), confidential: fc.boolean() },
        { requiredKeys: ['code'] },
      ),
      workflow: fc.record({ type: code, taskQueue: code.map((text) => text.trim()) }),
      metadata: shape,
      entity: shape,
      tasks: fc
        .uniqueArray(
          fc.record(
            {
              code,
              kind: fc.constantFrom(...TASK_KINDS),
              name: anyText,
              description: anyText,
              data: shape,
              contextData: shape,
              candidates: fc.uniqueArray(code, { minLength: 1, maxLength: 3 }),
            },
            { requiredKeys: ['code', 'kind'] },
          ),
          { selector: (task) => task.code, maxLength: 4 },
        )
        .map((tasks) =>
          tasks.map(({ candidates, ...task }) => (task.kind === 'human' ? { ...task, candidates } : task)),
        ),
    },
    { requiredKeys: ['process', 'workflow', 'tasks'] },
  )
  .map((made) => made as ProcessDefinition);

describe('renderDefinition', () => {
  it('renders any definition so that it parses to the same definition', async () => {
    await fc.assert(
      fc.asyncProperty(definition, fc.array(anyText, { maxLength: 2 }), async (made, notes) => {
        const text = renderDefinition(made, { notes, schemaPath: notes[0] ?? 'x' });
        expect(JSON.parse(JSON.stringify(await parseDefinition(text, 'k.yaml')))).toEqual(
          JSON.parse(JSON.stringify(made)),
        );
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 150 },
    );
  });
});

describe('renderDefinition with special texts', () => {
  it.each([' \n', 'a\n \nb', '\n', ' a\nb ', 'a: b # c', '- a', '\t', '---', 'null', '0x1', '\u2028'])(
    'keeps the text %j',
    async (text) => {
      const made = { ...sampleDefinition(), tasks: [{ code: 'A', kind: 'human' as const, description: text }] };
      expect(await parseDefinition(renderDefinition(made), 'k.yaml')).toEqual(made);
    },
  );
});

describe('checkDefinition', () => {
  it('lists every problem of a definition that is not from a file, with what to do', async () => {
    const { tasks, ...sample } = sampleDefinition();
    await expect(checkDefinition({ ...sample, tasks })).resolves.toBeUndefined();
    const wrong: ProcessDefinition = {
      ...sample,
      workflow: { type: ' ', taskQueue: ' Q ' },
      tasks: [
        { code: 'A', kind: 'human' },
        { code: 'A', kind: 'system', data: { schema: { type: 'strng' } } },
      ],
    };
    await expect(checkDefinition(wrong)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The process can't be written to a definition file:\n(?=[^]*workflow\.type is empty)(?=[^]*task-queue must not begin or end with whitespace)(?=[^]*"A" is already used)(?=[^]*type must be "object")/,
      ) as string,
      seen: 'nothing was written',
      next: [expect.stringContaining('--definition <file>') as string],
      status: 1,
    });
  });
});

describe('the published schema', () => {
  it('is up to date, and accepts the sample', async () => {
    const written = JSON.parse(
      await readFile(new URL('../../../../schemas/kuflow.process.schema.json', import.meta.url), 'utf8'),
    ) as JsonObject;
    expect(written, 'run node scripts/write-schemas.mjs').toMatchObject(
      JSON.parse(JSON.stringify(DefinitionFileSchema)),
    );
    const valid = new Ajv({ strict: false }).compile(written);
    expect(valid(parse(renderDefinition(sampleDefinition())))).toBe(true);
    expect(valid({ ...(parse(HEAD) as object), tasks: [{ code: 'A', kind: 'x' }] })).toBe(false);
  });
});
