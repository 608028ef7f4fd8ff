import { join } from 'node:path';
import { platformEnvironment } from '../shared/platform-environment.ts';
import { stateFolder, type PlatformState } from '../state/running-state.ts';
import type { LocalRuntime } from '../../languages/language.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import { workerCertificateEnvironment } from './worker-certificate.ts';
import type { DevPlatformRequest } from './start-dev-platform.ts';

export interface WorkerRequest extends Pick<DevPlatformRequest, 'cwd' | 'stateDir' | 'env'> {
  /** Adds the settings that this runtime needs. */
  readonly runtime?: LanguageId | undefined;
}

/**
 * The environment variables that connect a worker of the project in `cwd` to the platform, including the client secret in plain text. They also
 * override settings in the project's files that point to another KuFlow.
 */
export async function workerSettings(
  state: PlatformState,
  request: WorkerRequest,
): Promise<Readonly<Record<string, string>>> {
  const folder = join(stateFolder(request), 'worker');
  const runtime = await loadLocalRuntime(request.runtime);
  return {
    ...platformEnvironment(state, request.env),
    ...(await runtime?.environment(state, folder, request.env)),
    ...(await workerCertificateEnvironment(state, request.cwd, folder)),
  };
}

/** What a worker of this language needs in addition to the settings; undefined if nothing. */
export async function loadLocalRuntime(language: LanguageId | undefined): Promise<LocalRuntime | undefined> {
  if (language === undefined) return undefined;
  const { languageOf } = await import('../../languages/all-languages.ts');
  return await languageOf({ language }).localRuntime?.();
}

/** The caller's environment, overridden by the settings for a worker. */
export async function workerEnvironment(state: PlatformState, request: WorkerRequest): Promise<NodeJS.ProcessEnv> {
  return { ...request.env, ...(await workerSettings(state, request)) };
}
