import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { passLocalTests } from '../support/local-tests.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { addAction, pythonProjectCopy } from '../support/python-project.ts';
import { uvEnvironment } from '../support/uv.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';

/** Follows the test in the README. The last test ends with its runner. */
const MORE_LOCAL_TESTS = `
import os
from datetime import timedelta
from pathlib import Path

import pytest


async def failure_of(loan):
    with pytest.raises(AssertionError) as failed:
        await loan.wait("COMPLETED", seconds=0.1)
    return str(failed.value)


async def test_invokes_user_actions(local_kuflow: LocalKuFlow) -> None:
    loan = await local_kuflow.start("LOAN")
    await loan.task("LOAN_APPLICATION").complete()
    with pytest.raises(RuntimeError, match="failed with 403"):
        await loan.as_user("bob@example.com").act("WITHDRAW")
    assert "type=text/plain;size=45;name=document.txt" in (await loan.act("EXPORT"))["downloadable"]["documentUri"]
    assert (await loan.act("WITHDRAW"))["status"] == "COMPLETED"
    await loan.wait("COMPLETED", seconds=300)
    items = await loan.items()
    assert {item["task"]["state"] for item in items if "task" in item} <= {"COMPLETED", "CANCELLED"}
    assert items[-1]["message"]["text"] == "You withdrew your application"


async def test_acts_as_other_users_injects_faults_and_reports_why_a_wait_fails(local_kuflow: LocalKuFlow) -> None:
    unknown = "does not have the user eve@example.com. Its users: ada@example.com, bob@example.com"
    with pytest.raises(ValueError, match=unknown):
        await local_kuflow.as_user("eve@example.com").start("LOAN")
    loan = await local_kuflow.as_user("Bob@example.com").start("LOAN")
    application = loan.task("LOAN_APPLICATION")
    with pytest.raises(ValueError, match="LOAN_APPLICATION is not valid: .*amount type"):
        await application.complete({"amount": "much"})
    with pytest.raises(RuntimeError, match="failed with 403"):
        await loan.as_user("ada@example.com").task("LOAN_APPLICATION").complete()
    await application.complete({"firstName": "Ada", "lastName": "Lovelace", "currency": "EUR", "amount": 10})
    await local_kuflow.skip(timedelta(days=4))
    [log] = await loan.logs()
    assert (log.code, log.level, log.message) == ("APPROVE_LOAN", "WARN", "No decision after three days")
    await loan.signal("Unknown_Signal", {"any": ["value"]})
    await local_kuflow.fault("createProcessItem", {"kind": "status", "status": 503}, times=1_000)
    await loan.task("APPROVE_LOAN").complete({"approved": True})
    failure = ""
    while "Last failure" not in failure:
        failure = await failure_of(loan)
    first, *others = failure.splitlines()
    assert first == f"Process LOAN {loan.id} is not COMPLETED after 0.1 s: it is RUNNING"
    assert others[0] == "Open tasks: none"
    assert others[1].startswith("Worker: ") and others[1].endswith(" polls")
    assert others[2].startswith("Last failure: KuFlow_Engine_createProcessItem, attempt ")
    items = await loan.items()
    assert [item["task"]["state"] for item in items if "task" in item] == ["COMPLETED", "COMPLETED", "COMPLETED"]
    assert items[0]["task"]["data"]["value"]["amount"] == 10


async def test_waits_until_the_runner_ends(local_kuflow: LocalKuFlow) -> None:
    Path(os.environ["TMPDIR"], "last").touch()
    loan = await local_kuflow.start("LOAN")
    await loan.wait("COMPLETED", seconds=500)
`;

// `update.test.ts` runs its own checks and tests.
describe('a Python project from the packed command', () => {
  let folder: string;
  let project: string;
  let environment: NodeJS.ProcessEnv;
  let running: TestPlatform;
  let user: ProcessUser;
  let worker: WorkerProcess | undefined;

  beforeAll(async () => {
    environment = await uvEnvironment();
    folder = mkdtempSync(join(inject('runFolder'), 'python-project-'));
    project = pythonProjectCopy(join(folder, 'loan-worker'));
    addAction(project, 'EXPORT:downloadable');
    running = await startTestPlatform();
    user = await processUser(running.platform);
  });

  afterAll(async () => {
    await worker?.kill();
    await user.close();
    await running.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<WorkerProcess> {
    await worker?.kill();
    worker = startWorkerProcess(workerEnvironment(running.platform), project);
    await worker.ready();
    return worker;
  }

  it('has a lock file that installs the same versions, without development tools in production', () => {
    const tree = execFileSync('uv', ['tree', '--locked', '--no-dev', '--offline', '--depth', '1'], {
      cwd: project,
      env: environment,
      encoding: 'utf8',
    });
    expect([...tree.matchAll(/^[├└]── ([a-z-]+) /gm)].map(([, name]) => name)).toEqual(['kuflow-worker', 'temporalio']);
  });

  it.runIf(process.platform !== 'win32')(
    'completes a process on the local KuFlow, which its script ./kuflow starts',
    () => {
      const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0', '--state-dir', join(folder, 'state')];
      const words = ['dev', 'simulate', 'LOAN', ...ports, '--', 'uv', 'run', '--offline', 'loan-worker'];
      const { status, stdout, stderr } = spawnSync('./kuflow', words, {
        cwd: project,
        env: { ...environment, WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
        encoding: 'utf8',
      });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout + stderr).toContain('LOAN is COMPLETED with valid data');
    },
    600_000,
  );

  it.runIf(process.platform !== 'win32')(
    'runs the test in its README and tests with other users on a local KuFlow, and leaves nothing behind when the runner is killed [python: test.local]',
    () =>
      passLocalTests({
        project,
        file: 'tests/test_local.py',
        exampleStart: 'from kuflow_worker.testing import LocalKuFlow',
        extend: (example) => example + MORE_LOCAL_TESTS,
        command: [join(project, '.venv/bin/pytest'), '-x', 'tests/test_local.py'],
        environment,
        worker: '_internal.local_worker',
      }),
  );

  it('continues its process after the worker was killed', async () => {
    const first = await start();
    const processId = await user.start('LOAN');
    const application = { firstName: 'A', lastName: 'B', currency: 'EUR', amount: 1 };
    await user.complete(processId, 'LOAN_APPLICATION', application);
    // The item exists before its creation is complete. An activity that does not end is repeated only after a minute.
    await until('the workflow waits for the approval', () =>
      first.log.find(({ message, code }) => message === 'Waiting for a person' && code === 'APPROVE_LOAN'),
    );
    await first.kill();
    await user.complete(processId, 'APPROVE_LOAN', { approved: true });
    await start();
    await user.completed(processId);
  });
});
