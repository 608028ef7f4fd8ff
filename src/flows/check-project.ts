import type { CheckEvent } from '../doctor/check.ts';
import { checkConnection } from '../doctor/connection.ts';
import { connectionSettings } from '../doctor/connection-settings.ts';
import { resolveSettings } from '../settings/resolve.ts';
import type { CheckOutcome } from './create.ts';

export interface CheckProjectRequest {
  /** Absolute folder of the project, whose application files are read. */
  readonly folder: string;
  /** Stands over the files, key by key. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report?: (event: CheckEvent) => void;
  readonly signal?: AbortSignal;
  /** The command that checks again. */
  readonly retry?: string;
}

/** The connectivity check with the settings of a project, as its worker would resolve them. */
export async function checkProjectConnection(request: CheckProjectRequest): Promise<CheckOutcome> {
  const { folder, env, report, signal, retry } = request;
  const settings = await connectionSettings(await resolveSettings({ env, files: { dir: folder }, cwd: folder }));
  const result = await checkConnection(settings, {
    env,
    ...(report === undefined ? {} : { report }),
    ...(signal === undefined ? {} : { signal }),
    ...(retry === undefined ? {} : { retry }),
  });
  return { kind: 'checked', report: result };
}
