import { KnownError } from '../../base/errors.ts';
import type { WriteResult } from '../../project/scaffold.ts';
import { platformReporter } from '../../platform/session/view.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { CheckOutcome } from './check-project.ts';
import { checkReporter } from './view.ts';

export interface CheckedProject {
  /** Absolute. */
  readonly folder: string;
  /** The local KuFlow is started for the check and stopped again. */
  readonly local: boolean;
  readonly definition: WorkerDefinition;
  /** Whether a worker would find a client ID and secret. */
  readonly hasCredentials: boolean;
}

export interface CheckOptions {
  readonly wanted: boolean;
  /** Without them, the project cannot run yet. */
  readonly dependencies: WriteResult['install']['kind'];
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Checks the connection of a project that was just written. Whatever keeps the check from running is part of the result. */
export async function checkProject(project: CheckedProject, options: CheckOptions): Promise<CheckOutcome> {
  const { env, progress, signal } = options;
  const isInterrupted = (): boolean => signal.aborted;
  if (!options.wanted) return { kind: 'not-run', reason: '--no-check' };
  if (isInterrupted()) return { kind: 'not-run', reason: 'interrupted' };
  if (options.dependencies === 'failed') return { kind: 'not-run', reason: 'the dependencies are not installed' };
  if (!project.local && !project.hasCredentials) return { kind: 'not-run', reason: 'no client ID and secret yet' };
  // They load the whole platform.
  const { checkLocalProject, checkProjectConnection } = await import('./check-project.ts');
  const { folder, definition } = project;
  const request = { folder, env, report: checkReporter(progress), signal };
  try {
    if (!project.local) return await checkProjectConnection(request);
    const platform = platformReporter({ progress, requests: false, processes: false });
    const stopping = (): void => {
      progress.stop();
      progress.begin('Stopping the local KuFlow…');
    };
    const outcome = await checkLocalProject({ ...request, definition, platform, stopping });
    progress.end('done', 'Stopped the local KuFlow');
    return outcome;
  } catch (error) {
    if (isInterrupted()) return { kind: 'not-run', reason: 'interrupted' };
    if (!(error instanceof KnownError)) throw error;
    const { message, seen, next } = error;
    return { kind: 'impossible', reason: message, next, ...(seen === undefined ? {} : { seen }) };
  }
}
