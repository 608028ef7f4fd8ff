import type { RunningPlatform } from '../../src/platform/start.ts';
import type { ProcessUser } from './process-user.ts';
import { startTcpRelay } from './tcp-relay.ts';
import { until } from './until.ts';
import { startWorkerProcess, workerEnvironment, type LogLine, type WorkerProcess } from './worker-process.ts';

export interface EngineOutage {
  readonly worker: WorkerProcess;
  /** A process of the sample definition that was started before the outage. */
  readonly processId: string;
  readonly notReadyAfterMs: number;
  readonly notReadyReason: string;
  /** What the worker logged until the engine answered again. */
  readonly lines: readonly LogLine[];
}

/**
 * Starts a worker and a process of the sample definition with this code, and makes the engine unreachable for the worker for a while. In the
 * meantime, a person completes the first task.
 */
export async function engineOutage(
  platform: RunningPlatform,
  user: ProcessUser,
  code: string,
  seconds: number,
  project?: string,
): Promise<EngineOutage> {
  const relay = await startTcpRelay(Number(platform.endpoints.engine.split(':').at(-1)));
  const worker = startWorkerProcess(
    workerEnvironment(platform, {
      TEMPORAL_TARGET: `127.0.0.1:${relay.port}`,
      TEMPORAL_KUFLOWQUEUE: `${code}_QUEUE`,
    }),
    project,
  );
  try {
    await worker.ready();
    const processId = await user.start(code);
    await user.item(processId, 'LOAN_APPLICATION');

    const before = worker.log.length;
    const stoppedAt = Date.now();
    await relay.goDown();
    await user.complete(processId, 'LOAN_APPLICATION', {
      firstName: 'Ada',
      lastName: 'Lovelace',
      currency: 'EUR',
      amount: 10,
    });
    const notReadyReason = await until(
      'the worker is not ready',
      async () => {
        const answer = await fetch(`${worker.health()}/readyz`);
        return answer.status === 503 && (await answer.text()).trim();
      },
      300_000,
    );
    const notReadyAfterMs = Date.now() - stoppedAt;
    await until('the outage ends', () => Date.now() - stoppedAt >= seconds * 1_000, seconds * 1_000);
    await relay.comeUp();
    await worker.ready();
    return { worker, processId, notReadyAfterMs, notReadyReason, lines: worker.log.slice(before) };
  } catch (error) {
    await worker.kill();
    throw error;
  }
}
