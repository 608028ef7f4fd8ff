import { hostname } from 'node:os';
import { Worker, type ActivityInterceptorsFactory, type WorkerOptions } from '@temporalio/worker';
import { encryption } from './encryption.ts';
import type { EncryptionKeys } from './encryption-keys.ts';
import { payloadLimit } from './payload-limit.ts';
import type { TokenRenewer } from './engine-token.ts';
import type { Settings } from './settings.ts';
import { workflowCode } from './workflow-code.ts';

const SECOND = 1_000;
const MAX_SHUTDOWN = 55 * SECOND;

interface WorkerParts extends Pick<WorkerOptions, 'connection' | 'namespace' | 'activities'> {
  /** The URL of the main module of the project. */
  readonly main: string;
  readonly agent: string;
  readonly interceptors: ActivityInterceptorsFactory[];
  readonly encryptionKeys: EncryptionKeys;
  /** Whether the shutdown takes only seconds. */
  readonly development: boolean;
}

/** Creates a Temporal SDK worker without starting it. */
export async function createWorker(
  { temporal, worker }: Settings,
  { main, agent, development, interceptors, encryptionKeys, ...parts }: WorkerParts,
): Promise<Worker> {
  const { interceptors: ofWorkflows, ...code } = workflowCode(main);
  return Worker.create({
    ...parts,
    ...code,
    taskQueue: temporal.queue,
    identity: `${process.pid}@${hostname()} ${agent}`,
    maxConcurrentWorkflowTaskExecutions: worker.maxConcurrentWorkflowTasks,
    maxConcurrentActivityTaskExecutions: worker.maxConcurrentActivities,
    dataConverter: { payloadCodecs: [payloadLimit(worker.maxPayloadBytes), encryption(encryptionKeys)] },
    interceptors: { ...ofWorkflows, activity: interceptors },
    // Activities get 30 s to complete and are then canceled. Everything ends within 45 s; Kubernetes allows 60 s.
    shutdownGraceTime: development ? '2 seconds' : '30 seconds',
    shutdownForceTime: development ? '5 seconds' : '45 seconds',
  });
}

/**
 * Runs a worker until it is shut down (returns undefined) or fails (returns the error). Does not wait for the open polls of a
 * failed worker, which may take a minute, or for a shutdown that hangs.
 */
export async function runUntilStopped(worker: Worker, isShuttingDown: () => boolean): Promise<unknown> {
  let shuttingDownSince: number | undefined;
  let watch: NodeJS.Timeout | undefined;
  const stuck = new Promise<unknown>((resolve) => {
    watch = setInterval(() => {
      if (worker.getState() === 'FAILED') resolve(new Error('the worker failed; see the previous log lines'));
      if (isShuttingDown()) shuttingDownSince ??= Date.now();
      if (shuttingDownSince !== undefined && Date.now() - shuttingDownSince > MAX_SHUTDOWN) {
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

/** Why a worker that was not shut down has ended: a message, and the error for the log. */
export function causeOfEnd(
  error: unknown,
  tokens: Pick<TokenRenewer, 'isValid' | 'lastError'>,
): readonly [message: string, error: unknown] {
  if (tokens.isValid()) return ["Stopping the worker: Temporal's SDK core stopped unexpectedly", error];
  // The core gives up soon after the engine rejects a token.
  return ['Stopping the worker: the engine token expired and could not be renewed', tokens.lastError ?? error];
}
