import { afterAll, describe, expect, it } from 'vitest';
import { engineOutage, type EngineOutage } from '../support/engine-outage.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { workerProject } from '../support/worker-project.ts';

const SECONDS = 600;

let running: TestPlatform | undefined;
let user: ProcessUser | undefined;
let outage: EngineOutage | undefined;

afterAll(async () => {
  await outage?.worker.kill();
  await user?.close();
  await running?.remove();
});

describe('an engine that is down for 10 minutes', () => {
  it.runIf(process.env['KUFLOW_SOAK'] === '1')(
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
