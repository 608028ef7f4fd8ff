import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { pythonProjectCopy } from '../support/python-project.ts';
import { uvEnvironment } from '../support/uv.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';

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
