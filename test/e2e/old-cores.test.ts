import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { missingJdk } from '../support/jdk.ts';
import { javaWorker, pythonWorker, typescriptWorker } from '../support/old-cores.ts';
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

const jdkIsMissing = missingJdk();
const skipped = jdkIsMissing === undefined ? '' : ` (skipped: ${jdkIsMissing})`;
const INSTALL_AND_RUN = 400_000;
/** `npm test` runs KuFlow's own SDK, which has the oldest core, and `npm run soak` all of them. */
const SOAK = process.env['KUFLOW_SOAK'] === '1';

let running: TestPlatform;
let user: ProcessUser;

beforeAll(async () => {
  running = await startTestPlatform({ definitions: DEFINITIONS });
  user = await processUser(running.platform);
});

afterAll(async () => {
  await user.close();
  await running.remove();
});

/** Runs the worker until a process of the definition is completed, and checks what its activity wrote. */
async function expectCompletedProcess(worker: WorkerCommand, definition: string): Promise<void> {
  const env = { ...workerEnvironment(running.platform), TEMPORAL_KUFLOWQUEUE: `${definition}_QUEUE` };
  await whileRunning(worker, env, async () => {
    const { metadata } = await user.completed(await user.start(definition));
    expect(metadata?.value).toMatchObject({ firstName: 'Ada' });
  });
}

// Their cores do not send the header temporal-namespace.
describe.concurrent('a worker on an old Temporal core completes a process through the gateway', () => {
  it("KuFlow's Python SDK 3.0.0, temporalio 1.6.0", { timeout: INSTALL_AND_RUN }, async () => {
    const worker = await pythonWorker();
    await whileRunning(worker, await sampleWorkerEnvironment(running), () => completeSampleProcess(user));
  });

  if (SOAK)
    it('@temporalio/worker 1.10.3', { timeout: INSTALL_AND_RUN }, async () => {
      await expectCompletedProcess(await typescriptWorker(), 'TYPESCRIPT');
    });

  if (SOAK)
    it.skipIf(skipped !== '')(
      `io.temporal:temporal-sdk 1.27.1${skipped}`,
      { timeout: INSTALL_AND_RUN },
      async () => await expectCompletedProcess(await javaWorker(), 'JAVA'),
    );
});

describe('the gateway', () => {
  it('accepts all of their calls', () => {
    expect(running.events.filter((event) => event.kind === 'gateway-refused')).toEqual([]);
  });
});
