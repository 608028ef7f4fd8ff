import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKuFlowClient } from '../../src/kuflow/client.ts';
import { platformEnvironment, writeCaBundle } from '../../src/platform/environment.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { pythonWithSdk } from '../support/python-sdk.ts';
import { until } from '../support/until.ts';

let python: string;
let running: TestPlatform;

beforeAll(async () => {
  python = await pythonWithSdk();
  running = await startTestPlatform();
}, 400_000);

afterAll(async () => {
  await running.remove();
});

describe("KuFlow's own Python SDK", () => {
  it('registers, creates a task, is notified of its completion and completes the process through the gateway', async () => {
    const { platform, stateDir, events } = running;
    const bundle = await writeCaBundle(stateDir, platform.caFile);
    const environment = platformEnvironment({
      endpoints: platform.endpoints,
      application: platform.identity.application,
      tenantId: platform.identity.tenantId,
      caFile: platform.caFile,
      caBundleFile: bundle,
    });
    const worker = spawn(python, [join(import.meta.dirname, '../support/python-worker/worker.py')], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    worker.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    worker.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const workerGoesOn = (): void => {
      if (worker.exitCode !== null || output.includes('Failed activation'))
        throw new Error(`The worker said: ${output}`);
    };
    try {
      const user = createKuFlowClient({
        endpoint: platform.endpoints.https,
        credentials: { token: platform.identity.user.token },
        ca: readFileSync(platform.caFile, 'utf8'),
      });
      const { resource: process } = await user.createProcess({
        processDefinitionCode: 'LOAN',
        tenantId: platform.identity.tenantId,
      });
      const item = await until('the task exists', async () => {
        workerGoesOn();
        const page = await user.findProcessItems({ processId: [process.id] });
        return page.content[0];
      });
      await user.claimProcessItemTask(item.id);
      await user.updateProcessItemTaskData(item.id, {
        firstName: 'Ada',
        lastName: 'Lovelace',
        currency: 'EUR',
        amount: 10,
      });
      await user.completeProcessItemTask(item.id);
      const ended = await until('the process is completed', async () => {
        workerGoesOn();
        const now = await user.retrieveProcess(process.id);
        return now.state === 'COMPLETED' && now;
      });
      expect(ended.metadata?.value).toMatchObject({ firstName: 'Ada' });
      const registered = events.filter((event) => event.kind === 'request' && event.operationId === 'createWorker');
      expect(registered).toEqual([expect.objectContaining({ status: 201 })]);
      expect(events.filter((event) => event.kind === 'contract-violation')).toEqual([]);
      await user.close();
    } finally {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      worker.kill('SIGKILL');
      await gone;
    }
  });
});
