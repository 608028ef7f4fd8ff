import { systemClock } from '../../base/clock.ts';
import { findJavaHome } from '../../platform/session/java.ts';
import { ensurePlatform } from '../../platform/session/attach.ts';
import {
  workerEnvironment,
  type DevPlatform,
  type DevPlatformRequest,
  type WorkerRuntime,
} from '../../platform/session/start.ts';
import {
  type FailedStart,
  explainFailedStart,
  startDevCommand,
  toExitStatus,
} from '../../platform/session/worker-command.ts';
import { readWorkers } from '../../platform/rest/dev-client.ts';
import { readRunningState, stateFolder } from '../../platform/state/state-file.ts';
import { planRestarts } from './restarts.ts';

export interface DevExecRequest extends DevPlatformRequest {
  readonly command: readonly [string, ...string[]];
  /** Adds the settings that this runtime needs. */
  readonly runtime?: WorkerRuntime | undefined;
  /** Starts a worker again that ended by itself, as `planRestarts` says. */
  readonly restart: boolean;
  /** Called when the platform is ready, before the command starts. */
  readonly onReady?: (platform: DevPlatform) => void;
  /** Called before a pause, in milliseconds, after which the command is started again. */
  readonly onRestart: (restart: { readonly status: number; readonly pauseMs: number }) => void;
}

/** `ran`: the command's own status. `not-started`: 126 or 127, and the error. */
export type DevExecResult =
  { readonly kind: 'ran'; readonly status: number } | ({ readonly kind: 'not-started' } & FailedStart);

/**
 * Runs a command with the platform's settings in its environment. Uses the running platform, or starts one for the duration of the command.
 * A worker that ends by itself is started again. On an interrupt the command drains before the platform stops. Rejects with KnownError if the platform does not start.
 */
export async function execWithPlatform(request: DevExecRequest): Promise<DevExecResult> {
  // Before the platform starts, which takes seconds.
  if (request.runtime === 'java') await findJavaHome(request.env);
  const platform = await ensurePlatform(request);
  try {
    request.onReady?.(platform);
    return { kind: 'ran', status: await runAgainWhileItFails(request, platform) };
  } catch (error) {
    const failure = explainFailedStart(error, request.command);
    if (failure === undefined) throw error;
    return { kind: 'not-started', ...failure };
  } finally {
    await platform.stop();
  }
}

async function runAgainWhileItFails(request: DevExecRequest, platform: DevPlatform): Promise<number> {
  const { signal, restart } = request;
  const planNext = planRestarts();
  for (;;) {
    signal.throwIfAborted();
    const known = restart ? await workerIdentities(platform) : new Set<string>();
    const startedAt = performance.now();
    const status = await runOnce(request, platform);
    const duration = performance.now() - startedAt;
    if (signal.aborted || !restart || status === 0) return status;
    // The platform of another process may have stopped, which ends a worker for good.
    if ((await readRunningState(stateFolder(request))) === undefined) return status;
    const connected = [...(await workerIdentities(platform))].some((identity) => !known.has(identity));
    const pauseMs = planNext({ status, connected, duration });
    if (pauseMs === undefined) return status;
    request.onRestart({ status, pauseMs });
    await systemClock.sleep(pauseMs, signal);
  }
}

/** 130 if it was interrupted. */
async function runOnce(request: DevExecRequest, platform: DevPlatform): Promise<number> {
  const { command: words, cwd, signal } = request;
  const env = await workerEnvironment(platform.state, request);
  const command = await startDevCommand({ command: words, cwd, env, output: 'pass' });
  let drained: Promise<unknown> = Promise.resolve();
  const onInterrupt = (): void => {
    drained = command.drain('SIGINT');
  };
  signal.addEventListener('abort', onInterrupt, { once: true });
  if (signal.aborted) onInterrupt();
  const exit = await command.exited;
  signal.removeEventListener('abort', onInterrupt);
  await drained;
  return signal.aborted ? 130 : toExitStatus(exit);
}

/** Of every worker that has registered. Each process of a worker has another identity. */
async function workerIdentities({ state }: DevPlatform): Promise<ReadonlySet<string>> {
  const workers = await readWorkers({ http: state.loopback.http, token: state.user.token });
  return new Set(workers.map(({ identity }) => identity));
}
