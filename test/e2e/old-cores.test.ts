import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { javaWorker, missingJdk, pythonWorker, typescriptWorker } from '../support/old-cores.ts';
import { whileRunning, type WorkerCommand } from '../support/foreign-worker.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { completeSampleProcess, sampleWorkerEnvironment } from '../support/python-sdk.ts';
import { workerEnvironment } from '../support/worker-process.ts';

const LOAN = sampleDefinition();
const withoutTasks = (code: string): ProcessDefinition => ({
  ...LOAN,
  process: { code },
  workflow: { type: LOAN.workflow.type, taskQueue: `${code}_QUEUE` },
  tasks: [],
});
const DEFINITIONS = [LOAN, withoutTasks('TYPESCRIPT'), withoutTasks('JAVA')];

let running: TestPlatform;
let user: ProcessUser;
let jdkIsMissing: string | undefined;
let python: WorkerCommand;
let typescript: WorkerCommand;
let java: WorkerCommand | undefined;

beforeAll(async () => {
  jdkIsMissing = await missingJdk();
  if (jdkIsMissing !== undefined && process.env.CI === 'true') throw new Error(jdkIsMissing);
  [running, python, typescript, java] = await Promise.all([
    startTestPlatform({ definitions: DEFINITIONS }),
    pythonWorker(),
    typescriptWorker(),
    jdkIsMissing === undefined ? javaWorker() : undefined,
  ]);
  user = await processUser(running.platform);
}, 400_000);

afterAll(async () => {
  await user.close();
  await running.remove();
});

/** Runs the worker until a process of the definition is completed, and checks what its activity wrote. */
async function completesProcess(worker: WorkerCommand, definition: string): Promise<void> {
  const env = { ...workerEnvironment(running.platform), TEMPORAL_KUFLOWQUEUE: `${definition}_QUEUE` };
  await whileRunning(worker, env, async () => {
    const { metadata } = await user.completed(await user.start(definition));
    expect(metadata?.value).toMatchObject({ firstName: 'Ada' });
  });
}

// Their cores do not send the header temporal-namespace.
describe.concurrent('a worker on an old Temporal core completes a process through the gateway', () => {
  it("KuFlow's Python SDK 3.0.0, temporalio 1.6.0", async () => {
    await whileRunning(python, await sampleWorkerEnvironment(running), () => completeSampleProcess(user));
  });

  it('@temporalio/worker 1.10.3', async () => {
    await completesProcess(typescript, 'TYPESCRIPT');
  });

  it('io.temporal:temporal-sdk 1.27.1', async (context) => {
    if (java === undefined) return context.skip(jdkIsMissing);
    await completesProcess(java, 'JAVA');
  });
});

describe('the gateway', () => {
  it('refused none of their calls', () => {
    expect(running.events.filter((event) => event.kind === 'gateway-refused')).toEqual([]);
  });
});
