import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import { confirmSimilarCode } from '../../../../src/commands/add/confirm-similar-code.ts';
import { taskAddition } from '../../../../src/commands/add/run.ts';
import { openProject } from '../../../../src/project/edit/open-project.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { scriptedAnswers } from '../../../support/scripted-answers.ts';
import { startLargeTenant, uuid } from '../../../support/large-tenant.ts';
import { readBaseTexts, writeBaseText } from '../../../support/project-base.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();

const kuflow = (cwd: string, ...args: readonly string[]): Promise<Ran> => runKuflow(cwd, args, credentials);

let project: string;
let credentials: NodeJS.ProcessEnv = {};
const path = (file: string): string => join(project, file);
const read = (file: string): string => readFileSync(path(file), 'utf8');
const edit = (file: string, change: (text: string) => string): void => {
  const before = read(file);
  const after = change(before);
  if (after === before) throw new Error(`the edit of ${file} changes nothing`);
  writeFileSync(path(file), after);
};
const add = (...args: readonly string[]): Promise<Ran> => kuflow(project, 'add', ...args);
const actions = (ran: Ran): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (JSON.parse(ran.stdout) as AddResult).files
      .filter(({ how }) => how !== 'state')
      .map(({ path: file, how, action }) => [file, `${action} ${how}`]),
  );

beforeEach(async () => {
  project = join(temporaryFolder(), 'loan-worker');
  const made = await kuflow(
    join(project, '..'),
    ...['create', 'loan-worker', '--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system', '--task-queue', 'Q'],
    ...['--workflow-type', 'LoanWorkflow', '--no-install', '--no-git', '--no-check', '--yes'],
  );
  expect(made.status, made.stderr).toBe(0);
});

describe('add task', () => {
  it('writes the definition and the code, as create would write them', async () => {
    const ran = await add('task', 'REVIEW', '--name', 'Review it', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).toEqual({
      // It lists the tasks.
      'README.md': 'written generated',
      'kuflow.process.yaml': 'written definition',
      'src/process/tasks.ts': 'written generated',
      'src/workflows.ts': 'written generated',
      'test/workflows.test.ts': 'written generated',
    });
    expect((JSON.parse(ran.stdout) as AddResult).next).toContainEqual({
      command: 'npx kuflow dev simulate LOAN -- node --import tsx src/main.ts --dev',
      text: 'run one process end to end, and restart the local KuFlow if needed',
    });
    expect(read('src/workflows.ts')).toContain('// Review it\n  await kuflow.humanTask(tasks.review);');
    const other = temporaryFolder();
    const again = join(other, 'loan-worker');
    const definition = path('kuflow.process.yaml');
    const made = await kuflow(
      other,
      ...['create', 'loan-worker', '--definition', definition, '--no-install', '--no-git', '--no-check', '--yes'],
    );
    expect(made.status).toBe(0);
    for (const file of ['src/workflows.ts', 'src/activities.ts', 'src/process/tasks.ts', 'kuflow.process.yaml'])
      expect(readFileSync(join(again, file), 'utf8'), file).toBe(read(file));
    expect(await readBaseTexts(project)).toEqual(await readBaseTexts(again));
  });

  it('renames nothing and changes the data of no task, whatever is inserted', async () => {
    const names = (): readonly string[] =>
      [...read('src/process/tasks.ts').matchAll(/^ {2}(\w+): (?:human|system)/gm)].map(([, name = '']) => name);
    for (const code of ['A', 'apply', 'Apply', 'ACTIVITIES']) {
      const before = names();
      expect((await add('task', code, '--after', 'APPLY', '--yes')).status).toBe(0);
      expect(names()).toEqual(expect.arrayContaining([...before]));
      expect(names()).toHaveLength(before.length + 1);
    }
    expect(read('src/activities.ts')).toMatch(
      /async score\(input: \{\n {4}readonly processId: string;\n {4}readonly apply: unknown;\n {2}\}\)/,
    );
    expect((await add('task', 'BOOK:system')).status).toBe(0);
    expect(read('src/activities.ts')).toContain('async book(');
  });

  it('does not add a code that differs from an existing one only in capitalization, unless it is confirmed', async () => {
    const before = treeOf(project);
    const refused = await add('task', 'apply', '--json');
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: {
        message: 'Task code "APPLY" already exists and differs from "apply" only in capitalization',
        next: ['Use the existing task, or add --yes to add "apply" as another task'],
        status: 2,
      },
    });
    const addition = await taskAddition(await openProject(project, {}, '9.9.9'), 'apply', {}, project);
    const question = 'differs from "apply" only in capitalization. Add "apply" as another task?';
    const no = confirmSimilarCode(addition, { isAllowed: false, ask: scriptedAnswers([[question, false]]).ask });
    await expect(no).rejects.toMatchObject({ status: 130, message: 'Nothing was written' });
    await confirmSimilarCode(addition, { isAllowed: false, ask: scriptedAnswers([[question, true]]).ask });
    expect(treeOf(project)).toEqual(before);
    expect((await add('task', 'apply', '-y')).status).toBe(0);
    // Now it exists exactly like this.
    expect((await add('task', 'apply')).stderr).not.toContain('only in capitalization');
  });

  it('warns about a project that a newer version created', async () => {
    expect((await add('task', 'A', '--dry-run')).stderr).not.toContain('Warning');
    edit('.kuflow/project.json', (text) => text.replace('"version": "9.9.9"', '"version": "10.0.0"'));
    expect((await add('task', 'A', '--dry-run')).stderr).toContain(
      'Warning: this project was generated by version 10.0.0, which is newer than this version (9.9.9). Run this command with npx -p create-kuflow-worker@10.0.0 kuflow\n',
    );
  });

  it('says how to restore a record that was deleted', async () => {
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: project });
    git('init', '-q');
    git('add', '-f', '.');
    git('commit', '-qm', 'x');
    rmSync(path('.kuflow/project.json'));
    const env = { ...credentials, PATH: process.env['PATH'] };
    const ran = await runKuflow(join(project, 'src'), ['add', 'task', 'A'], env);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/^✖ \S+ is not in a worker project: there is no \.kuflow\/project\.json\n/);
    const command = /git checkout HEAD -- \S+/.exec(ran.stderr)?.[0] ?? '';
    git(...command.split(' ').slice(1));
    expect((await runKuflow(join(project, 'src'), ['add', 'task', 'A'], env)).status).toBe(0);
  });

  it('does not change a README with local changes', async () => {
    edit('README.md', (text) => `${text.replace('| human | a person |', '| human | the applicant |')}\nOur notes.\n`);
    const before = read('README.md');
    const ran = await add('task', 'REVIEW', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).not.toHaveProperty('README.md');
    expect(read('README.md')).toBe(before);
  });

  it('merges with local changes only in files that are named, and continues with files that were left', async () => {
    edit('src/workflows.ts', (text) => text.replace("log.info('Process started'", "log.info('Loan started'"));
    edit('src/activities.ts', (text) => text.replace(/\/\/ TODO: replace .*/, '// My work'));
    const ran = await add('task', 'BOOK:system', '--json');
    expect(ran.status).toBe(3);
    expect(actions(ran)).toEqual({
      'README.md': 'written generated',
      'kuflow.process.yaml': 'written definition',
      'src/activities.ts': 'left edited-by-hand',
      'src/process/tasks.ts': 'written generated',
      'src/workflows.ts': 'left edited-by-hand',
      'test/workflows.test.ts': 'written generated',
    });
    const result = JSON.parse(ran.stdout) as AddResult;
    expect(result.next[0]?.command).toBe(
      'npx kuflow add task BOOK:system --edit src/activities.ts --edit src/workflows.ts',
    );
    expect(read('src/workflows.ts')).not.toContain('book');

    const more = await add('task', 'BOOK:system', '--edit', 'src/workflows.ts');
    expect(more.status).toBe(3);
    expect(more.stdout).toMatch(/^updated src\/workflows\.ts {2}\(merged with local changes\)$/m);
    expect(more.stdout).toMatch(/^skipped src\/activities\.ts {2}\(has local changes\)$/m);
    expect(more.stdout).toContain('+  async book(input: {');
    expect(read('src/workflows.ts')).toContain("log.info('Loan started'");
    expect(read('src/workflows.ts')).toContain('activities.book,');

    const last = await kuflow(path('src'), 'add', 'task', 'BOOK:system', '--edit', './activities.ts');
    expect(last.status, last.stderr).toBe(0);
    expect(last.stderr).toContain(`Updated the code for task BOOK of LOAN in ${project}`);
    expect(read('src/activities.ts')).toContain('// My work');
    expect(read('src/activities.ts')).toContain('async book(');
    const over = await add('task', 'BOOK:system');
    expect(over.status, over.stdout).toBe(2);
    expect(over.stderr).toContain('LOAN already has the system task BOOK');
    expect(over.stderr).toContain('To change it, edit kuflow.process.yaml, then run npx kuflow generate');
  });

  it('does not report an existing task as added when it regenerates the code', async () => {
    rmSync(path('src/process/tasks.ts'));
    const ran = await add('task', 'APPLY', '--yes');
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('src/process/tasks.ts');
    expect(ran.stderr).toContain('Updated the code for task APPLY of LOAN');
    expect(ran.stderr).toContain('if the KuFlow app does not have the task yet, add it there');
    expect(ran.stderr).not.toContain('also add the task');
  });

  it('never writes where both changed, and shows what to do', async () => {
    edit('src/workflows.ts', (text) => text.replace('  return { message', '  await done();\n  return { message'));
    edit('src/workflows.ts', (text) => text.replace(/\n\n {2}await done/, '\n  await done'));
    const before = read('src/workflows.ts');
    const ran = await add('task', 'REVIEW', '--edit', 'src/workflows.ts');
    expect(ran.status).toBe(3);
    expect(read('src/workflows.ts')).toBe(before);
    expect(ran.stdout).toContain('skipped src/workflows.ts  (has local changes in the same place)');
    expect(ran.stdout).toMatch(/\nAdd below src\/workflows\.ts:\d+:\n {2}await kuflow\.humanTask\(tasks\.review\);\n/);
    expect(ran.stderr).toContain('paste the lines shown above: src/workflows.ts:');
  });

  it('recognizes files with other line endings or from another template version', async () => {
    edit('src/workflows.ts', (text) => text.replaceAll('\n', '\r\n'));
    const other = read('test/workflows.test.ts').replace("describe('the workflow'", "describe('an older workflow'");
    writeFileSync(path('test/workflows.test.ts'), other);
    await writeBaseText(project, 'test/workflows.test.ts', other);
    edit('.kuflow/project.json', (text) => text.replace('"version": "9.9.9"', '"version": "9.9.8"'));
    const ran = await add('task', 'REVIEW', '--json');
    expect(ran.status).toBe(0);
    expect(actions(ran)).toMatchObject({
      'src/workflows.ts': 'written generated',
      'test/workflows.test.ts': 'written generated',
    });
    expect(read('src/workflows.ts').replaceAll('\r\n', '')).not.toContain('\n');
    expect(read('test/workflows.test.ts')).toContain("describe('an older workflow'");
    expect(read('test/workflows.test.ts')).toContain("'REVIEW'");
  });

  it('shows a dry run as a diff and writes nothing', async () => {
    const before = treeOf(project);
    edit('src/workflows.ts', (text) => `${text}// mine\n`);
    const edited = treeOf(project);
    const ran = await add('task', 'REVIEW:message', '--dry-run');
    expect(treeOf(project)).toEqual(edited);
    expect(edited).not.toEqual(before);
    expect(ran.stdout).toContain('--- a/kuflow.process.yaml');
    expect(ran.stdout).toMatch(/^\+ {2}- code: REVIEW$/m);
    expect(ran.stdout).toMatch(/^skip {3}src\/workflows\.ts {2}\(has local changes\)$/m);
    expect(ran.stdout).toContain("+  await kuflow.message(tasks.review, { text: 'REVIEW' });");
    expect(ran.status).toBe(3);
    expect((await add('task', 'REVIEW', '--dry-run', '--edit', 'src/workflows.ts')).status).toBe(0);
    expect(treeOf(project)).toEqual(edited);
  });

  it.each([
    [['task', 'X', '--after', 'APLY'], '--after APLY: LOAN has no such task; did you mean "APPLY"?'],
    [['task', 'X', '--process', 'LON'], '--process LON: the project does not have this process; did you mean "LOAN"?'],
    [['task', 'X:sytem'], 'did you mean "system"?'],
    [['task', 'a b'], 'The code "a b" contains whitespace'],
    [['action', 'a b'], 'The code "a b" contains whitespace'],
    [['task', 'APPLY'], 'LOAN already has the human task APPLY'],
    [['task', 'APPLY:system'], 'LOAN already has the human task APPLY'],
    [['task', 'X', '--schema', 'none.json'], '--schema none.json: ENOENT'],
    [
      ['task', 'X', '--edit', 'src/workflow.ts'],
      '--edit src/workflow.ts: this file does not need a change; did you mean "src/workflows.ts"?',
    ],
    [['task', ''], '<code[:kind]> must not be blank'],
    [['task', 'APPLY', '--name', 'Other'], 'LOAN already has the human task APPLY, which differs from these options'],
    [['task'], 'Missing argument: <code[:kind]>'],
  ])('rejects %j with status 2 and writes nothing', async (args, message) => {
    const before = treeOf(project);
    const ran = await add(...args);
    expect(ran.stderr).toContain(message);
    expect(ran.status).toBe(2);
    expect(treeOf(project)).toEqual(before);
  });
});

const LEAVE = ['process', 'LEAVE', '--task', 'REQUEST', '--task', 'SCORE:system', '--workflow-type', 'LeaveWorkflow'];

describe('add process', () => {
  it('writes separate files with unused names, on the task queue of the project', async () => {
    const ran = await add(...LEAVE, '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).toEqual({
      'processes/leave.process.yaml': 'written new',
      'src/activities.ts': 'written generated',
      'src/processes/leave/activities.ts': 'written new',
      'src/processes/leave/tasks.ts': 'written new',
      'src/processes/leave/types.ts': 'written new',
      'src/processes/leave/validators.ts': 'written new',
      'src/process/validators.ts': 'written generated',
      'src/processes/leave/workflows.ts': 'written new',
      'src/workflows.ts': 'written generated',
      'test/leave.workflows.test.ts': 'written new',
    });
    expect(read('processes/leave.process.yaml')).toContain('task-queue: Q');
    expect(read('src/processes/leave/workflows.ts')).toContain('activities.leaveScore,');
    expect(JSON.parse(read('.kuflow/project.json'))).toMatchObject({
      processes: {
        'processes/leave.process.yaml': { definitionSource: 'flags', tasks: { SCORE: { activity: 'leaveScore' } } },
      },
    });
    // A code that would have that very name now looks for another, and keeps it when more tasks come.
    expect((await add('task', 'LEAVE_SCORE:system', '--process', 'LOAN')).status).toBe(0);
    expect(read('src/activities.ts')).toContain('async loanLeaveScore(');
    expect((await add('task', 'MORE:system', '--process', 'LEAVE')).status).toBe(0);
    expect(read('src/processes/leave/activities.ts')).toContain('async leaveScore(');
    expect(read('src/processes/leave/activities.ts')).toContain('async more(');
    expect(read('src/activities.ts')).toContain('async loanLeaveScore(');
    const several = await add('task', 'X');
    expect(several.status).toBe(2);
    expect(several.stderr).toContain('Processes: LOAN, LEAVE');
  });

  it('creates the activities file with the first system task', async () => {
    expect((await add('process', 'LEAVE', '--task', 'REQUEST', '--workflow-type', 'LeaveWorkflow')).status).toBe(0);
    expect(existsSync(path('src/processes/leave/activities.ts'))).toBe(false);
    expect(read('src/activities.ts')).not.toContain('...leave');
    // An activity of one's own has the name already.
    expect((await add('activity', 'book')).status).toBe(0);
    expect((await add('task', 'BOOK:system', '--process', 'LEAVE')).status).toBe(0);
    expect(read('src/processes/leave/activities.ts')).toContain('async leaveBook(');
    expect(read('src/activities.ts')).toContain('...leaveActivities({ kuflow }),');
    expect(read('src/activities.ts')).toContain('async book(');
  });

  it('leaves an edited workflows.ts unless it is named, and continues later', async () => {
    edit('src/workflows.ts', () => 'export * from "./mine.ts";\n');
    const ran = await add(...LEAVE);
    expect(ran.status).toBe(3);
    expect(ran.stdout).toContain("+export * from './processes/leave/workflows.ts';");
    expect(ran.stderr).toContain('npx kuflow add process LEAVE --edit src/workflows.ts');
    expect((await add('process', 'LEAVE', '--edit', 'src/workflows.ts')).status).toBe(0);
    expect(read('src/workflows.ts')).toBe(
      `export * from "./mine.ts";\n\nexport * from './processes/leave/workflows.ts';\n`,
    );
    const over = await add('process', 'LEAVE');
    expect(over.status).toBe(2);
    expect(over.stderr).toContain('Process LEAVE already exists in processes/leave.process.yaml');
  });

  it('reads a definition file with the task queue of the project', async () => {
    const file = (queue: string): string =>
      `process: { code: LEAVE }\nworkflow: { type: LeaveWorkflow, task-queue: ${queue} }\ntasks: [{ code: A, kind: human }]\n`;
    mkdirSync(path('in'));
    writeFileSync(path('in/leave.yaml'), file('OTHER'));
    const refused = await kuflow(path('in'), 'add', 'process', '--definition', 'leave.yaml');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('the worker of this project polls only the task queue Q');
    writeFileSync(path('in/leave.yaml'), file('Q'));
    const wrong = await kuflow(path('in'), 'add', 'process', 'LEVE', '--definition', 'leave.yaml');
    expect(wrong.stderr).toContain('The definition describes the process LEAVE, not LEVE');
    const made = await kuflow(path('in'), 'add', 'process', '--definition', 'leave.yaml');
    expect(made.status, made.stderr).toBe(0);
    expect(existsSync(path('processes/leave.process.yaml'))).toBe(true);
  });

  it.each([
    [
      ['process', 'LOAN', '--task', 'A', '--workflow-type', 'X'],
      'Add a task to it: npx kuflow add task <code> --process LOAN',
    ],
    [['process', 'B', '--task', 'A', '--workflow-type', 'LoanWorkflow'], 'is already used by process LOAN'],
    [
      ['process', 'B', '--task', 'A', '--workflow-type', 'X', '--task-queue', 'R'],
      '--task-queue R: the worker of this project polls only the task queue Q',
    ],
    [['process', 'B', '--task', 'A'], 'workflow-type:'],
    [['process', 'B', '--task', 'A', '--sample', '3'], '--sample cannot be combined with --task'],
    [['process', '--definition', 'x.yaml', '--sample', '3'], '--sample cannot be combined with --definition'],
    [
      ['process', 'B', '--task', 'A', '--workflow-type', 'X', '--endpoint', 'https://kuflow.example.com'],
      '--endpoint cannot be combined with --task',
    ],
    [['process', '--definition', 'x.yaml', '--profile', 'P'], '--profile cannot be combined with --definition'],
    [['process', '--task', 'A'], 'process:'],
    [['process', 'B', '--workflow-type', 'X'], 'client-id:'],
    [['process'], 'process:'],
    [
      ['process', 'B', '--definition', 'x.yaml', '--task', 'A'],
      'cannot be combined with --definition, which describes the whole process',
    ],
  ])('rejects %j with status 2 and writes nothing', async (args, message) => {
    const before = treeOf(project);
    const ran = await add(...args);
    expect(ran.stderr).toContain(message);
    expect(ran.status).toBe(2);
    expect(treeOf(project)).toEqual(before);
  });

  it('suggests unused names and a complete command that works', async () => {
    const offered = async (...args: readonly string[]): Promise<string> => {
      const ran = await add(...args);
      expect(ran.status).toBe(2);
      return /For example: npx kuflow (.*)/.exec(ran.stderr)?.[1] ?? '';
    };
    const works = async (command: string): Promise<void> => {
      const ran = await kuflow(project, ...command.split(' '));
      expect(ran.status, ran.stderr).toBe(0);
    };
    expect(await offered('process', 'LOAN_2', '--task', 'REQUEST')).toBe(
      'add process LOAN_2 --task REQUEST --workflow-type Loan2Workflow',
    );
    const first = await offered('process', '--task', 'REQUEST');
    expect(first).toBe('add process LEAVE --task REQUEST --workflow-type LeaveWorkflow');
    await works(first);
    const second = await offered('process', '--task', 'REQUEST', '--yes', '--json');
    expect(second).toBe('add process LEAVE2 --task REQUEST --workflow-type Leave2Workflow --yes --json');
    const before = treeOf(project);
    await works(
      await offered('process', 'LEAVE2', '--task', 'REQUEST', '--edit', 'src/worker.ts', '--dry-run').then((command) =>
        command.replace(' --edit src/worker.ts', ''),
      ),
    );
    expect(treeOf(project)).toEqual(before);
    await works(second);
    expect(await offered('process', 'leave_2', '--task', 'A')).toContain('--workflow-type Leave2Workflow2');
    // Its application files may hold client ID and secret.
    expect(await offered('process')).toBe('add process LEAVE3 --workflow-type Leave3Workflow');
    expect(await offered('process', 'TRIP', '--workflow-type', 'T', '--client-id', uuid(8, 1), '--dry-run')).toBe(
      `add process TRIP --workflow-type T --client-id ${uuid(8, 1)} --client-secret-stdin --dry-run`,
    );
  });

  it('reads the process from the API when nothing describes it', async () => {
    const tenant = await startLargeTenant();
    credentials = {
      KUFLOW_API_ENDPOINT: tenant.endpoint,
      KUFLOW_API_CLIENTID: uuid(8, 1),
      KUFLOW_API_CLIENTSECRET: 'canarysecret',
    };
    try {
      writeFileSync(path('application-local.yaml'), 'kuflow:\n  api:\n    tenantid: x\n');
      const ran = await add('process', 'EXPENSE', '--workflow-type', 'ExpenseWorkflow', '--sample', '5');
      expect(ran.status, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(
        /^Warning: kuflow\.api\.tenantid is not a setting; did you mean kuflow\.api\.tenant-id\?$/m,
      );
      const definition = read('processes/expense.process.yaml');
      expect(definition).toContain('task-queue: Q');
      expect(definition).toContain('APPLICANT:');
      for (const [file, text] of treeOf(project)) expect(text, file).not.toMatch(/canaryvalue|canarysecret/);
      const near = await add('process', 'HOLIDYA', '--workflow-type', 'X');
      expect(near.stderr).toContain('Did you mean HOLIDAY?');
      expect(near.stderr).toContain(
        'Or describe the process by flags: npx kuflow add process HOLIDYA --task <code[:kind]> --workflow-type X\n',
      );
    } finally {
      credentials = {};
      await tenant.close();
    }
  });

  it('rejects a workflow type that exists in code, and files that exist', async () => {
    edit('src/workflows.ts', (text) => `${text}export async function LeaveWorkflow() {}\n`);
    const type = await add(...LEAVE);
    expect(type.status).toBe(2);
    expect(type.stderr).toContain('src/workflows.ts already exports LeaveWorkflow');
    mkdirSync(path('src/processes/sick'), { recursive: true });
    writeFileSync(path('src/processes/sick/tasks.ts'), '// mine\n');
    const before = treeOf(project);
    const place = await add('process', 'SICK', '--task', 'A', '--workflow-type', 'Sick');
    expect(place.status).toBe(1);
    expect(place.stderr).toContain('src/processes/sick/tasks.ts');
    expect(treeOf(project)).toEqual(before);
  });
});

describe('add action', () => {
  it('writes the definition, the handler of its signal and the type of its input', async () => {
    writeFileSync(
      path('input.json'),
      '{"type":"object","properties":{"reason":{"type":"string"}},"required":["reason"]}',
    );
    const ran = await add('action', 'ESCALATE', '--name', 'Escalate it', '--schema', path('input.json'), '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ added: { kind: 'action', code: 'ESCALATE', process: 'LOAN' } });
    expect(actions(ran)).toEqual({
      'kuflow.process.yaml': 'written definition',
      'src/process/tasks.ts': 'written generated',
      'src/process/types.ts': 'written generated',
      'src/workflows.ts': 'written generated',
    });
    expect(read('src/process/tasks.ts')).toContain("escalate: signalAction<EscalateInput>('ESCALATE', 'Escalate'),");
    expect(read('src/process/types.ts')).toContain('export interface EscalateInput {\n  reason: string;\n}');
    expect(read('src/workflows.ts')).toContain(
      "kuflow.onAction(actions.escalate, () => log.info('User action: Escalate it'));",
    );
  });

  it('writes the workflow of an action with its registration, its activity and its test', async () => {
    const ran = await add('action', 'EXPORT:downloadable', '--available-to', 'initiator', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(actions(ran)).toEqual({
      'kuflow.process.yaml': 'written definition',
      'src/actions.ts': 'written new',
      'src/activities.ts': 'written generated',
      'src/workflows.ts': 'written generated',
      'test/workflows.test.ts': 'written generated',
    });
    expect(read('kuflow.process.yaml')).toContain(
      '\n\nactions:\n  - code: EXPORT\n    type: downloadable\n    workflow:\n      type: ExportWorkflow\n      task-queue: Q\n    available-to:\n      - initiator\n',
    );
    expect((JSON.parse(ran.stdout) as AddResult).next.at(-1)?.text).toBe(
      'also add the action to LOAN in the KuFlow app: task queue Q, workflow type ExportWorkflow',
    );
    expect(read('src/activities.ts')).toContain('`Process ${input.processId}\\n`');
    expect(read('src/actions.ts')).toContain('export async function ExportWorkflow(');
    expect(read('src/workflows.ts')).toContain("export * from './actions.ts';");
    expect(read('src/activities.ts')).toContain('async createExportDocument(input: {');
    const again = await add('action', 'EXPORT');
    expect(again.stderr).toContain('LOAN already has the action EXPORT');
    for (const same of [['EXPORT', '--available-to', 'initiator'], ['EXPORT:downloadable']])
      expect((await add('action', ...same)).stderr).toContain(
        'LOAN already has the action EXPORT, and its code is up to date\n',
      );
    const renamed = await add('action', 'EXPORT', '--name', 'Other');
    expect(renamed.stderr).toContain('LOAN already has the action EXPORT, which differs from these options');
    const other = await add('action', 'SECOND:start-workflow', '--workflow-type', 'ExportWorkflow');
    expect(other.stderr).toContain('Workflow type ExportWorkflow is already used by process LOAN');
  });

  it('completes the code for an action that was added to the definition by hand', async () => {
    edit(
      'kuflow.process.yaml',
      (text) => `${text}actions:\n  - { code: STOP, type: send-workflow-signal, signal: Stop }\n`,
    );
    const ran = await add('action', 'STOP');
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('Updated the code for action STOP of LOAN');
    expect(ran.stderr).toContain('if LOAN in the KuFlow app does not have the action yet, add it there');
    expect(read('src/workflows.ts')).toContain("kuflow.onAction(actions.stop, () => log.info('User action: STOP'));");
  });

  it.each([
    [['A:signal'], 'the type must be start-workflow, downloadable'],
    [['A', '--workflow-type', 'W'], '--workflow-type is not for actions of type send-workflow-signal'],
    [['A:create-task'], '--task is required for type create-task'],
    [['A', '--available-to', 'all'], '--available-to all: must be initiator or process-manager'],
    [['A:create-task', '--task', 'APPROVE'], 'actions[0].task'],
  ])('rejects %j', async (args, message) => {
    const before = treeOf(project);
    const ran = await add('action', ...args);
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain(message);
    expect(treeOf(project)).toEqual(before);
  });
});

describe('generate', () => {
  it('does nothing and succeeds if the code is up to date', async () => {
    const before = treeOf(project);
    for (const options of [[], ['--dry-run']])
      expect(await kuflow(project, 'generate', ...options)).toMatchObject({
        status: 0,
        stdout: '',
        stderr: 'The code is up to date\n',
      });
    expect(treeOf(project)).toEqual(before);
  });

  it('updates the code for everything that was edited in the definitions of all processes', async () => {
    expect((await add('process', 'LEAVE', '--task', 'REQUEST', '--workflow-type', 'LeaveWorkflow')).status).toBe(0);
    edit('kuflow.process.yaml', (text) =>
      text
        .replace('code: APPLY\n', 'code: APPLY\n    name: Apply for a loan\n')
        .replace('\ntasks:\n', '\ntasks:\n  - code: GREET\n    kind: message\n'),
    );
    edit('processes/leave.process.yaml', (text) => text.replace('code: REQUEST\n', 'code: REQUEST\n    name: Ask\n'));
    const ran = await kuflow(path('src'), 'generate', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ added: { kind: 'code' } });
    expect(actions(ran)).toMatchObject({
      'src/process/tasks.ts': 'written generated',
      'src/processes/leave/tasks.ts': 'written generated',
      'src/workflows.ts': 'written generated',
      'test/workflows.test.ts': 'written generated',
    });
    expect(read('src/process/tasks.ts')).toContain('/** Apply for a loan */');
    expect(read('src/workflows.ts')).toContain('await kuflow.message(tasks.greet');
    expect((await kuflow(project, 'generate')).stderr).toBe('The code is up to date\n');
  });

  it('leaves a file with local changes unless --edit names it', async () => {
    edit('src/workflows.ts', (text) => text.replace("log.info('Process started'", "log.info('Loan started'"));
    edit('kuflow.process.yaml', (text) => `${text}  - code: LAST\n    kind: message\n`);
    const left = await kuflow(project, 'generate', '--yes');
    expect(left.status).toBe(3);
    expect(left.stderr).toContain('Updated the code; 1 file was left unchanged');
    expect(left.stderr).toContain('npx kuflow generate --edit src/workflows.ts');
    const edited = await kuflow(project, 'generate', '--edit', 'src/workflows.ts');
    expect(edited.status, edited.stderr).toBe(0);
    expect(read('src/workflows.ts')).toContain("log.info('Loan started'");
    expect(read('src/workflows.ts')).toContain('tasks.last');
  });
});

describe('add activity', () => {
  it('adds a typed function, and needs approval for an edited file', async () => {
    const ran = await add('activity', 'sendMail', '--json');
    expect(ran.status).toBe(0);
    expect(actions(ran)).toEqual({ 'src/activities.ts': 'written generated' });
    expect(read('src/activities.ts')).toContain('\n  async sendMail(input: {\n');
    // Nobody edited it: what this tool wrote is its own.
    expect((await add('activity', 'other')).status).toBe(0);
    edit('src/activities.ts', (text) => `// mine\n${text}\nexport const mine = Object.freeze({\n  a: 1,\n});\n`);
    const left = await add('activity', 'third');
    expect(left.status).toBe(3);
    expect(read('src/activities.ts')).not.toContain('third');
    expect(left.stderr).toContain('npx kuflow add activity third --edit src/activities.ts');
    expect((await add('activity', 'third', '--edit', 'src/activities.ts')).status).toBe(0);
    expect(read('src/activities.ts')).toMatch(/^\/\/ mine\n/);
    expect(read('src/activities.ts')).toMatch(
      / {2}async third\([\s\S]*\n\}\);\n\nexport type Activities[\s\S]*\n  a: 1,\n\}\);\n$/,
    );
    // Together with a change in generated code.
    expect((await add('task', 'BOOK:system', '--edit', 'src/activities.ts')).status).toBe(0);
    for (const name of ['score', 'sendMail', 'other', 'third', 'book'])
      expect(read('src/activities.ts').split(`  async ${name}(`)).toHaveLength(2);
  });

  it.each([
    ['score', 'src/activities.ts already has the activity score'],
    ['KuFlow_Engine_createProcessItem', "reserved for KuFlow's own activities"],
    ['kuflow_x', "reserved for KuFlow's own activities"],
    ['send-mail', 'For example: sendMail\n'],
    ['a b', 'For example: aB\n'],
    ['\u{1f600}', 'For example: sendMail\n'],
    ['', '<name> must not be blank'],
    ['class', 'cannot be used as a function name'],
    ['a(){}', 'cannot be used as a function name'],
  ])('rejects %s with status 2', async (name, message) => {
    const before = treeOf(project);
    const ran = await add('activity', name);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(treeOf(project)).toEqual(before);
  });
});

describe('the project that is added to', () => {
  it('is found in a parent folder, and is required', async () => {
    const outside = temporaryFolder();
    const none = await kuflow(outside, 'add', 'task', 'X', '--json');
    expect(none.status).toBe(2);
    expect(none.stderr).toContain('No worker project here');
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { status: 2 } });
    const deep = await kuflow(path('src/kuflow'), 'add', 'task', 'X');
    expect(deep.status).toBe(0);
    expect(deep.stderr).toContain(`Added task X to LOAN in ${project}`);
  });

  it.each([
    ['of a newer form', '{"format":2}', 'created by a newer version of this tool'],
    ['broken', '{', 'is not valid'],
    ['in conflict', '{\n<<<<<<< HEAD\n', 'has conflicts from a git merge'],
    [
      'incomplete',
      '{"format":1,"template":{"language":"typescript"},"answers":{},"files":{}}',
      '"answers" is incomplete',
    ],
  ])('is rejected if its record is %s', async (_, text, message) => {
    writeFileSync(path('.kuflow/project.json'), text);
    const ran = await add('task', 'X');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain(message);
  });

  it('does not use its record as code or as a path', async () => {
    await add(...LEAVE);
    edit('.kuflow/project.json', (text) =>
      text
        .replace('"leaveScore"', '"x(){}; evil"')
        .replace(
          '"processes/leave.process.yaml": {',
          '"processes/../../out.process.yaml": {}, "processes/leave.process.yaml": {',
        ),
    );
    const ran = await add('task', 'X', '--process', 'LEAVE');
    expect(ran.status).toBe(0);
    for (const [file, text] of treeOf(join(project, 'src'))) expect(text, file).not.toContain('evil');
  });
});
