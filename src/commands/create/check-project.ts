import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckEvent } from '../../diagnostics/check.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import { resolveSettings } from '../../settings/resolve.ts';
import { platformAccessEnvironment, startDevPlatform, type DevEvent } from '../../platform/session/start.ts';
import type { WorkerDefinition } from '../../process/definition.ts';

export type CheckOutcome =
  | { readonly kind: 'checked'; readonly report: ConnectionReport }
  | { readonly kind: 'not-run'; readonly reason: string }
  /** It was wanted and could not start, for example without a Temporal server for the local KuFlow. */
  | { readonly kind: 'impossible'; readonly reason: string; readonly seen?: string; readonly next: readonly string[] };

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

export interface CheckLocalRequest extends CheckProjectRequest {
  readonly env: NodeJS.ProcessEnv;
  readonly definition: WorkerDefinition;
  readonly platform: (event: DevEvent) => void;
  /** Called before the local KuFlow is stopped. */
  readonly stopping: () => void;
  readonly signal: AbortSignal;
}

/**
 * The same check against a local KuFlow that is started for it. Its state is in a temporary folder, so that no secret gets into the project.
 * Rejects with a KnownError when the local KuFlow cannot be started.
 */
export async function checkLocalProject(request: CheckLocalRequest): Promise<CheckOutcome> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kuflow-check-'));
  try {
    const platform = await startDevPlatform({
      cwd: request.folder,
      env: request.env,
      definitions: [request.definition],
      stateDir,
      report: request.platform,
      signal: request.signal,
    });
    try {
      return await checkProjectConnection({ ...request, env: platformAccessEnvironment(platform.state, request.env) });
    } finally {
      request.stopping();
      await platform.stop();
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}
