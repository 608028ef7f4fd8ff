import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const kuflow = (cwd: string, ...args: readonly string[]): Promise<Ran> => runKuflow(cwd, args);

let project: string;
const { read, edit } = projectFiles(() => project);
const add = (...args: readonly string[]): Promise<Ran> => kuflow(project, 'add', ...args);
const actions = (ran: Ran): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (JSON.parse(ran.stdout) as AddResult).files
      .filter(({ how }) => how !== 'state')
      .map(({ path, how, action }) => [path, `${action} ${how}`]),
  );
const FROM_DEFINITION = [
  'src/process/tasks.ts',
  'src/process/types.ts',
  'src/process/validators.ts',
  'src/workflows.ts',
  'src/activities.ts',
  'test/workflows.test.ts',
];

/** That what the definition became is what `create` makes of the definition as it is now. */
async function expectAsCreated(...files: readonly string[]): Promise<void> {
  const folder = temporaryFolder();
  const definition = join(project, 'kuflow.process.yaml');
  const made = await kuflow(
    folder,
    ...['create', 'again', '--definition', definition, '--no-install', '--no-git', '--no-check', '--yes'],
  );
  expect(made.status, made.stderr).toBe(0);
  for (const file of files) expect(read(file), file).toBe(readFileSync(join(folder, 'again', file), 'utf8'));
}

beforeEach(async () => {
  const folder = temporaryFolder();
  project = join(folder, 'loan-worker');
  writeFileSync(
    join(folder, 'apply.json'),
    JSON.stringify({ type: 'object', properties: { amount: { type: 'number' } } }),
  );
  const made = await kuflow(
    folder,
    ...['create', 'loan-worker', '--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system', '--task-queue', 'Q'],
    ...['--task-schema', `APPLY=${join(folder, 'apply.json')}`, '--workflow-type', 'LoanWorkflow'],
    ...['--no-install', '--no-git', '--no-check', '--yes'],
  );
  expect(made.status, made.stderr).toBe(0);
});

describe('a process whose task has an equals sign in its code', () => {
  it('is added with the schema of the task', async () => {
    writeFileSync(
      join(project, 'a.json'),
      JSON.stringify({ type: 'object', properties: { colour: { type: 'string' } } }),
    );
    const ran = await add(
      'process',
      'EXPENSE',
      '--task',
      'A=B',
      '--task-schema',
      'A=B=a.json',
      '--workflow-type',
      'E',
      '--json',
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(read('processes/expense.process.yaml')).toContain('colour');
  });
});

describe('an edited definition with unedited code', () => {
  it('has its code regenerated, whatever was changed', async () => {
    const definition = 'kuflow.process.yaml';
    edit(definition, '          type: number', '          type: string');
    edit(definition, '  - code: APPLY\n', '  - code: APPLY\n    name: Apply for it\n');
    writeFileSync(join(project, definition), `${read(definition)}\n  - code: BOOK\n    kind: system\n`);
    edit('kuflow.process.yaml', 'type: LoanWorkflow', 'type: OtherWorkflow');
    const ran = await add('task', 'REVIEW', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).toEqual({
      'kuflow.process.yaml': 'written definition',
      // It names the workflow type.
      'AGENTS.md': 'written generated',
      'README.md': 'written generated',
      ...Object.fromEntries(FROM_DEFINITION.map((file) => [file, 'written generated'])),
    });
    expect(read('src/process/types.ts')).toContain('amount?: string');
    await expectAsCreated(...FROM_DEFINITION);
    // It now follows the definition.
    expect((await add('task', 'LAST', '--json')).status).toBe(0);
    await expectAsCreated(...FROM_DEFINITION);
  });

  it('loses a deleted task, and keeps activities that were added', async () => {
    expect((await add('activity', 'sendMail')).status).toBe(0);
    edit('kuflow.process.yaml', '  - code: SCORE\n    kind: system\n', '  - code: BOOK\n    kind: system\n');
    const ran = await add('task', 'REVIEW', '--json');
    expect(ran.status, ran.stdout).toBe(0);
    const activities = read('src/activities.ts');
    expect(activities).toContain('async book(');
    expect(activities).not.toContain('async score(');
    expect(activities.split('async sendMail(')).toHaveLength(2);
    await expectAsCreated(...FROM_DEFINITION.filter((file) => file !== 'src/activities.ts'));
  });

  it('generates code for a task that is already there, with the kind it has', async () => {
    edit('kuflow.process.yaml', '  - code: SCORE', '  - code: BOOK\n    kind: system\n\n  - code: SCORE');
    const ran = await add('task', 'BOOK', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).not.toHaveProperty('kuflow.process.yaml');
    await expectAsCreated(...FROM_DEFINITION);
    expect((await add('task', 'BOOK')).stderr).toContain('LOAN already has the system task BOOK');
    // A shape is the definition's too, and so is a file that is nothing else.
    rmSync(join(project, 'src/process/tasks.ts'));
    edit('kuflow.process.yaml', '          type: number', '          type: boolean');
    expect(actions(await add('task', 'APPLY', '--json'))).toMatchObject({
      'src/process/tasks.ts': 'written new',
      'src/process/types.ts': 'written generated',
    });
    await expectAsCreated(...FROM_DEFINITION);
  });

  it('keeps the input of a system task and existing names', async () => {
    expect((await add('activity', 'book')).status).toBe(0);
    edit('kuflow.process.yaml', '  - code: SCORE', '  - code: MORE\n    kind: human\n\n  - code: SCORE');
    writeFileSync(
      join(project, 'kuflow.process.yaml'),
      `${read('kuflow.process.yaml')}\n  - code: BOOK\n    kind: system\n`,
    );
    expect((await add('task', 'BOOK')).status).toBe(0);
    expect(read('src/activities.ts')).toMatch(
      /async score\(input: \{\n {4}readonly processId: string;\n {4}readonly apply: ApplyData;\n {2}\}\)/,
    );
    expect(read('src/workflows.ts')).toContain('activities.loanBook,');
    expect(read('src/workflows.ts')).toContain('tasks.more');
    for (const name of ['book', 'loanBook'])
      expect(read('src/activities.ts').split(`  async ${name}(`)).toHaveLength(2);
  });

  it('is merged with edited code', async () => {
    edit('src/workflows.ts', "log.info('Process started'", "log.info('Loan started'");
    edit('src/activities.ts', '// TODO: replace this', '// My work');
    writeFileSync(
      join(project, 'kuflow.process.yaml'),
      `${read('kuflow.process.yaml')}\n  - code: BOOK\n    kind: system\n`,
    );
    const ran = await add('task', 'REVIEW', '--edit', 'src/workflows.ts', '--edit', 'src/activities.ts');
    expect(ran.status, ran.stdout).toBe(0);
    for (const text of ["log.info('Loan started'", 'activities.book,', 'tasks.review'])
      expect(read('src/workflows.ts')).toContain(text);
    for (const text of ['// My work', '  async book(']) expect(read('src/activities.ts')).toContain(text);
  });

  it('does not affect another process that is added', async () => {
    writeFileSync(
      join(project, 'kuflow.process.yaml'),
      `${read('kuflow.process.yaml')}\n  - code: BOOK\n    kind: system\n`,
    );
    const ran = await add('process', 'LEAVE', '--task', 'ASK', '--workflow-type', 'LeaveWorkflow', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(Object.entries(actions(ran)).filter(([, what]) => what !== 'written new')).toEqual([
      ['src/workflows.ts', 'written generated'],
    ]);
    expect(read('src/workflows.ts')).not.toContain('book');
    expect((await add('task', 'BOOK', '--process', 'LOAN')).status).toBe(0);
    expect(read('src/workflows.ts')).toContain('activities.book,');
  });
});

describe('the name of a task', () => {
  const tasksInCode = (): string => read('src/process/tasks.ts');

  it('stays when a task is added whose code converts to the same name, also after the task is removed', async () => {
    expect((await add('task', '2ND_REVIEW')).status).toBe(0);
    expect((await add('task', '2nd-review', '--after', 'APPLY')).status).toBe(0);
    expect(tasksInCode()).toContain(`task2ndReview: human('2ND_REVIEW')`);
    expect(tasksInCode()).toContain(`task2ndReview_2: human('2nd-review')`);
    edit('kuflow.process.yaml', '  - code: 2ND_REVIEW\n    kind: human\n', '');
    expect((await add('task', 'MORE')).status).toBe(0);
    expect(tasksInCode()).not.toContain('2ND_REVIEW');
    expect(tasksInCode()).toContain(`task2ndReview_2: human('2nd-review')`);
    expect((await add('task', '2ND_REVIEW')).status).toBe(0);
    expect(tasksInCode()).toContain(`task2ndReview: human('2ND_REVIEW')`);
  });
});

describe('a removed process', () => {
  const LEAVE = ['process', 'LEAVE', '--task', 'REQUEST:system', '--workflow-type', 'LeaveWorkflow'];
  const removed = ['processes', 'src/processes', 'test/leave.workflows.test.ts'];

  it('is reported and removed from the record, and the addition continues', async () => {
    expect((await add(...LEAVE)).status).toBe(0);
    for (const path of removed) rmSync(join(project, path), { recursive: true });
    const dry = await add('task', 'REVIEW', '--dry-run');
    expect(dry.status, dry.stderr).toBe(0);
    const ran = await add('task', 'REVIEW');
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr.replace(/\s+/g, ' ')).toContain(
      'processes/leave.process.yaml and its code were deleted, so the process is removed from .kuflow/project.json',
    );
    expect(read('.kuflow/project.json')).not.toContain('leave');
    // Nobody had edited the file that still named it.
    expect(read('src/workflows.ts')).not.toContain('leave');
    expect((await add('task', 'MORE')).stderr).not.toContain('leave');
    expect((await add(...LEAVE)).status).toBe(0);
  });

  it('is kept in the record while its code exists', async () => {
    expect((await add('process', 'LEAVE', '--task', 'SCORE:system', '--workflow-type', 'LeaveWorkflow')).status).toBe(
      0,
    );
    const definition = read('processes/leave.process.yaml');
    rmSync(join(project, 'processes'), { recursive: true });
    const recorded = (): unknown => (JSON.parse(read('.kuflow/project.json')) as { processes?: unknown }).processes;
    expect(recorded()).toEqual({
      'kuflow.process.yaml': { tasks: { APPLY: { name: 'apply' }, SCORE: { name: 'score' } } },
      'processes/leave.process.yaml': {
        definitionSource: 'flags',
        tasks: { SCORE: { name: 'score', activity: 'leaveScore' } },
      },
    });
    const ran = await add('task', 'REVIEW', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect((JSON.parse(ran.stdout) as AddResult).notes).toEqual([
      expect.stringContaining(
        "processes/leave.process.yaml was deleted: restore it, or delete the process's other files (src/processes/leave/tasks.ts,",
      ),
    ]);
    expect(recorded()).toMatchObject({
      'kuflow.process.yaml': { tasks: { REVIEW: { name: 'review' } } },
      'processes/leave.process.yaml': { tasks: { SCORE: { name: 'score', activity: 'leaveScore' } } },
    });
    for (const part of ['workflows', 'activities'])
      expect(read(`src/${part}.ts`)).toContain(`from './processes/leave/${part}.ts';`);
    expect((await add('task', 'LEAVE_SCORE:system')).status).toBe(0);
    expect(read('src/activities.ts')).toContain('async loanLeaveScore(');
    mkdirSync(join(project, 'processes'));
    writeFileSync(join(project, 'processes/leave.process.yaml'), definition);
    expect((await add('task', 'BOOK:system', '--process', 'LEAVE')).status).toBe(0);
    expect(read('src/processes/leave/workflows.ts')).toContain('activities.leaveScore,');
  });

  it('is an error only if it is the first one, with a way to restore it', async () => {
    rmSync(join(project, 'kuflow.process.yaml'));
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('kuflow.process.yaml is missing in this project');
    expect(ran.stderr).toContain('Restore it');
  });
});

describe('the output', () => {
  it('has the diff of each changed file and the length of each new one', async () => {
    const ran = await add('process', 'LEAVE', '--task', 'ASK', '--workflow-type', 'LeaveWorkflow');
    expect(ran.status).toBe(0);
    const lines = read('src/processes/leave/tasks.ts').trimEnd().split('\n').length;
    expect(ran.stdout).toContain(`created src/processes/leave/tasks.ts  (new, ${lines} lines)\n`);
    expect(ran.stdout).toContain('\n--- a/src/workflows.ts\n+++ b/src/workflows.ts\n');
    expect(ran.stdout).toContain("+export * from './processes/leave/workflows.ts';");
    expect(ran.stdout).not.toContain('/dev/null');
    expect(ran.stdout).not.toContain('\u001b');
    const task = await add('task', 'REVIEW', '--process', 'LEAVE');
    expect([...task.stdout.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, path]) => path)).toEqual([
      'processes/leave.process.yaml',
      'src/processes/leave/tasks.ts',
      'src/processes/leave/workflows.ts',
      'test/leave.workflows.test.ts',
    ]);
    const json = JSON.parse((await add('task', 'MORE', '--process', 'LEAVE', '--json')).stdout) as AddResult;
    expect(json.files.map(({ diff }) => diff.startsWith('--- a/'))).toEqual([
      ...[true, true, true, true],
      ...[false, false],
    ]);
    expect(json.files.slice(-2)).toEqual(
      ['.kuflow/project.json', '.kuflow/base.tgz'].map((path) => ({ path, how: 'state', action: 'written', diff: '' })),
    );
  });
});
