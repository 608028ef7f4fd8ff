import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';
import { WORKERS } from '../support/worker-project.ts';

const STARTS = process.env['KUFLOW_SOAK'] === '1' ? 200 : 20;
/** Workers that run at the same time. */
const WIDTH = 4;
/** The moments are in this time after a start, in milliseconds. A worker renews its token several times in it. */
const SPAN = 12_000;
/** The languages whose workers end with 0 whatever they do at that moment. */
const LANGUAGES: readonly string[] = ['Python', 'TypeScript'];
/** Before a worker runs, it ends with 130, or by the signal itself. */
const NOT_STARTED = [0, 130, 'SIGTERM'];

// In Python, the threads of Temporal's core can also crash an interpreter that shuts down in the ordinary way.
describe.runIf(process.platform !== 'win32')(`a worker that gets SIGTERM at ${STARTS} random moments`, () => {
  let running: TestPlatform;

  beforeAll(async () => {
    running = await startTestPlatform({ tokenLife: 10 });
    for (const { project } of chosen) project();
  });

  afterAll(() => running.remove());

  const chosen = WORKERS.filter(({ language }) => LANGUAGES.includes(language));

  it.each(chosen)(
    'ends with 0: $language',
    async ({ project }) => {
      // One in each part of the time, so that no part is left out.
      const moments = Array.from({ length: STARTS }, (_, part) => ((part + Math.random()) / STARTS) * SPAN);
      const endOneAfterAnother = async (): Promise<void> => {
        for (let moment = moments.pop(); moment !== undefined; moment = moments.pop()) {
          const worker = startWorkerProcess(workerEnvironment(running.platform), project());
          try {
            await Promise.race([pause(moment), worker.exited]);
            const about = `after ${Math.round(moment)} ms`;
            expect(worker.running(), `${about}: ${worker.output()}`).toBe(true);
            const hasStarted = worker.log.some(({ message }) => message === 'Worker started');
            worker.signal('SIGTERM');
            const status = await worker.exited;
            expect(hasStarted ? [0] : NOT_STARTED, `${about}: ${worker.output()}`).toContain(status);
          } finally {
            await worker.kill();
          }
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, endOneAfterAnother));
    },
    STARTS * 60_000,
  );
});
