import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeJava } from '../support/describe-workers.ts';
import { runHeavy } from '../support/lanes.ts';
import { MAVEN } from '../../src/languages/java/tools.ts';
import { kuflowDev, startCommand } from '../support/dev-command.ts';
import { newMark } from '../support/marked-processes.ts';
import { javaWorkerProject } from '../support/worker-project.ts';

runHeavy();

const CODE = join('src', 'main', 'java', 'com', 'example', 'loanworker');
const WORKFLOW = join(CODE, 'loan', 'LoanWorkflowImpl.java');
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];

const mark = newMark();
let folder: string;
let project: string;

/** Runs a test class of the project. */
function runTest(name: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(MAVEN, ['-B', '-o', '-q', 'test', `-Dtest=${name}`], {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** Runs a test class with changed code of the workflow. `line` is that of the change. */
function runChanged(name: string, from: string, to: string) {
  const path = join(project, WORKFLOW);
  const code = readFileSync(path, 'utf8');
  const changed = code.replace(from, to);
  expect(changed).not.toBe(code);
  writeFileSync(path, changed);
  try {
    return { ...runTest(name), line: code.slice(0, code.indexOf(from)).split('\n').length };
  } finally {
    writeFileSync(path, code);
  }
}

/** Runs a command on the local KuFlow of the project, and returns its output. */
async function dev(name: string, ...words: readonly string[]): Promise<string> {
  const command = startCommand(kuflowDev(name, '--state-dir', join(folder, 'state'), ...PORTS, ...words), {
    cwd: project,
    mark,
    env: { WORKER_METRICSPORT: '0', WORKER_HEALTHPORT: '0' },
  });
  const ended = await command.ended;
  expect(ended.code, command.output()).toBe(0);
  return command.output();
}

beforeAll(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'java-workflows-'));
  project = join(folder, 'loan-worker');
  const from = javaWorkerProject();
  const left = ['target', join(CODE, 'trial')];
  cpSync(from, project, { recursive: true, filter: (path) => !left.includes(relative(from, path)) });
}, 400_000);

afterAll(() => {
  expect(mark.alive()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describeJava('the tests of a Java project', () => {
  it('fail at once and show the line of the workflow that throws [java: failures.test]', () => {
    const { status, output, line } = runChanged(
      'LoanWorkflowTest',
      'if (!approveLoan.approved()) {',
      'if (processId != null) throw new IllegalStateException("broken workflow"); if (!approveLoan.approved()) {',
    );
    expect(status).not.toBe(0);
    expect(output).toContain('A workflow task failed: java.lang.IllegalStateException: broken workflow');
    expect(output).toContain(`LoanWorkflowImpl.java:${line}`);
  });

  it('find a call in workflow code that is not deterministic, with its line', () => {
    const { status, output, line } = runChanged(
      'WorkflowRulesTest',
      'LOG.info("Process started");',
      'LOG.info("Process started at {}", java.time.Instant.now());',
    );
    expect(status).not.toBe(0);
    expect(output).toContain(`(LoanWorkflowImpl.java:${line}): use Workflow.currentTimeMillis()`);
  });

  it('replay a history of the local KuFlow, and reject swapped tasks [java: replay.items, replay.histories]', async () => {
    const jar = join(javaWorkerProject(), 'target', 'app.jar');
    const simulated = await dev('simulate', 'LOAN', '--', 'java', '-jar', jar);
    const id = /Timeline of LOAN ([0-9a-f-]{36})/.exec(simulated)?.[1] ?? '';
    const history = join(project, 'src', 'test', 'resources', 'histories', 'loan.json');
    const print = [...kuflowDev('history'), id, '--state-dir', join(folder, 'state'), '--output', history];
    await dev('exec', '--', ...print);
    expect(runTest('ReplayTest')).toMatchObject({ status: 0 });

    // Every item is created by the same activity, so Temporal itself does not notice that two tasks changed places.
    const moved = runChanged('ReplayTest', '// Loan application', 'kuflow.openTask(LoanTasks.APPROVE_LOAN).done();');
    expect(moved.status).not.toBe(0);
    expect(moved.output).toContain(
      'loan.json: Item 1 of the process is TASK LOAN_APPLICATION in the history, but the workflow code creates TASK APPROVE_LOAN',
    );
  });
});
