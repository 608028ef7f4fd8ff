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

export interface DevExecRequest extends DevPlatformRequest {
  readonly command: readonly [string, ...string[]];
  /** Adds the settings that this runtime needs. */
  readonly runtime?: WorkerRuntime | undefined;
  /** Called when the platform is ready, before the command starts. */
  readonly onReady?: (platform: DevPlatform) => void;
}

/** `ran`: the command's own status. `not-started`: 126 or 127, and the error. */
export type DevExecResult =
  { readonly kind: 'ran'; readonly status: number } | ({ readonly kind: 'not-started' } & FailedStart);

/**
 * Runs a command with the platform's settings in its environment. Uses the running platform, or starts one for the duration of the command.
 * On an interrupt the command drains before the platform stops. Rejects with KnownError if the platform does not start.
 */
export async function execWithPlatform(request: DevExecRequest): Promise<DevExecResult> {
  // Before the platform starts, which takes seconds.
  if (request.runtime === 'java') await findJavaHome(request.env);
  const platform = await ensurePlatform(request);
  try {
    request.onReady?.(platform);
    request.signal.throwIfAborted();
    const command = await startDevCommand({
      command: request.command,
      cwd: request.cwd,
      env: await workerEnvironment(platform.state, request),
      output: 'pass',
    });
    let drained: Promise<unknown> = Promise.resolve();
    const onInterrupt = (): void => {
      drained = command.drain('SIGINT');
    };
    request.signal.addEventListener('abort', onInterrupt, { once: true });
    if (request.signal.aborted) onInterrupt();
    const exit = await command.exited;
    request.signal.removeEventListener('abort', onInterrupt);
    await drained;
    return { kind: 'ran', status: request.signal.aborted ? 130 : toExitStatus(exit) };
  } catch (error) {
    const failure = explainFailedStart(error, request.command);
    if (failure === undefined) throw error;
    return { kind: 'not-started', ...failure };
  } finally {
    await platform.stop();
  }
}
