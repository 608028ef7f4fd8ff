import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';
import { pythonWorkerProject } from '../support/worker-project.ts';

const STARTS = process.env['KUFLOW_SOAK'] === '1' ? 50 : 5;

// In Python, the threads of Temporal's core can crash an interpreter that shuts down in the ordinary way.
describe.runIf(process.platform !== 'win32')(`a Python worker that is started and stopped ${STARTS} times`, () => {
  let running: TestPlatform;

  beforeAll(async () => {
    running = await startTestPlatform();
    pythonWorkerProject();
  });

  afterAll(() => running.remove());

  it(
    'always ends with status 0 on SIGTERM',
    async () => {
      for (let attempt = 1; attempt <= STARTS; attempt++) {
        const worker = startWorkerProcess(workerEnvironment(running.platform), pythonWorkerProject());
        try {
          await worker.ready();
          worker.signal('SIGTERM');
          expect(await worker.exited, `${attempt}: ${worker.output()}`).toBe(0);
        } finally {
          await worker.kill();
        }
      }
    },
    STARTS * 30_000,
  );
});
