import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kuflowDev, startCommand } from '../support/dev-command.ts';
import { runHeavy } from '../support/lanes.ts';
import { newMark } from '../support/marked-processes.ts';
import {
  addAction,
  copyTypeCache,
  PYTHON_PACKAGE,
  pythonCommand,
  pythonProjectCopy,
  runPython,
} from '../support/python-project.ts';

runHeavy();

const PROCESS = `src/${PYTHON_PACKAGE}/loan`;
const WORKFLOW = `${PROCESS}/workflow.py`;
const MISTAKES = `${PROCESS}/mistakes.py`;
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];

const mark = newMark();
let folder: string;
let project: string;

/** Code with mistakes. The comment of a line names the rule that finds its mistake. */
const CODE_WITH_MISTAKES = `"""Mistakes in the code of a workflow and of activities."""

import asyncio
import time

import httpx
from kuflow_worker.workflow import KuFlowProcess

from . import tasks
from .activities import CheckCreditInput, LoanActivities
from .types import ApproveLoanData, LoanApplicationData, Metadata


async def run(kuflow: KuFlowProcess[Metadata], input: CheckCreditInput) -> str:
    kuflow.human_task(tasks.LOAN_APPLICATION)  # mypy finds unused-coroutine
    kuflow.message(tasks.LOAN_RESULT, text="Loan result")  # mypy finds unused-coroutine
    approval = kuflow.human_task(tasks.APPROVE_LOAN)
    if approval["approved"]:  # mypy finds index
        return "approved"
    if kuflow.thread(tasks.LOAN_DISCUSSION):  # mypy finds truthy-bool
        return "discussed"
    await kuflow.human_task(tasks.LOAN_RESULT)  # mypy finds arg-type
    await kuflow.system_task(tasks.CHECK_CREDIT, approve, input)  # mypy finds misc
    application = await kuflow.human_task(tasks.LOAN_APPLICATION)
    await kuflow.system_task(tasks.CHECK_CREDIT, LoanActivities.check_credit, application)  # mypy finds arg-type
    handle = await kuflow.open_task(tasks.LOAN_APPLICATION)
    handle.log("Opened")  # mypy finds unused-coroutine
    answer = kuflow.human_task(tasks.APPROVE_LOAN)  # ruff finds F841
    await kuflow.write_metadata({"firstNane": "Ada"})  # mypy finds typeddict-unknown-key
    return str(application["firstNane"])  # mypy finds typeddict-item


async def approve(_activities: LoanActivities, input: CheckCreditInput) -> ApproveLoanData:
    return {"approved": bool(input["process_id"])}


async def load(application: LoanApplicationData) -> str:
    time.sleep(1)  # ruff finds ASYNC251
    asyncio.create_task(asyncio.sleep(1))  # ruff finds RUF006, mypy finds unused-awaitable
    response = httpx.get("https://example.com")  # ruff finds ASYNC210
    with open(application["firstName"]) as file:  # ruff finds ASYNC230
        return file.read() + response.text
`;

/** The mistakes that a tool has to find, as `LINE RULE`. */
const mistakesFor = (tool: string): readonly string[] =>
  CODE_WITH_MISTAKES.split('\n').flatMap((line, index) => {
    const rule = new RegExp(`# .*\\b${tool} finds ([\\w-]+)`).exec(line)?.[1];
    return rule === undefined ? [] : [`${index + 1} ${rule}`];
  });

type Change = readonly [from: string, to: string];

/** Does something with changed code of the workflow. `line` is that of the first change. */
async function withChanges<Result>(changes: readonly Change[], run: () => Promise<Result>) {
  const path = join(project, WORKFLOW);
  const code = readFileSync(path, 'utf8');
  const changed = changes.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, code);
  writeFileSync(path, changed);
  try {
    const result = await run();
    return { ...result, line: changed.slice(0, changed.indexOf(changes[0]?.[1] ?? '')).split('\n').length };
  } finally {
    writeFileSync(path, code);
  }
}

const runTests = (...words: readonly string[]) => runPython(project, ['pytest', '-p', 'no:cacheprovider', ...words]);

/** Runs a command on the local KuFlow of the project. */
async function dev(name: string, ...words: readonly string[]) {
  const command = startCommand(kuflowDev(name, '--state-dir', join(folder, 'state'), ...PORTS, ...words), {
    cwd: project,
    mark,
    env: { WORKER_METRICSPORT: '0', WORKER_HEALTHPORT: '0' },
  });
  const { code: status } = await command.ended;
  return { status, out: command.output() };
}

beforeAll(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'python-workflows-'));
  project = pythonProjectCopy(join(folder, 'loan-worker'));
  // The lint checks their code too.
  for (const action of ['ESCALATE', 'EXPORT:downloadable', 'COUNT:start-workflow']) addAction(project, action);
});

afterAll(() => {
  expect(mark.alive()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describe('the lint of a Python project', () => {
  beforeAll(() => {
    writeFileSync(join(project, MISTAKES), CODE_WITH_MISTAKES);
    copyTypeCache(project);
  });

  afterAll(() => rmSync(join(project, MISTAKES)));

  it('finds tasks without await, misspelled keys and data of the wrong type [python: lint.await]', async () => {
    const { status, out } = await runPython(project, ['mypy']);
    expect(status, out).toBe(1);
    const found = [...out.matchAll(/^(\S+?):(\d+): error: .* \[([\w-]+)\]$/gm)];
    expect(found.map(([, path, line, rule]) => [path, `${line} ${rule}`])).toEqual(
      mistakesFor('mypy').map((mistake) => [MISTAKES, mistake]),
    );
    expect(out).toContain('Did you mean "firstName"?');
  });

  it('finds calls that block activities, and tasks of asyncio that can be lost', async () => {
    const { status, out } = await runPython(project, ['ruff', 'check', '--no-cache', '--output-format', 'concise']);
    expect(status, out).toBe(1);
    const found = [...out.matchAll(/^(\S+?):(\d+):\d+: ([A-Z]+\d+) /gm)];
    expect(found.map(([, path, line, rule]) => [path, `${line} ${rule}`])).toEqual(
      mistakesFor('ruff').map((mistake) => [MISTAKES, mistake]),
    );
  });
});

describe('the tests of a Python project', () => {
  const STARTED = 'workflow.logger.info("Process started")';
  const completes = () => runTests('tests/test_loan_workflow.py', '-k', 'completes');

  it('fail at once and show the line of the workflow that reads the clock [python: failures.test]', async () => {
    const changes: Change[] = [
      [STARTED, 'workflow.logger.info("Process started", extra={"at": str(datetime.now())})'],
      ['import timedelta', 'import datetime, timedelta'],
    ];
    const { status, out, line } = await withChanges(changes, completes);
    expect(status).toBe(1);
    expect(out).toContain('A workflow task failed: RestrictedWorkflowAccessError: Cannot access datetime.datetime.now');
    expect(out).toContain(`${WORKFLOW}:${line}: in _handle_tasks`);
  });

  describe('with a module that the workflow imports', () => {
    const path = `${PROCESS}/helper.py`;
    const changes: Change[] = [
      [STARTED, 'workflow.logger.info(helper.help())'],
      ['import tasks', 'import helper, tasks'],
    ];

    const writeHelper = (library: string, use: string): void =>
      writeFileSync(join(project, path), `import ${library}\n\n\ndef help() -> str:\n    return str(${use})\n`);

    afterAll(() => rmSync(join(project, path)));

    it.each([
      ['random', 'random.random()'],
      ['os', 'os.environ["PATH"]'],
    ])('find the use of %s that is not deterministic, with its line', async (library, use) => {
      writeHelper(library, use);
      const { status, out } = await withChanges(changes, completes);
      expect(status).toBe(1);
      expect(out).toContain(`Cannot access ${/^[\w.]+/.exec(use)?.[0]}`);
      expect(out).toContain(`${path}:5: in help`);
    });

    it('reject a library that workflow code must not import, as the worker does', async () => {
      writeHelper('httpx', 'httpx.get("http://127.0.0.1")');
      const tested = await withChanges(changes, completes);
      expect(tested.status).toBe(1);
      expect(tested.out).toContain('Cannot access urllib.request');
      expect(tested.out).toContain(`${path}:1: in <module>`);

      const started = await withChanges(changes, () => dev('exec', '--', ...pythonCommand(project), '--dev'));
      expect(started.status, started.out).toBe(1);
      expect(started.out).toContain('Failed validating workflow LoanWorkflow');
      expect(started.out).toContain('Cannot access urllib.request');
      expect(started.out).toContain(`helper.py", line 1, in <module>`);
    });
  });

  it('replay a history of the local KuFlow, and reject swapped tasks and a history of other code [python: replay.items, replay.histories]', async () => {
    const simulated = await dev('simulate', 'LOAN', '--', ...pythonCommand(project));
    const id = /Timeline of LOAN ([0-9a-f-]{36})/.exec(simulated.out)?.[1] ?? simulated.out;
    const histories = join(project, 'tests', 'histories');
    const history = join(histories, 'loan.json');
    const print = [...kuflowDev('history'), id, '--state-dir', join(folder, 'state'), '--output', history];
    expect(await dev('exec', '--', ...print)).toMatchObject({ status: 0 });

    // One activity creates every item, so Temporal alone does not notice reordered tasks.
    const changes: Change[] = [
      ['loan_application = ', 'await (await kuflow.open_task(tasks.APPROVE_LOAN)).done\n        loan_application = '],
    ];
    const moved = await withChanges(changes, () => runTests('tests/test_replay.py'));
    expect(moved.status).toBe(1);
    expect(moved.out).toContain(
      'Item 1 of the process is TASK LOAN_APPLICATION in the history, but the workflow code creates TASK APPROVE_LOAN',
    );

    const other = readFileSync(history, 'utf8').replace('"KuFlow_Engine_createProcessItem"', '"KuFlow_Engine_other"');
    writeFileSync(join(histories, 'other.json'), other);
    const replayed = await runTests('tests/test_replay.py');
    expect(replayed.out).toMatch(/1 failed, 1 passed/);
    expect(replayed.out).toMatch(/FAILED tests\/test_replay\.py::\S+\[other\.json\]/);
    expect(replayed.out).toMatch(/[Nn]ondetermini/);
  });
});
