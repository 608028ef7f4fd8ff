import { Worker, type NativeConnection } from '@temporalio/worker';
import { workflowCode } from './workflow-code.ts';

const SECOND = 1_000;
const LONGEST_SHUTDOWN = 55 * SECOND;

export interface WorkerParts {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: object;
  readonly development: boolean;
}

/** A worker of Temporal's SDK; not running yet. */
export async function createWorker(parts: WorkerParts): Promise<Worker> {
  return Worker.create({
    connection: parts.connection,
    namespace: parts.namespace,
    taskQueue: parts.taskQueue,
    ...workflowCode(),
    activities: parts.activities,
    // Kubernetes gets 60 s: 30 to end by themselves, then activities are cancelled, and 45 in all.
    shutdownGraceTime: parts.development ? '2 seconds' : '30 seconds',
    shutdownForceTime: parts.development ? '5 seconds' : '45 seconds',
  });
}

/**
 * Runs a worker until it is shut down (undefined) or fails (why). A failed worker may take a minute more to end what it
 * polls, and a shutdown may hang: neither is waited for.
 */
export async function runToEnd(worker: Worker, isShuttingDown: () => boolean): Promise<unknown> {
  let shuttingDownSince: number | undefined;
  let watch: NodeJS.Timeout | undefined;
  const stuck = new Promise<unknown>((resolve) => {
    watch = setInterval(() => {
      if (worker.getState() === 'FAILED') resolve(new Error('the worker failed; the lines before say why'));
      if (isShuttingDown()) shuttingDownSince ??= Date.now();
      if (shuttingDownSince !== undefined && Date.now() - shuttingDownSince > LONGEST_SHUTDOWN) {
        resolve(new Error('the shutdown took too long'));
      }
    }, SECOND);
  });
  const running = worker.run().then(
    () => undefined,
    (error: unknown) => error ?? new Error('the worker failed'),
  );
  try {
    return await Promise.race([running, stuck]);
  } finally {
    clearInterval(watch);
  }
}
