import { basename } from 'node:path';
import { findOnPath } from '../../files/find-on-path.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import { systemClock } from '../../base/clock.ts';
import { ensurePlatform } from '../../platform/session/attach.ts';
import type { DevPlatform, DevPlatformRequest } from '../../platform/session/start-dev-platform.ts';
import { commandNotFound, startDevCommand, toExitStatus } from '../../platform/session/worker-command.ts';
import { readWorkers } from '../../platform/rest/dev-client.ts';
import { readRunningState, stateFolder } from '../../platform/state/running-state.ts';
import { noticeChanges, type FileChanges } from './file-changes.ts';
import { planRestarts } from './worker-restarts.ts';
import { loadLocalRuntime, workerEnvironment } from '../../platform/session/worker-environment.ts';

interface DevExecRequest extends DevPlatformRequest {
  readonly command: readonly [string, ...string[]];
  /** Adds the settings that this runtime needs. */
  readonly runtime?: LanguageId | undefined;
  /** Starts a worker again that ended by itself, as `planRestarts` says. */
  readonly restart: boolean;
  /** Files and folders, relative to `cwd`. A change of one starts the command again. */
  readonly watch: readonly string[];
  /** Called when the platform is ready, before the command starts. */
  readonly onReady?: (platform: DevPlatform) => void;
  readonly onRestart: (restart: Restart) => void;
}

export type Restart =
  /** The command ended by itself, and is started again after this pause. */
  | { readonly kind: 'ended'; readonly status: number; readonly pauseMs: number }
  /** The command ended by itself, and is started again when a file changes. */
  | { readonly kind: 'waiting'; readonly status: number }
  /** A file has changed. */
  | { readonly kind: 'changed' };

/**
 * Runs a command with the platform's settings in its environment. Uses the running platform, or starts one for the duration of the command.
 * A worker that ends by itself is started again, and every command when a watched file changes. On an interrupt the command drains before the
 * platform stops. Resolves to the command's own status. Rejects with KnownError if the platform does not start, and with a CommandStartError if the
 * command does not.
 */
export async function execWithPlatform(request: DevExecRequest): Promise<number> {
  // Before the platform starts, which takes seconds.
  const [program] = request.command;
  if (basename(program) === program && findOnPath(program, request.env) === undefined) throw commandNotFound(program);
  await (await loadLocalRuntime(request.runtime))?.check(request.env);
  const platform = await ensurePlatform(request);
  try {
    request.onReady?.(platform);
    return await runWithRestarts(request, platform);
  } finally {
    await platform.stop();
  }
}

async function runWithRestarts(request: DevExecRequest, platform: DevPlatform): Promise<number> {
  const { cwd, signal, restart, watch, onRestart } = request;
  const changes = watch.length === 0 ? undefined : await noticeChanges(watch, cwd);
  try {
    let planNext = planRestarts();
    for (;;) {
      signal.throwIfAborted();
      const known = restart ? await workerIdentities(platform) : new Set<string>();
      const startedAt = performance.now();
      const status = await runOnce(request, { platform, changes });
      const duration = performance.now() - startedAt;
      if (status === 'changed') {
        onRestart({ kind: 'changed' });
        planNext = planRestarts();
        continue;
      }
      if (signal.aborted || (changes === undefined && (!restart || status === 0))) return status;
      // The platform of another process may have stopped, which ends a worker for good.
      if ((await readRunningState(stateFolder(request))) === undefined) return status;
      let pauseMs: number | undefined;
      if (restart) {
        const connected = [...(await workerIdentities(platform))].some((identity) => !known.has(identity));
        pauseMs = planNext({ status, connected, duration });
      }
      if (pauseMs !== undefined) {
        onRestart({ kind: 'ended', status, pauseMs });
        await systemClock.sleep(pauseMs, signal);
      } else if (changes !== undefined) {
        onRestart({ kind: 'waiting', status });
        await changes.next(signal);
        planNext = planRestarts();
      } else return status;
    }
  } finally {
    await changes?.close();
  }
}

/** The exit status of the command; 130 if it was interrupted. `changed`: it was stopped because a file changed. */
async function runOnce(
  request: DevExecRequest,
  { platform, changes }: { readonly platform: DevPlatform; readonly changes: FileChanges | undefined },
): Promise<number | 'changed'> {
  const { command: words, cwd, signal } = request;
  const env = await workerEnvironment(platform.state, request);
  const command = await startDevCommand({ command: words, cwd, env, output: 'pass' });
  const over = new AbortController();
  let drained: Promise<unknown> = Promise.resolve();
  const onInterrupt = (): void => {
    over.abort();
    drained = command.drain('SIGINT');
  };
  signal.addEventListener('abort', onInterrupt, { once: true });
  if (signal.aborted) onInterrupt();
  const stop = (): void => {
    drained = command.drain('SIGTERM');
  };
  const isChanged = changes?.next(over.signal).then(
    () => true,
    (error: unknown) => {
      if (over.signal.aborted) return false;
      throw error;
    },
  );
  // A command whose files cannot be watched any longer is stopped, too.
  void isChanged?.then((changed) => (changed ? stop() : undefined), stop);
  const exit = await command.exited;
  over.abort();
  signal.removeEventListener('abort', onInterrupt);
  await drained;
  if (signal.aborted) return 130;
  return (await isChanged) === true ? 'changed' : toExitStatus(exit);
}

/** Of every worker that has registered. Each process of a worker has another identity. */
async function workerIdentities({ state }: DevPlatform): Promise<ReadonlySet<string>> {
  const workers = await readWorkers(state);
  return new Set(workers.map(({ identity }) => identity));
}
