import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../../src/base/json.ts';
import { editDefinition } from '../../../../src/process/definition/edit-definition.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import { requireWorkflow, type ProcessDefinition, type TaskDefinition } from '../../../../src/process/definition.ts';
import { arbitrarySchema } from '../../../support/arbitrary-schema.ts';

const FILE = `# mine
process:   { code: LOAN,   name: 'Loan' }   # spaces stay
workflow:
  type:       "LoanWorkflow"
  task-queue: Q   # the queue

metadata:
  schema:
    type: object
    properties:
      # what it costs
      AMOUNT:   { type: number }  # in euros
      NAME:
        type: string   # a text
        title: "Name"
    required: [AMOUNT, NAME]

tasks:
  # the first
  - code: A    # trailing
    kind: human   # people
    description: |
      Two

      lines


  # the second
  - code: "B"
    kind: "system"

  # the third
  - code: C
    kind: human
    data:
      schema:
        type: object
        properties:
          X: { type: string }
        required:
          - X
          - Y   # always

# about the end
`;

type ObjectSchema = { readonly properties: JsonObject; readonly [key: string]: Json };
type Edit = (definition: ProcessDefinition) => ProcessDefinition;

const task =
  (code: string, change: (task: TaskDefinition) => TaskDefinition): Edit =>
  (definition) => ({ ...definition, tasks: definition.tasks.map((one) => (one.code === code ? change(one) : one)) });
const without =
  (...codes: readonly string[]): Edit =>
  (definition) => ({ ...definition, tasks: definition.tasks.filter(({ code }) => !codes.includes(code)) });
const withSchema =
  (change: (schema: ObjectSchema) => JsonObject): Edit =>
  (definition) => ({
    ...definition,
    metadata: { schema: change(definition.metadata?.schema as ObjectSchema) },
  });
const inData = (change: (schema: ObjectSchema) => JsonObject): Edit =>
  task('C', (one) => ({ ...one, data: { schema: change(one.data?.schema as ObjectSchema) } }));

/** The lines that an edit removes and adds, in the form of a diff. */
async function diffOf(file: string, edit: Edit): Promise<readonly string[]> {
  const next = edit(await parseDefinition(file, 'f'));
  const edited = await editDefinition(file, 'f', next);
  expect(await parseDefinition(edited, 'f')).toEqual(next);
  const [before, after] = [file.split('\n'), edited.split('\n')];
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [
    ...before.slice(start, before.length - end).map((line) => `-${line}`),
    ...after.slice(start, after.length - end).map((line) => `+${line}`),
  ];
}

describe('editDefinition', () => {
  it.each<[string, Edit, readonly string[]]>([
    ['nothing', (one) => one, []],
    [
      'a kind, with its comment',
      task('A', (one) => ({ ...one, kind: 'system' })),
      ['-    kind: human   # people', '+    kind: system # people'],
    ],
    [
      'a kind in quotes',
      task('B', (one) => ({ ...one, kind: 'human' })),
      ['-    kind: "system"', '+    kind: "human"'],
    ],
    [
      'the task queue',
      (one) => ({ ...one, workflow: { ...requireWorkflow(one).workflow, taskQueue: 'R' } }),
      ['-  task-queue: Q   # the queue', '+  task-queue: R # the queue'],
    ],
    [
      'a value in braces',
      (one) => ({ ...one, process: { ...one.process, version: '00000000-0000-4000-8000-000000000001' } }),
      [
        "-process:   { code: LOAN,   name: 'Loan' }   # spaces stay",
        "+process: { code: LOAN, name: 'Loan', version: 00000000-0000-4000-8000-000000000001 } # spaces stay",
      ],
    ],
    [
      'the first task',
      without('A'),
      [
        '-  - code: A    # trailing',
        '-    kind: human   # people',
        '-    description: |',
        '-      Two',
        '-',
        '-      lines',
        '-',
      ],
    ],
    ['a task in the middle', without('B'), ['-  - code: "B"', '-    kind: "system"', '-']],
    [
      'the type of a field',
      withSchema(({ properties, ...rest }) => ({
        ...rest,
        properties: { ...properties, NAME: { type: 'integer', title: 'Name' } },
      })),
      ['-        type: string   # a text', '+        type: integer # a text'],
    ],
    [
      'a type to several types, with its comment',
      withSchema(({ properties, ...rest }) => ({
        ...rest,
        properties: { ...properties, NAME: { type: ['string', 'null'], title: 'Name' } },
      })),
      ['-        type: string   # a text', '+        type: [ string, "null" ] # a text'],
    ],
    [
      'a new field',
      withSchema(({ properties, ...rest }) => ({
        ...rest,
        properties: { ...properties, NEW: { type: 'array', items: { type: 'string' } } },
      })),
      ['+      NEW:', '+        type: array', '+        items:', '+          type: string'],
    ],
    [
      'a removed field',
      withSchema(({ properties: { AMOUNT = {} }, ...rest }) => ({
        ...rest,
        properties: { AMOUNT },
        required: ['AMOUNT'],
      })),
      [
        '-      NAME:',
        '-        type: string   # a text',
        '-        title: "Name"',
        '-    required: [AMOUNT, NAME]',
        '+    required: [ AMOUNT ]',
      ],
    ],
    ['a required field in a list', inData((schema) => ({ ...schema, required: ['Y'] })), ['-          - X']],
    ['a new required field', inData((schema) => ({ ...schema, required: ['X', 'Y', 'Z'] })), ['+          - Z']],
    [
      'a schema of a task that did not have one',
      task('B', (one) => ({ ...one, data: { schema: { type: 'object' } } })),
      ['+    data:', '+      schema:', '+        type: object'],
    ],
  ])('changes %s and keeps all other lines', async (_, edit, expected) => {
    expect(await diffOf(FILE, edit)).toEqual(expected);
    const windows = FILE.replaceAll('\n', '\r\n');
    expect((await diffOf(windows, edit)).map((line) => line.replace(/\r$/, ''))).toEqual(expected);
  });

  it('changes several tasks at once, and inserts new ones where they belong', async () => {
    const edit: Edit = (definition) => {
      const { tasks } = task('C', (one) => ({ ...one, kind: 'system' }))(without('A')(definition));
      return { ...definition, tasks: [{ code: 'FIRST', kind: 'thread' }, ...tasks, { code: 'LAST', kind: 'message' }] };
    };
    const next = edit(await parseDefinition(FILE, 'f'));
    const edited = await editDefinition(FILE, 'f', next);
    expect(await parseDefinition(edited, 'f')).toEqual(next);
    for (const comment of FILE.match(/#.*/g) ?? [])
      if (!/trailing|people/.test(comment)) expect(edited).toContain(comment);
  });

  it('keeps a comment with the first task if another one is inserted before it', async () => {
    const edit: Edit = (one) => ({ ...one, tasks: [{ code: 'NEW', kind: 'human' }, ...one.tasks] });
    expect(await diffOf(FILE, edit)).toEqual(['+  - code: NEW', '+    kind: human', '+']);
    const edited = await editDefinition(FILE, 'f', edit(await parseDefinition(FILE, 'f')));
    expect(edited).toContain('tasks:\n  - code: NEW\n    kind: human\n\n  # the first\n  - code: A');
  });

  it('keeps all comments if tasks are removed', async () => {
    for (const edit of [without('A'), without('C'), without('A', 'B', 'C')]) {
      const next = edit(await parseDefinition(FILE, 'f'));
      const edited = await editDefinition(FILE, 'f', next);
      expect(await parseDefinition(edited, 'f')).toEqual(next);
      for (const comment of FILE.match(/^ *#.*/gm) ?? []) expect(edited).toContain(comment.trim());
    }
  });

  it.each([
    ['two spaces', (value: object) => `${JSON.stringify(value, undefined, 2)}\n`],
    ['tabs', (value: object) => JSON.stringify(value, undefined, '\t')],
    ['one line', (value: object) => JSON.stringify(value)],
  ])('edits a JSON file with %s', async (_, write) => {
    const value = (kind: string, more: object, ...others: readonly object[]): object => ({
      process: { code: 'LOAN' },
      workflow: { type: 'W', 'task-queue': 'Q' },
      tasks: [
        { code: 'A', kind, data: { schema: { type: 'object', properties: { X: { type: 'string' }, ...more } } } },
        ...others,
      ],
    });
    const file = write(value('human', {}, { code: 'B', kind: 'human' }));
    const expected = write(value('system', { Y: { type: 'number' } }));
    const next = await parseDefinition(expected, 'f');
    expect(await editDefinition(file, 'f', next)).toBe(expected);
  });

  it('refuses a file that it cannot change safely', async () => {
    const file = `process: { code: LOAN }
workflow: { type: W, task-queue: Q }
tasks:
- &a
  code: A
  kind: human
  data: &data { schema: { type: object } }
- code: B
  kind: human
  data: *data
`;
    const definition = await parseDefinition(file, 'f');
    const next = task('A', (one) => ({ ...one, data: { schema: { type: 'object', title: 'x' } } }))(definition);
    const atAlias = task('B', (one) => ({ ...one, data: { schema: { type: 'object', title: 'x' } } }));
    for (const refused of [next, atAlias(definition), atAlias(next), without('A')(definition)])
      await expect(editDefinition(file, 'f', refused)).rejects.toThrow("f can't be changed automatically");
    expect(await editDefinition(file, 'f', task('B', (one) => ({ ...one, kind: 'system' }))(definition))).toBe(
      file.replace('code: B\n  kind: human', 'code: B\n  kind: system'),
    );
  });

  it('keeps quotes and the byte order mark', async () => {
    const file = `\ufeffprocess: { code: 'LOAN' }
workflow:
  type: 'It''s'
  task-queue: "Q"
tasks:
- code: A   # a
  kind: 'human'
  data: { schema: { type: object } }
`;
    const definition = await parseDefinition(file, 'f');
    const edit = task('A', (one) => ({ ...one, kind: 'system' }));
    const workflow = { type: "It's two", taskQueue: 'R' };
    const metadata = { schema: { type: 'object' } };
    expect(await editDefinition(file, 'f', { ...edit(definition), workflow, metadata })).toBe(
      `${file
        .replace("'It''s'", "'It''s two'")
        .replace('"Q"', '"R"')
        .replace("'human'", "'system'")}metadata:\n  schema:\n    type: object\n`,
    );
  });

  it('keeps Windows line endings where a comment ends an inner map', async () => {
    const file = `process: { code: LOAN }
workflow: { type: W, task-queue: Q }
tasks:
- code: A
  kind: human
  data:
      schema:
          type: object
          # about required
          required: [x]

# task B
- { code: B, kind: human, data: { schema: { type: object, properties: { x: { type: string }, y: { type: string } } } } }
`.replaceAll('\n', '\r\n');
    const edit: Edit = (definition) =>
      task('B', (one) => ({ ...one, data: { schema: { type: 'object', properties: { y: { type: 'string' } } } } }))(
        task('A', (one) => ({ ...one, data: { schema: { type: 'object' } } }))(definition),
      );
    expect(await editDefinition(file, 'f', edit(await parseDefinition(file, 'f')))).toBe(
      file.replace('          required: [x]\r\n', '').replace('x: { type: string }, ', ''),
    );
  });

  it('turns any definition into any other one', async () => {
    const schema = arbitrarySchema.map((one) =>
      'type' in one && one['type'] === 'object' ? one : { type: 'object', properties: { a: one } },
    );
    const shape = fc.option(
      schema.map((one) => ({ schema: one })),
      { nil: undefined },
    );
    const definitions = fc
      .record({
        metadata: shape,
        tasks: fc.uniqueArray(
          fc.record({
            code: fc.constantFrom('A', 'B', 'C', 'D'),
            kind: fc.constantFrom('human', 'system'),
            data: shape,
          }),
          { selector: ({ code }) => code, maxLength: 4 },
        ),
      })
      .map(
        ({ metadata, tasks }) =>
          JSON.parse(
            JSON.stringify({
              process: { code: 'LOAN' },
              workflow: { type: 'W', taskQueue: 'Q' },
              metadata,
              tasks: tasks.toSorted((a, b) => (a.code < b.code ? -1 : 1)),
            }),
          ) as ProcessDefinition,
      );
    await fc.assert(
      fc.asyncProperty(definitions, definitions, async (before, next) => {
        const edited = await editDefinition(renderDefinition(before), 'f', next);
        expect(await parseDefinition(edited, 'f')).toEqual(next);
      }),
      { numRuns: 40 },
    );
  });
});
