import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { WORKERS } from '../support/worker-project.ts';

const IS_SOAK = process.env['KUFLOW_SOAK'] === '1';
/** Workers that run at the same time. */
const WIDTH = 4;
/** The moments are in this time after a start, in milliseconds. A worker renews its token several times in it. */
const SPAN = 12_000;
/** The languages whose workers end with 0 whatever they do at that moment, with the number of moments. A JVM takes longer to start. */
const MOMENTS: Readonly<Record<string, number>> = IS_SOAK
  ? { TypeScript: 200, Python: 200, Java: 200 }
  : { TypeScript: 3, Python: 3, Java: 2 };
/** Before a worker runs, it ends with 130, or by the signal itself, which is 143 for a JVM. */
const NOT_STARTED = [0, 130, 143, 'SIGTERM'];
/** A JVM that is stopped before it runs any code of the worker can end with 1 and this message. */
const VM_NOT_STARTED = 'Error occurred during initialization of VM';

const hasStarted = (worker: WorkerProcess): boolean => worker.log.some(({ message }) => message === 'Worker started');

async function untilStarted(worker: WorkerProcess): Promise<void> {
  while (worker.running() && !hasStarted(worker)) await pause(1);
}

// In Python, the threads of Temporal's core can also crash an interpreter that shuts down in the ordinary way.
describe.runIf(process.platform !== 'win32')('a worker that gets SIGTERM when it has just started', () => {
  let running: TestPlatform;

  beforeAll(async () => {
    running = await startTestPlatform({ tokenLife: 10 });
    for (const { project } of chosen) project();
  });

  afterAll(() => running.remove());

  const chosen = WORKERS.flatMap((worker) => {
    const moments = MOMENTS[worker.language];
    return moments === undefined ? [] : [{ ...worker, moments }];
  });

  it.each(chosen)(
    'or at $moments random moments ends with 0: $language',
    async ({ project, moments: count }) => {
      // One in each part of the time, so that no part is left out.
      const random = Array.from({ length: count }, (_, part) => ((part + Math.random()) / count) * SPAN);
      const moments: (number | 'started')[] = [...random, 'started'];
      const endOneAfterAnother = async (): Promise<void> => {
        for (let moment = moments.pop(); moment !== undefined; moment = moments.pop()) {
          const worker = startWorkerProcess(workerEnvironment(running.platform), project());
          try {
            await Promise.race([moment === 'started' ? untilStarted(worker) : pause(moment), worker.exited]);
            const about = moment === 'started' ? moment : `after ${Math.round(moment)} ms`;
            expect(worker.running(), `${about}: ${worker.output()}`).toBe(true);
            const expected = hasStarted(worker) ? [0] : NOT_STARTED;
            worker.signal('SIGTERM');
            const status = await worker.exited;
            if (worker.output().startsWith(VM_NOT_STARTED)) continue;
            expect(expected, `${about}: ${worker.output()}`).toContain(status);
          } finally {
            await worker.kill();
          }
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, endOneAfterAnother));
    },
    (IS_SOAK ? 200 : 20) * 60_000,
  );
});
