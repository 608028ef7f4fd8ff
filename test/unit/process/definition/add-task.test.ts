import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import type { ProcessDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { editDefinition } from '../../../../src/process/definition/edit-definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';

const TASK: TaskDefinition = { code: 'NEW', kind: 'system', name: "it's new: #1" };

const FILE = `# mine
process:   { code: LOAN,   name: 'Loan' }   # spaces stay
workflow:
  type:       "LoanWorkflow"
  task-queue: Q

tasks:
  # the first
  - code: A    # trailing
    kind: human
    description: |
      Two

      lines


  # the second
  - code: "B"
    kind: system

metadata: { schema: { type: object } }
`;

/** Adds a task after the task `after`, or at the end. */
async function addTask(
  file: string,
  name: string,
  task: TaskDefinition,
  after?: string,
): Promise<{ readonly text: string; readonly definition: ProcessDefinition }> {
  const before = await parseDefinition(file, name);
  const at = after === undefined ? before.tasks.length : before.tasks.findIndex(({ code }) => code === after) + 1;
  const definition = { ...before, tasks: before.tasks.toSpliced(at, 0, task) };
  return { text: await editDefinition(file, name, definition), definition };
}

/** The lines added to a text. Fails if anything else differs. */
function added(before: string, after: string): string {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  const tail = before.slice(start);
  expect(after.endsWith(tail)).toBe(true);
  return after.slice(start, after.length - tail.length);
}

describe('editDefinition with a new task', () => {
  it.each([
    ['at the end', undefined, ['A', 'B', 'NEW']],
    ['after the first', 'A', ['A', 'NEW', 'B']],
    ['after the last', 'B', ['A', 'B', 'NEW']],
  ])('inserts the task %s and keeps all other lines', async (_, after, codes) => {
    for (const file of [FILE, FILE.replaceAll('\n', '\r\n')]) {
      const { text, definition } = await addTask(file, 'f', TASK, after);
      expect(definition.tasks.map(({ code }) => code)).toEqual(codes);
      expect(await parseDefinition(text, 'f')).toEqual(definition);
      expect(added(file, text)).toContain('code: NEW');
      expect(text.includes('\r\n')).toBe(file.includes('\r\n'));
      expect(text.replaceAll('\r\n', '').includes('\n')).toBe(!file.includes('\r\n'));
    }
  });

  it('keeps a comment with the task below it', async () => {
    const { text } = await addTask(FILE, 'f', TASK, 'A');
    expect(text).toContain('# the second\n  - code: "B"');
    expect(text.indexOf('code: NEW')).toBeLessThan(text.indexOf('# the second'));
  });

  it('keeps comments and quotes in a file with unusual indentation, which may change', async () => {
    const file = FILE.replaceAll(/^ {2}(?=-|#)/gm, '').replaceAll(/^- /gm, '-   ');
    const { text, definition } = await addTask(file, 'f', TASK, 'A');
    expect(await parseDefinition(text, 'f')).toEqual(definition);
    for (const kept of [...(file.match(/#.*/g) ?? []), "'Loan'", '"LoanWorkflow"', '"B"']) expect(text).toContain(kept);
  });

  it('gives the same text as rendering the whole definition, for a file without edits', async () => {
    const before = sampleDefinition();
    for (const after of [undefined, ...before.tasks.map(({ code }) => code)]) {
      const { text, definition } = await addTask(renderDefinition(before), 'f', TASK, after);
      expect(text).toBe(renderDefinition(definition));
    }
  });

  it.each([
    ['a file without tasks', 'process: { code: P }\nworkflow: { type: W, task-queue: Q } # here\n', '# here'],
    ['an empty list', 'process: { code: P } # here\nworkflow: { type: W, task-queue: Q }\ntasks: []\n', '# here'],
    [
      'a list in flow style',
      'process: { code: P } # here\nworkflow: { type: W, task-queue: "Q" }\ntasks: [{ code: A, kind: human }]\n',
      '"Q"',
    ],
    [
      'JSON',
      '{ "process": { "code": "P" }, "workflow": { "type": "W", "task-queue": "Q" }, "tasks": [{ "code": "A", "kind": "human" }] }',
      '"code":"A"',
    ],
    [
      'a list without a line break at its end',
      'process: { code: P }\nworkflow: { type: W, task-queue: Q }\ntasks:\n  - code: A # here\n    kind: human',
      '# here',
    ],
    [
      'a nested last value',
      'process: { code: P } # here\nworkflow: { type: W, task-queue: Q }\ntasks:\n  - code: A\n    kind: human\n    data:\n      schema:\n        type: object\n        required:\n          - x\n          - y\n',
      '# here',
    ],
  ])('adds to %s', async (_, file, kept) => {
    const { text, definition } = await addTask(file, 'f', TASK);
    expect(definition.tasks.at(-1)).toEqual(TASK);
    expect(await parseDefinition(text, 'f')).toEqual(definition);
    expect(text).toContain(kept);
  });

  it.each([
    [
      'in flow style on one line',
      'tasks: [{ code: A, kind: human }]\n',
      `tasks: [ { code: A, kind: human }, { code: NEW, kind: system, name: "it's new: #1" } ]\n`,
    ],
    [
      'with braces after dashes',
      'tasks:\n  - { code: A, kind: human }\n  - { code: B, kind: human } # b\n',
      `tasks:\n  - { code: A, kind: human }\n  - { code: B, kind: human } # b\n  - { code: NEW, kind: system, name: "it's new: #1" }\n`,
    ],
    ['that is empty', 'tasks: []\n', `tasks:\n  - code: NEW\n    kind: system\n    name: "it's new: #1"\n`],
  ])('extends a list %s in its own style', async (_, tasks, wanted) => {
    const head = 'process: { code: P }\nworkflow: { type: W, task-queue: "Q" }\n';
    for (const eol of ['\n', '\r\n']) {
      const { text } = await addTask((head + tasks).replaceAll('\n', eol), 'f', TASK);
      expect(text).toBe((head + wanted).replaceAll('\n', eol));
    }
  });

  it.each([undefined, 2, '\t'])('extends JSON indented by %j, including schemas', async (indent) => {
    const json = (codes: readonly string[], more: readonly unknown[]): unknown => ({
      process: { code: 'P' },
      workflow: { type: 'W', 'task-queue': 'Q' },
      tasks: [...codes.map((code) => ({ code, kind: 'human', data: { schema: { type: 'object' } } })), ...more],
    });
    const task: TaskDefinition = {
      ...TASK,
      data: { schema: { type: 'object', required: ['é\u202e', 'no'], maxProperties: 3 } },
    };
    for (const codes of [[], ['A'], ['A', 'B']]) {
      const file = JSON.stringify(json(codes, []), undefined, indent);
      const { text, definition } = await addTask(file, 'f', task);
      expect(definition.tasks.at(-1)).toEqual(task);
      expect(text.replace('\\u202e', '\u202e')).toBe(JSON.stringify(json(codes, [task]), undefined, indent));
      if (codes.length === 0) continue;
      const first = JSON.parse((await addTask(file, 'f', task, 'A')).text) as { tasks: readonly { code: string }[] };
      expect(first.tasks.map(({ code }) => code)).toEqual(['A', 'NEW', ...codes.slice(1)]);
    }
  });

  it('rejects an invalid definition file, naming the line', async () => {
    await expect(addTask('process: { name: P }\n', 'f.yaml', TASK)).rejects.toThrow('f.yaml:1:1');
  });
});
