import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import type { CheckEvent } from '../../diagnostics/check.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import { resolveSettings } from '../../settings/resolve.ts';
import { platformAccessEnvironment, startDevPlatform } from '../../platform/session/start.ts';
import { platformReporter } from '../../platform/session/view.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { CheckOutcome } from './result.ts';
import { checkReporter } from './view.ts';

export interface CheckProjectRequest {
  /** Absolute; the application files in it are read. */
  readonly folder: string;
  /** Overrides the files, key by key. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report?: ((event: CheckEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The command that repeats the check. */
  readonly retry?: string | undefined;
}

/** Checks the connection with the settings of a project, as its worker would resolve them. */
export async function checkProjectConnection(request: CheckProjectRequest): Promise<CheckOutcome> {
  const { folder, env, report, signal, retry } = request;
  const settings = await resolveSettings({ env, files: { dir: folder }, cwd: folder });
  const result = await checkConnection(await inspectConnection(settings, env), {
    env,
    report,
    signal,
    retry,
  });
  return { kind: 'checked', report: result };
}

export interface CheckCreatedRequest extends CheckProjectRequest {
  readonly env: NodeJS.ProcessEnv;
  /** Served by a local KuFlow that is started for the check; undefined if the project has another connection. */
  readonly served: WorkerDefinition | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Checks the connection of a project that was just written. Whatever keeps the check from running is part of the result. */
export async function checkCreatedProject(request: CheckCreatedRequest): Promise<CheckOutcome> {
  const { served, progress, signal } = request;
  const checked = { ...request, report: checkReporter(progress) };
  try {
    return served === undefined ? await checkProjectConnection(checked) : await checkWithLocalKuFlow(checked, served);
  } catch (error) {
    if (signal.aborted) return { kind: 'not-run', reason: 'interrupted' };
    if (!(error instanceof KnownError)) throw error;
    const { message, seen, next } = error;
    return { kind: 'impossible', reason: message, next, ...(seen === undefined ? {} : { seen }) };
  }
}

/** The state of the local KuFlow is in a temporary folder, so that no secret gets into the project. */
async function checkWithLocalKuFlow(request: CheckCreatedRequest, served: WorkerDefinition): Promise<CheckOutcome> {
  const { folder, env, progress, signal } = request;
  const stateDir = await mkdtemp(join(tmpdir(), 'kuflow-check-'));
  try {
    const platform = await startDevPlatform({
      cwd: folder,
      env,
      definitions: [served],
      stateDir,
      report: platformReporter({ progress, requests: false, processes: false }),
      signal,
    });
    try {
      return await checkProjectConnection({ ...request, env: platformAccessEnvironment(platform.state, env) });
    } finally {
      progress.stop();
      progress.begin('Stopping the local KuFlow…');
      await platform.stop();
      progress.end('done', 'Stopped the local KuFlow');
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}
