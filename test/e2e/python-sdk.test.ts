import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whileRunning, type WorkerCommand } from '../support/foreign-worker.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { completeSampleProcess, pythonWithSdk, sampleWorker, sampleWorkerEnvironment } from '../support/python-sdk.ts';

let worker: WorkerCommand;
let running: TestPlatform;
let user: ProcessUser;

beforeAll(async () => {
  worker = sampleWorker(await pythonWithSdk());
  running = await startTestPlatform();
  user = await processUser(running.platform);
});

afterAll(async () => {
  await user.close();
  await running.remove();
});

describe("KuFlow's own Python SDK", () => {
  it('registers, creates a task, is notified of its completion and completes the process through the gateway', async () => {
    const environment = await sampleWorkerEnvironment(running);
    const ended = await whileRunning(worker, environment, () => completeSampleProcess(user));
    expect(ended.metadata?.value).toMatchObject({ firstName: 'Ada' });
    const { events } = running;
    const registered = events.filter((event) => event.kind === 'request' && event.operationId === 'createWorker');
    expect(registered).toEqual([expect.objectContaining({ status: 201 })]);
    expect(events.filter((event) => event.kind === 'contract-violation')).toEqual([]);
  });
});
