import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AddResult } from '../../src/commands/add/add-to-project.ts';
import { loadDefinition, listDefinitionFiles } from '../../src/process/definition/file.ts';
import { startInTerminal } from '../support/dev-command.ts';
import { installedBin, projectCopy } from '../support/generated-project.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform } from '../support/platform.ts';
import { processUser } from '../support/process-user.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { bareEnvironment, startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';

const onWindows = process.platform === 'win32';
const mark = newMark();
let folder: string;
let project: string;
let env: NodeJS.ProcessEnv;

const read = (file: string): string => readFileSync(join(project, file), 'utf8');
const kuflow = (...args: readonly string[]): Promise<CommandEnd> =>
  packedCommand('kuflow', args, { cwd: project, env });

/** Inserts `text` after the only line that contains `line`, as a person would. */
function insert(file: string, line: string, text: string): void {
  const before = read(file);
  const lines = before.split('\n');
  const found = lines.flatMap((one, at) => (one.includes(line) ? [at] : []));
  expect(found, `${line} in ${file}`).toHaveLength(1);
  lines.splice((found[0] ?? 0) + 1, 0, text);
  writeFileSync(join(project, file), lines.join('\n'));
}

function npm(...args: readonly string[]): Promise<{ readonly failed: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      onWindows ? 'npm.cmd' : 'npm',
      [...args],
      { cwd: project, env: { ...bareEnvironment(), ...env }, shell: onWindows, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => resolve({ failed: error !== null, output: out + err }),
    );
  });
}

const HAND = {
  workflow: "  log.info('Mine: the loan begins', { processId }); // by hand",
  activity: '    if (input.processId === "none") throw new Error("by hand");',
  helper:
    '\n/** By hand. */\nexport async function lookUp(input: { readonly id: string }): Promise<string> {\n  return input.id;\n}\n',
  readme: '\n## Mine\n\nWho to call when it burns.\n',
};

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'add-'));
  project = projectCopy(join(folder, 'loan-worker'));
  env = { KUFLOW_TEMPORAL_PATH: await temporalPath() };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('kuflow add in an edited project', () => {
  it('adds a process, tasks and an activity, and keeps the edits', async () => {
    insert('src/workflows.ts', "log.info('Process started'", HAND.workflow);
    insert('src/activities.ts', '// TODO: replace this sample', HAND.activity);
    writeFileSync(join(project, 'src/activities.ts'), read('src/activities.ts') + HAND.helper);
    writeFileSync(join(project, 'README.md'), read('README.md') + HAND.readme);
    const readme = read('README.md');

    const added = [
      'add',
      'process',
      'LEAVE',
      '--task',
      'REQUEST',
      '--task',
      'CHECK_CREDIT:system',
      '--workflow-type',
      'LeaveWorkflow',
    ];
    const dry = await kuflow(...added, '--dry-run', '--json');
    const shown = JSON.parse(dry.out) as AddResult;
    expect(shown.files.filter(({ action }) => action === 'left').map(({ path }) => path)).toEqual([
      'src/activities.ts',
      'src/workflows.ts',
    ]);
    const untouched = [read('src/workflows.ts'), read('src/activities.ts')];
    const first = await kuflow(...added);
    expect(first.status, first.err).toBe(3);
    expect([read('src/workflows.ts'), read('src/activities.ts')]).toEqual(untouched);
    const rest = await kuflow('add', 'process', 'LEAVE', '--edit', 'src/workflows.ts', '--edit', 'src/activities.ts');
    expect(rest.status, rest.out + rest.err).toBe(0);

    const both = ['--edit', 'src/workflows.ts', '--edit', 'src/activities.ts'];
    for (const args of [
      ['task', 'ARCHIVE:system', '--process', 'LOAN', '--after', 'APPROVE_LOAN', ...both],
      ['task', 'NOTIFY:message', '--process', 'LEAVE', '--name', 'Tell them'],
      ['task', 'BOOK:system', '--process', 'LEAVE'],
      ['activity', 'sendMail', '--edit', 'src/activities.ts'],
    ]) {
      const ran = await kuflow('add', ...args);
      expect(ran.status, ran.out + ran.err).toBe(0);
    }

    // This task is added to the definition by hand; the code for it is generated and unedited.
    writeFileSync(
      join(project, 'processes/leave.process.yaml'),
      `${read('processes/leave.process.yaml')}\n  - code: CLOSE\n    kind: system\n`,
    );
    const byHand = await kuflow('add', 'task', 'CLOSE', '--process', 'LEAVE');
    expect(byHand.status, byHand.out + byHand.err).toBe(0);
    expect(byHand.out).toContain('+++ b/src/processes/leave/workflows.ts');

    expect(read('README.md')).toBe(readme);
    // Every earlier line is still there, in the same order, byte for byte.
    for (const [file, before] of [
      ['src/workflows.ts', untouched[0]],
      ['src/activities.ts', untouched[1]],
    ] as const) {
      const lines = read(file).split('\n');
      let at = 0;
      const changed = (before ?? '').split('\n').filter((line) => {
        const found = lines.indexOf(line, at);
        if (found !== -1) at = found + 1;
        return found === -1;
      });
      expect(changed, file).toEqual([]);
    }
    expect(read('src/workflows.ts')).toContain(HAND.workflow);
    expect(read('src/activities.ts')).toContain(HAND.activity);
    expect(read('src/activities.ts')).toContain(HAND.helper);
    expect(read('src/processes/leave/activities.ts')).toContain('async leaveCheckCredit(');
  });

  it('shows the diff before it asks for confirmation in a terminal', async () => {
    const asked = async (
      name: string,
      key: string,
    ): Promise<{ readonly status: number | null; readonly output: string }> => {
      const command = startInTerminal([process.execPath, installedBin('kuflow'), 'add', 'activity', name], {
        cwd: project,
        mark,
      });
      await until('the question', () => command.output().includes('has local changes. Apply this change?'));
      expect(command.output()).toContain(`async ${name}(`);
      command.type(key);
      const { code } = await command.ended;
      return { status: code, output: command.output() };
    };
    const before = read('src/activities.ts');
    expect((await asked('interrupted', '\x03')).status).toBe(130);
    const no = await asked('refused', 'n\r');
    expect(no.status).toBe(3);
    expect(no.output).toContain('you declined the change');
    expect(read('src/activities.ts')).toBe(before);
    expect((await asked('wanted', 'y\r')).status).toBe(0);
    const [start = '', end = ''] = before.split('\n});\n');
    expect(read('src/activities.ts').startsWith(start)).toBe(true);
    expect(read('src/activities.ts').endsWith(end)).toBe(true);
    expect(read('src/activities.ts')).toContain('async wanted(');
  });

  it('leaves a project that passes its own type check, lint and tests', async () => {
    const lint = await npm('run', 'lint');
    expect(lint.failed, lint.output).toBe(false);
    const tests = await npm('test');
    expect(tests.failed, tests.output).toBe(false);
    for (const file of ['test/workflows.test.ts', 'test/leave.workflows.test.ts']) expect(tests.output).toContain(file);
  });

  it('runs both processes to completion with one worker', async () => {
    const built = await npm('run', 'build');
    expect(built.failed, built.output).toBe(false);
    const files = await listDefinitionFiles(project);
    expect(files).toEqual(['kuflow.process.yaml', 'processes/leave.process.yaml']);
    const definitions = await Promise.all(files.map((file) => loadDefinition(join(project, file))));
    const running = await startTestPlatform({ definitions });
    const user = await processUser(running.platform);
    const worker = startWorkerProcess(workerEnvironment(running.platform), project);
    try {
      await worker.ready();
      const [loan, leave] = [await user.start('LOAN'), await user.start('LEAVE')];
      const person = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 1 };
      await user.complete(loan, 'LOAN_APPLICATION', person);
      await user.complete(leave, 'REQUEST', {});
      await user.complete(loan, 'APPROVE_LOAN', { approved: true });
      const alive = (): void => {
        if (!worker.running()) throw new Error(worker.output());
      };
      for (const id of [loan, leave]) expect((await user.completed(id, alive)).state).toBe('COMPLETED');
      const activities = async (id: string): Promise<readonly string[]> =>
        (await user.history(id)).flatMap(({ type, attributes }) => {
          const name = (attributes['activityType'] as { readonly name?: string } | undefined)?.name ?? '';
          return type === 'ACTIVITY_TASK_SCHEDULED' && !name.startsWith('KuFlow_') ? [name] : [];
        });
      expect(await activities(loan)).toEqual(['checkCredit', 'archive']);
      expect(await activities(leave)).toEqual(['leaveCheckCredit', 'book', 'close']);
      expect(worker.output()).toContain('Mine: the loan begins');
    } finally {
      await worker.kill();
      await user.close();
      await running.remove();
    }
  });

  it('adds a process that kuflow dev serves, and that simulate offers and runs', async () => {
    const worker = ['--', process.execPath, '--import', 'tsx', 'src/main.ts', '--dev'];
    const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
    const which = await kuflow('dev', 'simulate', ...ports, ...worker);
    expect(which.status).toBe(2);
    expect(which.err).toContain('There are several process definitions: pass the code of one of them');
    expect(which.err).toContain('Available: LOAN, LEAVE');
    const leave = await kuflow('dev', 'simulate', 'LEAVE', ...ports, ...worker);
    expect(leave.status, leave.err).toBe(0);
    expect(leave.out).toContain('LEAVE is COMPLETED with valid data');
  });
});
