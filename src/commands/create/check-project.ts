import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import { resolveSettings } from '../../settings/precedence.ts';
import { startDevPlatform } from '../../platform/session/start-dev-platform.ts';
import { platformEnvironment } from '../../platform/shared/platform-environment.ts';
import { platformReporter } from '../../platform/session/event-view.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { CheckOutcome } from './result.ts';
import { checkReporter } from './view.ts';

interface CheckCreatedRequest {
  /** Absolute. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Served by a local KuFlow that is started for the check; undefined if the project has another connection. */
  readonly served: WorkerDefinition | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Checks the connection of a project that was just written. Whatever keeps the check from running is part of the result. */
export async function checkCreatedProject(request: CheckCreatedRequest): Promise<CheckOutcome> {
  const { folder, env, served, progress, signal } = request;
  /** As the worker would connect: with the application files below the environment. */
  const check = async (used: NodeJS.ProcessEnv) => {
    const settings = await resolveSettings({ env: used, files: { dir: folder }, cwd: folder });
    return await checkConnection(await inspectConnection(settings, used), { signal, report: checkReporter(progress) });
  };
  try {
    const report = served === undefined ? await check(env) : await withLocalKuFlow(request, served, check);
    return { kind: 'checked', report };
  } catch (error) {
    if (signal.aborted) return { kind: 'not-run', reason: 'interrupted' };
    if (!(error instanceof KnownError)) throw error;
    const { message, seen, next } = error;
    return { kind: 'impossible', reason: message, next, ...(seen === undefined ? {} : { seen }) };
  }
}

/** Runs `work` with the settings of a local KuFlow. Its state is in a temporary folder, so that no secret gets into the project. */
async function withLocalKuFlow<Result>(
  { folder, env, progress, signal }: CheckCreatedRequest,
  served: WorkerDefinition,
  work: (env: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result> {
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
      return await work({ ...env, ...platformEnvironment(platform.state, env) });
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
