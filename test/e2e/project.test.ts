import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readRunningState } from '../../src/platform/state/running-state.ts';
import { startCommand } from '../support/dev-command.ts';
import { installedBin, projectCopy } from '../support/generated-project.ts';
import { installedNode } from '../../scripts/installed-node.mjs';
import { runHeavy } from '../support/lanes.ts';
import { answerTask, processCompletes, startLoan, taskOf, userOf } from '../support/loan-process.ts';
import { passLocalTests } from '../support/local-tests.ts';
import { newMark } from '../support/marked-processes.ts';
import { projectFiles } from '../support/project-files.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runHeavy();

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly all: string;
}

const onWindows = process.platform === 'win32';
const mark = newMark();
let folder: string;
let project: string;
let environment: NodeJS.ProcessEnv;

/** Runs a command in the project, as its README shows it. */
function run(words: readonly [string, ...string[]], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [program, ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(onWindows ? `${program}.cmd` : program, args, {
      cwd: project,
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: onWindows,
    });
    let out = '';
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      all += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (all += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, all }));
  });
}

async function succeeds(words: readonly [string, ...string[]], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const ended = await run(words, more);
  expect(ended.status, ended.all).toBe(0);
  return ended;
}

/** The path of a script that runs `program` and records in `trace` that it did. */
function traced(program: string, trace: string): string {
  const path = join(folder, 'traced.sh');
  writeFileSync(path, `#!/bin/sh\necho started >> '${trace}'\nexec '${program}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'project-'));
  project = projectCopy(join(folder, 'loan-worker'));
  environment = { ...bareEnvironment(), ...mark.env, KUFLOW_TEMPORAL_PATH: await temporalPath() };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Follows the test in the README. The last test ends with its runner. */
const MORE_LOCAL_TESTS = `
import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';

it('acts as other users, injects faults, and reports why a wait fails', async () => {
  const again = await openLocalKuFlow();
  await expect(again.as('eve@example.com').start('LOAN')).rejects.toThrow(
    'does not have the user eve@example.com. Its users: ada@example.com, bob@example.com',
  );
  const loan = await again.as('Bob@example.com').start('LOAN');
  const application = loan.task('LOAN_APPLICATION');
  await expect(application.complete({ amount: 'much' })).rejects.toThrow(/LOAN_APPLICATION is not valid: .*amount type/);
  await expect(loan.as('ada@example.com').task('LOAN_APPLICATION').complete()).rejects.toThrow('failed with 403');
  await application.complete({ firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 });
  await again.skip('4 days');
  const message = 'No decision after three days';
  expect(await loan.logs()).toEqual([{ code: 'APPROVE_LOAN', level: 'WARN', message }]);
  await loan.signal('Unknown_Signal', { any: ['value'] });
  await again.fault('createProcessItem', { kind: 'status', status: 503 }, 1_000);
  await loan.task('APPROVE_LOAN').complete({ approved: true });
  await expect.poll(() => loan.wait('COMPLETED', { limit: 100 }).catch(String), { timeout: 150_000 }).toMatch(
    /^Error: Process LOAN \\S+ is not COMPLETED after 0.1 s: it is RUNNING\\nOpen tasks: none\\nWorker: .+ polls\\nLast failure: KuFlow_Engine_createProcessItem, attempt \\d+: Rest Invocation error/,
  );
  const items = await loan.items();
  expect(items.map((item) => item.task?.state)).toEqual(['COMPLETED', 'COMPLETED', undefined, 'COMPLETED']);
  expect(items[0].task.data).toMatchObject({ valid: true, value: { amount: 10 } });
  await again.close();
});

it('waits until the runner ends', async () => {
  writeFileSync(process.env.TMPDIR + '/last', '');
  const loan = await kuflow.start('LOAN');
  await loan.wait('COMPLETED', { limit: 500_000 });
}, 600_000);
`;

describe('a project created by the packed package', () => {
  // `add.test.ts` and `update.test.ts` run the lint without mistakes, and the build.
  it('has the CLI as a development dependency, and its lint finds mistakes [lint.await, lint.exports]', async () => {
    const { version } = JSON.parse(
      readFileSync(join(inject('cliFolder'), 'node_modules/create-kuflow-worker/package.json'), 'utf8'),
    ) as {
      version: string;
    };
    expect((await succeeds(['npx', '--no-install', 'kuflow', '--version'])).out.trim()).toBe(version);
    const task = join(project, 'src', 'mistake.ts');
    writeFileSync(task, 'export const count: number = "one";\n');
    const failed = await run(['npm', 'run', 'lint']);
    expect(failed.status).not.toBe(0);
    expect(failed.all).toContain('mistake.ts');
    rmSync(task);

    const workflows = join(project, 'src', 'workflows.ts');
    const code = readFileSync(workflows, 'utf8');
    const helpers =
      'export const limit = 5;\nexport function half(amount: number): number {\n  return amount / 2;\n}\n' +
      // KuFlow passes one argument, and a run that continues as new can pass more.
      'export async function Round(request: WorkflowRequest, round = 0): Promise<unknown> {\n  return [request, round];\n}\n' +
      'export async function Sum(first: number, second: number): Promise<number> {\n  return first + second;\n}\n';
    writeFileSync(workflows, `${code.replace('await kuflow.thread(', 'kuflow.thread(')}\n${helpers}`);
    const mistakes = await run(['npx', '--no-install', 'eslint', 'src/workflows.ts']);
    writeFileSync(workflows, code);
    expect(mistakes.status).toBe(1);
    expect(mistakes.out.match(/\S+$/gm)?.filter((word) => /^@typescript-eslint|^no-/.test(word))).toEqual([
      '@typescript-eslint/no-floating-promises',
      'no-restricted-syntax',
      'no-restricted-syntax',
      'no-restricted-syntax',
    ]);
  });

  it('passes its own tests on the server that the tool finds and the Node.js version of its image and CI, also if the workflow reads and writes the metadata of its process', async () => {
    const found = spawnSync(process.execPath, [installedBin('kuflow'), 'dev', 'server-path', '--time-skipping'], {
      encoding: 'utf8',
    });
    expect(found.status, found.stderr).toBe(0);
    const server = found.stdout.trim();
    const trace = join(folder, 'trace');
    const [, version = ''] = /^FROM node:([\d.]+)/m.exec(readFileSync(join(project, 'Dockerfile'), 'utf8')) ?? [];
    const PATH = [dirname(await installedNode(version)), environment['PATH']].join(delimiter);
    expect((await succeeds(['npx', '--no-install', 'node', '--version'], { PATH })).out.trim()).toBe(`v${version}`);
    const file = join(project, 'src', 'workflows.ts');
    const before = readFileSync(file, 'utf8');
    const use = 'await kuflow.writeMetadata({ lastName: `${(await kuflow.readMetadata()).firstName ?? ""} L.` });';
    const after = before.replace(/^( +)log\.info\(.*$/m, (line, indent: string) => `${line}\n${indent}${use}`);
    expect(after).not.toBe(before);
    writeFileSync(file, after);
    const { all } = await succeeds(['npm', 'test'], {
      PATH,
      KUFLOW_TEMPORAL_TEST_SERVER_PATH: onWindows ? server : traced(server, trace),
    });
    writeFileSync(file, before);
    expect(all).not.toMatch(/skipped|todo|Warning/);
    if (!onWindows) expect(readFileSync(trace, 'utf8')).toContain('started');
  });

  it('fails its workflow tests at once with the line that throws, or with the name of an unknown workflow type [failures.test]', async () => {
    const file = join(project, 'src', 'workflows.ts');
    const code = readFileSync(file, 'utf8');
    const broken = code.replace(
      'if (!approveLoan.approved) {',
      "$&\n    if (processId) throw new Error('broken workflow');",
    );
    const line = broken.split('\n').findIndex((text) => text.includes('broken workflow')) + 1;
    const unknown = join(project, 'test', 'unknown.test.ts');
    const test = readFileSync(join(project, 'test', 'workflows.test.ts'), 'utf8');
    writeFileSync(unknown, test.replace("WORKFLOW_TYPE = 'LoanWorkflow'", "WORKFLOW_TYPE = 'UnknownWorkflow'"));
    writeFileSync(file, broken);
    const files = ['test/workflows.test.ts', 'test/unknown.test.ts'];
    const limit = ['--testTimeout', '120000', '-t', 'completes|not approved|three days'];
    const failed = await run(['npx', '--no-install', 'vitest', 'run', '--no-color', ...limit, ...files]);
    writeFileSync(file, code);
    rmSync(unknown);
    expect(failed.status).toBe(1);
    expect(failed.all).toContain('Error: broken workflow');
    expect(failed.all).toContain(`src/workflows.ts:${line}:`);
    expect(failed.all).toContain("Failed to initialize workflow of type 'UnknownWorkflow'");
    expect(failed.all).not.toContain('timed out');
    // After the test that fails, the time of the test server still passes quickly.
    expect(failed.all).toMatch(/Tests +4 failed \| 2 passed/);
  });

  it('passes its own check on the local platform, and fails without one', async () => {
    const { out } = await succeeds(['npx', 'kuflow', 'dev', 'exec', '--', 'npm', 'run', '--silent', 'check']);
    const steps = out.match(/^ok +(\w+)/gm)?.map((line) => line.split(/ +/)[1]);
    expect(steps).toEqual(['settings', 'rest', 'token', 'certificate', 'connect', 'namespace']);
    const alone = await run(['npm', 'run', '--silent', 'check']);
    expect(alone.status).toBe(2);
    expect(alone.all).toContain('kuflow.api.client-id');
  });

  it('has a launch configuration whose command runs the worker on the local KuFlow [debug.launch]', async () => {
    const text = readFileSync(join(project, '.vscode', 'launch.json'), 'utf8').replaceAll(
      '${workspaceFolder}',
      project,
    );
    const { configurations } = JSON.parse(text) as {
      configurations: [{ runtimeExecutable: string; runtimeArgs: readonly string[] }];
    };
    const [{ runtimeExecutable, runtimeArgs }] = configurations;
    const { out } = await succeeds([runtimeExecutable, ...runtimeArgs, '--check']);
    expect(out).toMatch(/^ok +namespace/m);
  });

  it('completes a process in its smoke test, replays its history, and rejects swapped tasks and a history from different code [replay.items, replay.histories]', async () => {
    const smoke = await succeeds(['npm', 'run', 'smoke']);
    expect(smoke.out).toContain('LOAN is COMPLETED with valid data');
    const id = /Timeline of LOAN ([0-9a-f-]{36})/.exec(smoke.out)?.[1] ?? '';

    const histories = join(project, 'test', 'histories');
    const file = join(histories, 'loan.json');
    await succeeds(['npx', 'kuflow', 'dev', 'exec', '--', 'npx', 'kuflow', 'dev', 'history', id, '--output', file]);
    const history = readFileSync(file, 'utf8');
    const other = history.replace('"KuFlow_Engine_createProcessItem"', '"KuFlow_Engine_retrieveProcess"');
    expect(other).not.toBe(history);
    writeFileSync(join(histories, 'other.json'), other);
    const failed = await run(['npm', 'run', 'replay']);
    expect(failed.status).not.toBe(0);
    expect(failed.all).toContain('1 passed');
    expect(failed.all).toMatch(/other\.json/);
    expect(failed.all).toMatch(/[Nn]ondetermini/);
    rmSync(join(histories, 'other.json'));

    // One activity creates every item, so Temporal alone does not notice reordered tasks.
    const workflows = join(project, 'src', 'workflows.ts');
    const code = readFileSync(workflows, 'utf8');
    const [first, second] = ['humanTask(tasks.loanApplication', 'humanTask(tasks.approveLoan'];
    const swapped = code.replace(first, 'SWAP').replace(second, first).replace('SWAP', second);
    expect(swapped).not.toBe(code);
    writeFileSync(workflows, swapped);
    const moved = await run(['npm', 'run', 'replay']);
    writeFileSync(workflows, code);
    expect(moved.status).not.toBe(0);
    expect(moved.all).toContain(
      'Item 1 of the process is TASK LOAN_APPLICATION in the history, but the workflow code creates TASK APPROVE_LOAN',
    );
  });

  it.runIf(!onWindows)(
    'runs the test in its README and tests with other users on a local KuFlow, and leaves nothing behind when the runner is killed [test.local]',
    () =>
      passLocalTests({
        project,
        file: 'test/local.test.ts',
        exampleStart: 'import { openLocalKuFlow }',
        extend: (example) => example + MORE_LOCAL_TESTS,
        command: [
          process.execPath,
          'node_modules/vitest/vitest.mjs',
          'run',
          '--bail=1',
          '--testTimeout=300000',
          'test/local.test.ts',
        ],
        worker: 'src/main.ts',
      }),
  );

  it('follows its definition under npm run dev: running processes finish with theirs, and new ones use the new one', async () => {
    const { edit } = projectFiles(() => project);
    const worker = startCommand(onWindows ? ['npm.cmd', 'run', 'dev'] : ['npm', 'run', 'dev'], {
      cwd: project,
      mark,
      env: { KUFLOW_TEMPORAL_PATH: await temporalPath() },
    });
    const says = (text: string): Promise<boolean> =>
      until(text, () => worker.output().includes(text)).catch((error: unknown) => {
        throw new Error(worker.output(), { cause: error });
      });
    const state = await until('the platform is ready', () => readRunningState(join(project, '.kuflow/dev')));
    const user = userOf(state);
    try {
      const running = await startLoan(user, state);
      const application = await taskOf(user, running, 'LOAN_APPLICATION');

      edit('kuflow.process.yaml', '          - amount\n', '          - amount\n          - purpose\n');
      await says('LOAN: field purpose of task LOAN_APPLICATION is required now');
      edit('kuflow.process.yaml', 'tasks:\n', 'tasks:\n  - code: REVIEW\n    kind: humane\n');
      await says('tasks[0].kind must be human, system, message or thread');
      edit('kuflow.process.yaml', 'humane', 'human');
      await says('LOAN: task REVIEW was added');
      await says('Regenerated src/process/tasks.ts');

      const later = await taskOf(user, await startLoan(user, state), 'LOAN_APPLICATION');
      await answerTask(user, application, 'LOAN_APPLICATION');
      await answerTask(user, await taskOf(user, running, 'APPROVE_LOAN'), 'APPROVE_LOAN');
      await processCompletes(user, running);

      const code = '  const loanApplication = await kuflow.humanTask(tasks.loanApplication);\n';
      edit('src/workflows.ts', code, `  await kuflow.humanTask(tasks.review);\n\n${code}`);
      // The worker restarts. Until then, a process starts with the old code.
      await until('a process with the new task', async () => {
        const started = await startLoan(user, state);
        return until('its first task', async () => {
          const { content } = await user.findProcessItems({ processId: [started] });
          return content[0]?.processItemDefinitionRef?.code;
        }).then((first) => first === 'REVIEW');
      });
      // The same data is not enough for the new version.
      await user.claimProcessItemTask(later.id);
      const data = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
      await user.updateProcessItemTaskData(later.id, data);
      expect((await user.retrieveProcessItem(later.id)).task?.data).toMatchObject({
        valid: false,
        errors: [{ propertyPath: '/purpose', type: 'required' }],
      });
    } finally {
      await user.close();
      process.kill(state.pid, 'SIGTERM');
      await worker.ended;
    }
  });

  it('names a module that workflows must not import', async () => {
    const workflows = join(project, 'src', 'workflows.ts');
    const text = readFileSync(workflows, 'utf8');
    writeFileSync(workflows, `${text}\nimport { readFileSync } from 'node:fs';\nexport const names = readFileSync;\n`);
    const worker = [process.execPath, '--import', 'tsx', 'src/main.ts', '--dev'];
    const failed = await run(['npx', 'kuflow', 'dev', 'exec', '--', ...worker]);
    expect(failed.status, failed.all).toBe(1);
    expect(failed.all).toContain('node:fs');
    writeFileSync(workflows, text);
  });

  it.runIf(!onWindows)('leaves no process running, and no secret in the project', () => {
    expect(mark.alive()).toEqual([]);
    expect(existsSync(join(project, 'application-local.yaml'))).toBe(false);
  });
});
