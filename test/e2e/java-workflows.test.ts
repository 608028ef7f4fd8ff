import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeJava } from '../support/describe-workers.ts';
import { runHeavy } from '../support/lanes.ts';
import { MAVEN } from '../../src/languages/java/maven.ts';
import { kuflowDev, startCommand } from '../support/dev-command.ts';
import { newMark } from '../support/marked-processes.ts';
import { javaSimulation, javaWorkerProject } from '../support/worker-project.ts';

runHeavy();

const CODE = join('src', 'main', 'java', 'com', 'example', 'loanworker');
const WORKFLOW = join(CODE, 'loan', 'LoanWorkflowImpl.java');
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];

const mark = newMark();
let folder: string;
let project: string;

/** Runs test classes of the project. */
function runTest(names: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(MAVEN, ['-B', '-o', '-q', 'test', `-Dtest=${names}`], {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** Runs test classes with changed code of the workflow. `lines` are those of the changes. */
function runChanged(names: string, ...changes: readonly (readonly [from: string, to: string])[]) {
  const path = join(project, WORKFLOW);
  const code = readFileSync(path, 'utf8');
  const changed = changes.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, code);
  writeFileSync(path, changed);
  try {
    return { ...runTest(names), lines: changes.map(([from]) => code.slice(0, code.indexOf(from)).split('\n').length) };
  } finally {
    writeFileSync(path, code);
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'java-workflows-'));
  project = join(folder, 'loan-worker');
  const from = javaWorkerProject();
  const left = ['target', join(CODE, 'trial')];
  cpSync(from, project, { recursive: true, filter: (path) => !left.includes(relative(from, path)) });
});

afterAll(() => {
  expect(mark.alive()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describeJava('the tests of a Java project', () => {
  describe('with a workflow that throws, and that reads the clock', () => {
    let ended: ReturnType<typeof runChanged>;

    beforeAll(() => {
      ended = runChanged(
        'LoanWorkflowTest,WorkflowRulesTest',
        [
          'if (!approveLoan.approved()) {',
          'if (processId != null) throw new IllegalStateException("broken workflow"); if (!approveLoan.approved()) {',
        ],
        ['LOG.info("Process started");', 'LOG.info("Process started at {}", java.time.Instant.now());'],
      );
    });

    it('fail at once and show the line of the workflow that throws [java: failures.test]', () => {
      const { status, output, lines } = ended;
      expect(status).not.toBe(0);
      expect(output).toContain('A workflow task failed: java.lang.IllegalStateException: broken workflow');
      expect(output).toContain(`LoanWorkflowImpl.java:${lines[0]}`);
    });

    it('find a call in workflow code that is not deterministic, with its line', () => {
      expect(ended.output).toContain(`(LoanWorkflowImpl.java:${ended.lines[1]}): use Workflow.currentTimeMillis()`);
    });
  });

  it('replay a history of the local KuFlow, and reject swapped tasks [java: replay.items, replay.histories]', async () => {
    const { output, stateDir } = javaSimulation();
    const id = /Timeline of LOAN ([0-9a-f-]{36})/.exec(readFileSync(output, 'utf8'))?.[1] ?? '';
    const history = join(project, 'src', 'test', 'resources', 'histories', 'loan.json');
    const state = ['--state-dir', stateDir];
    const print = [...kuflowDev('history'), id, ...state, '--output', history];
    const printed = startCommand(kuflowDev('exec', ...state, ...PORTS, '--', ...print), { cwd: project, mark });
    expect((await printed.ended).code, printed.output()).toBe(0);
    const replayed = runTest('ReplayTest');
    expect(replayed.status, replayed.output).toBe(0);

    // One activity creates every item, so Temporal alone does not notice reordered tasks.
    const moved = runChanged('ReplayTest', [
      'LoanApplicationData loanApplication =',
      'kuflow.openTask(LoanTasks.APPROVE_LOAN).done();\n        LoanApplicationData loanApplication =',
    ]);
    expect(moved.status).not.toBe(0);
    expect(moved.output).toContain(
      'loan.json: Item 1 of the process is TASK LOAN_APPLICATION in the history, but the workflow code creates TASK APPROVE_LOAN',
    );
  });
});
