import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const WORKFLOW = 'src/workflows.ts';
const CALL_OF_BOOK = '  // By hand\n  const booking = await kuflow.humanTask(tasks.book);\n\n';
const CALL_OF_SCORE = '  await kuflow.systemTask(tasks.score,';

let project: string;
const { read, edit } = projectFiles(() => project);
const add = (...args: readonly string[]): Promise<Ran> => runKuflow(project, ['add', ...args]);

/** The tasks whose calls the proposed diff of the workflow adds and removes, in order. A call that only changes is not among them. */
function proposed(ran: Ran): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  const diff = (JSON.parse(ran.stdout) as AddResult).files.find(({ path }) => path === WORKFLOW)?.diff ?? '';
  const calls = (sign: string): readonly string[] =>
    diff
      .split('\n')
      .filter((line) => line.startsWith(sign))
      .flatMap((line) => [...line.matchAll(/\btasks\.(?!ts\b)(\w+)/g)].map(([, name = '']) => name));
  const [added, removed] = [calls('+'), calls('-')];
  return {
    added: added.filter((name) => !removed.includes(name)),
    removed: removed.filter((name) => !added.includes(name)),
  };
}

beforeEach(async () => {
  project = join(temporaryFolder(), 'loan-worker');
  const made = await runKuflow(join(project, '..'), [
    ...['create', 'loan-worker', '--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system', '--task-queue', 'Q'],
    ...['--workflow-type', 'LoanWorkflow', '--no-install', '--no-git', '--no-check', '--yes'],
  ]);
  expect(made.status, made.stderr).toBe(0);
});

it('is offered exactly the tasks that its code lacks and those that the definition lost', async () => {
  edit('kuflow.process.yaml', '  - code: SCORE\n    kind: system\n', '  - code: BOOK\n    kind: human\n');
  edit(WORKFLOW, CALL_OF_SCORE, CALL_OF_BOOK + CALL_OF_SCORE);
  const ran = await add('task', 'REVIEW', '--edit', WORKFLOW, '--json');
  expect(proposed(ran)).toEqual({ added: ['review'], removed: ['score'] });
  expect(ran.status, ran.stdout).toBe(0);
  expect(read(WORKFLOW)).toContain(CALL_OF_BOOK);
  expect(read(WORKFLOW).match(/\btasks\.(?!ts\b)\w+/g)).toEqual(['tasks.apply', 'tasks.book', 'tasks.review']);
  for (const code of ['BOOK', 'REVIEW']) expect((await add('task', code)).stderr).toContain('already has');
});

it('is offered a declined task again, together with the next one, and never after it was applied', async () => {
  edit(WORKFLOW, "log.info('Process started'", "log.info('Loan started'");
  const declined = await add('task', 'REVIEW', '--json');
  expect(declined.status).toBe(3);
  expect(proposed(declined)).toEqual({ added: ['review'], removed: [] });
  expect(proposed(await add('task', 'REVIEW', '--dry-run', '--json')).added).toEqual(['review']);
  const both = await add('task', 'ARCHIVE', '--json', '--edit', WORKFLOW);
  expect(proposed(both)).toEqual({ added: ['review', 'archive'], removed: [] });
  expect(both.status, both.stdout).toBe(0);
  expect(proposed(await add('task', 'LAST', '--json', '--edit', WORKFLOW))).toEqual({ added: ['last'], removed: [] });
  for (const code of ['REVIEW', 'ARCHIVE']) expect((await add('task', code)).stderr).toContain('already has');
});

it.each(['as proposed', 'in another way'])(
  'is not offered a declined task that was then added by hand %s',
  async (how) => {
    edit(WORKFLOW, "log.info('Process started'", "log.info('Loan started'");
    expect((await add('task', 'REVIEW')).status).toBe(3);
    edit(
      WORKFLOW,
      '  return { message',
      how === 'as proposed'
        ? '  await kuflow.humanTask(tasks.review);\n\n  return { message'
        : '  const { note } = (await kuflow.humanTask(tasks.review)) as { note?: string };\n  if (note === undefined) throw new Error();\n\n  return { message',
    );
    const ran = await add('task', 'ARCHIVE', '--json', '--edit', WORKFLOW);
    expect(proposed(ran)).toEqual({ added: ['archive'], removed: [] });
    expect(ran.status, ran.stdout).toBe(0);
    expect(read(WORKFLOW).match(/\btasks\.(?!ts\b)\w+/g)).toEqual([
      'tasks.apply',
      'tasks.score',
      'tasks.review',
      'tasks.archive',
    ]);
  },
);

describe('in a workflow whose functions were moved', () => {
  beforeEach(() => {
    edit(
      WORKFLOW,
      CALL_OF_SCORE,
      [
        '  return finish(kuflow, processId, apply);\n}\n\n',
        'async function finish(kuflow: KuFlow, processId: string, apply: object): Promise<WorkflowResponse> {\n',
        CALL_OF_SCORE,
      ].join(''),
    );
  });

  it('the call of a new task is not written into another function, even with --edit', async () => {
    const before = read(WORKFLOW);
    const ran = await add('task', 'REVIEW', '--edit', WORKFLOW);
    expect(ran.status, ran.stderr).toBe(3);
    expect(read(WORKFLOW)).toBe(before);
    expect(read('src/process/tasks.ts')).toContain('review');
    const line = before.split('\n').findIndex((text) => text.startsWith('  return { message')) - 1;
    expect(before.split('\n')[line - 1]).toBe('  });');
    expect(ran.stdout).toContain(`${WORKFLOW}  (has local changes, and the place for the change is not certain)`);
    expect(ran.stdout).toContain(`\nAdd below ${WORKFLOW}:${line}:\n  await kuflow.humanTask(tasks.review);\n`);
    expect(ran.stdout).not.toContain(`+++ b/${WORKFLOW}`);
    expect(ran.stderr).toContain(`paste the lines shown above: ${WORKFLOW}:${line}`);
    const json = JSON.parse((await add('task', 'ARCHIVE', '--json')).stdout) as AddResult;
    expect(json.files.find(({ path }) => path === WORKFLOW)?.paste).toEqual([
      {
        line,
        text: '  await kuflow.humanTask(tasks.review);\n\n  await kuflow.humanTask(tasks.archive);',
      },
    ]);
  });

  it('a call that was pasted is not offered again', async () => {
    expect((await add('task', 'REVIEW')).status).toBe(3);
    edit(WORKFLOW, '  return { message', '  await kuflow.humanTask(tasks.review);\n\n  return { message');
    expect((await add('task', 'REVIEW')).stderr).toContain('already has');
  });
});

it('an activity is printed to paste if createActivities was rewritten', async () => {
  const path = 'src/activities.ts';
  edit(path, 'export const createActivities', 'export const createActivities: () => object = build;\nconst build');
  edit(path, '\n});\n', '\n}) as const;\n');
  const before = read(path);
  const ran = await add('activity', 'sendMail');
  expect(ran.status, ran.stderr).toBe(3);
  expect(read(path)).toBe(before);
  const line = before.split('\n').indexOf('}) as const;');
  expect(ran.stdout).toContain(
    `\nAdd below ${path}:${line}:\n  /** TODO: describe it. */\n  async sendMail(input: {\n`,
  );
});

it('keeps a call that was removed on purpose out of the proposals', async () => {
  edit(WORKFLOW, '  const apply = await kuflow.humanTask(tasks.apply);\n', '  const apply = {};\n');
  expect(proposed(await add('task', 'REVIEW', '--json', '--edit', WORKFLOW))).toEqual({
    added: ['review'],
    removed: [],
  });
});
