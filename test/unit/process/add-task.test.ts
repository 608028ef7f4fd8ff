import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/process/definition/definition-file.ts';
import { renderDefinition } from '../../../src/process/definition/definition-render.ts';
import type { TaskDefinition } from '../../../src/process/definition.ts';
import { addTask } from '../../../src/process/edit/add-task.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';

const TASK: TaskDefinition = { code: 'NEW', kind: 'system', name: "it's new: #1" };

const FILE = `# mine
process:   { code: LOAN,   name: 'Loan' }   # spaces stay
workflow:
    type:       "LoanWorkflow"
    task-queue: Q

tasks:
# the first
-   code: A    # trailing
    kind: human
    description: |
        Two

        lines


# the second
-   code: "B"
    kind: system

    # about the end
metadata: { schema: { type: object } }
`;

/** The lines that one text has more than the other; fails when anything else differs. */
function added(before: string, after: string): string {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  const tail = before.slice(start);
  expect(after.endsWith(tail)).toBe(true);
  return after.slice(start, after.length - tail.length);
}

describe('addTask', () => {
  it.each([
    ['at the end', undefined, ['A', 'B', 'NEW']],
    ['after the first', 'A', ['A', 'NEW', 'B']],
    ['after the last', 'B', ['A', 'B', 'NEW']],
  ])('writes the task %s and leaves every other byte', async (_, after, codes) => {
    for (const file of [FILE, FILE.replaceAll('\n', '\r\n')]) {
      const { text, definition } = await addTask(file, 'f', TASK, after);
      expect(definition.tasks.map(({ code }) => code)).toEqual(codes);
      expect(await parseDefinition(text, 'f')).toEqual(definition);
      expect(added(file, text)).toContain('code: NEW');
      expect(text.includes('\r\n')).toBe(file.includes('\r\n'));
      expect(text.replaceAll('\r\n', '').includes('\n')).toBe(!file.includes('\r\n'));
    }
  });

  it('keeps a comment with the task that it stands above', async () => {
    const { text } = await addTask(FILE, 'f', TASK, 'A');
    expect(text).toContain('# the second\n-   code: "B"');
    expect(text.indexOf('code: NEW')).toBeLessThan(text.indexOf('# the second'));
  });

  it('writes what the whole definition would be written as, in a file that nobody edited', async () => {
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
      '"code": "A"',
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

  it('refuses a file that is no definition, by line', async () => {
    await expect(addTask('process: { code: P }\n', 'f.yaml', TASK)).rejects.toThrow('f.yaml:1:1');
  });
});
