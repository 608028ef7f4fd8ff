import { afterAll, describe, expect, it } from 'vitest';
import { sampleDefinition } from '../../src/process/sample.ts';
import { describeWorkers } from '../support/describe-workers.ts';
import { engineOutage, type EngineOutage } from '../support/engine-outage.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { workerProject } from '../support/worker-project.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const SECONDS = 600;
const KEY_SECONDS = 60;

let running: TestPlatform | undefined;
let user: ProcessUser | undefined;
let outage: EngineOutage | undefined;

afterAll(async () => {
  await outage?.worker.kill();
  await user?.close();
  await running?.remove();
});

describe('an engine that is down for 10 minutes', () => {
  it.runIf(SOAK)(
    'writes fewer than 100 log lines, and the worker continues without a restart (only in npm run soak: worker-connection.test.ts tests 75 s) [logs.outage]',
    async () => {
      workerProject();
      running = await startTestPlatform();
      user = await processUser(running.platform);
      outage = await engineOutage(running.platform, user, 'LOAN', SECONDS);
      const { worker, processId, lines } = outage;
      process.stdout.write(`${lines.length} log lines in ${SECONDS} s without the engine\n`);
      expect(lines.length, lines.map(({ message }) => message).join('\n')).toBeLessThan(100);
      await user.complete(processId, 'APPROVE_LOAN', { approved: true });
      await user.completed(processId, () => expect(worker.running()).toBe(true));
    },
    (SECONDS + 300) * 1_000,
  );
});

describeWorkers('a key service that does not answer for a minute', ({ project }) => {
  let keys: TestPlatform | undefined;
  let person: ProcessUser | undefined;
  let worker: WorkerProcess | undefined;

  afterAll(async () => {
    await worker?.kill();
    await person?.close();
    await keys?.remove();
  });

  it.runIf(SOAK)(
    'delays confidential processes and loses nothing (only in npm run soak: worker-process.test.ts tests keys that cannot be read)',
    async () => {
      const sample = sampleDefinition();
      keys = await startTestPlatform({
        definitions: [{ ...sample, process: { ...sample.process, confidential: true } }],
      });
      const { platform } = keys;
      const kuflow = await processUser(platform);
      person = kuflow;
      const startWorker = async (): Promise<WorkerProcess> => {
        const started = startWorkerProcess(workerEnvironment(platform), project());
        await started.ready();
        return started;
      };
      worker = await startWorker();
      const running = await kuflow.start('LOAN');
      await kuflow.item(running, 'LOAN_APPLICATION');
      await worker.kill();

      platform.faults.add({ operationId: 'retrieveKmsKey', times: 1_000_000, action: { kind: 'no-answer' } });
      worker = await startWorker();
      const started = await kuflow.start('LOAN');
      const before = await kuflow.history(running);
      await kuflow.complete(running, 'LOAN_APPLICATION', {
        firstName: 'Ada',
        lastName: 'L',
        currency: 'EUR',
        amount: 10,
      });
      const end = Date.now() + KEY_SECONDS * 1_000;
      for (const processId of [running, started])
        await until('several workflow tasks have failed within the time', async () => {
          const { raw } = await kuflow.temporal.workflow.getHandle(processId).describe();
          return Date.now() > end && Number(raw.pendingWorkflowTask?.attempt) > 3;
        });
      const commands = [...(await kuflow.history(running)).slice(before.length), ...(await kuflow.history(started))];
      expect(commands.map(({ type }) => type)).not.toContain('ACTIVITY_TASK_SCHEDULED');
      platform.faults.clear();

      await kuflow.complete(started, 'LOAN_APPLICATION', {
        firstName: 'Bo',
        lastName: 'L',
        currency: 'EUR',
        amount: 10,
      });
      for (const processId of [running, started]) {
        await kuflow.complete(processId, 'APPROVE_LOAN', { approved: true });
        await kuflow.completed(processId, () => expect(worker?.running()).toBe(true));
      }
      expect(await kuflow.item(running, 'LOAN_APPLICATION')).toMatchObject({
        task: { data: { value: { firstName: 'Ada' } } },
      });
    },
    (KEY_SECONDS + 600) * 1_000,
  );
});
