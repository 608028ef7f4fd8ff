import { resolve } from 'node:path';
import { amendError, KnownError, usageError } from '../../base/errors.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { checkExport, exportSet, type ExportEvent, type ExportResult } from './formats/export-set.ts';
import type { FormatName } from './formats/format.ts';
import { pullCredentials, type CredentialsPullRequest, type PulledCredentials } from './pull.ts';
import { loadSet } from './store/sets.ts';

/** The options that choose a format and its target. */
export interface ExportFlags {
  readonly format?: FormatName | undefined;
  /** `-` or a path, relative to the current folder. */
  readonly output?: string | undefined;
  readonly paths?: boolean | undefined;
  readonly temporalProfile?: string | undefined;
  readonly secretName?: string | undefined;
  readonly allowGit?: boolean | undefined;
}

export interface CredentialsExportRequest extends CredentialsPullRequest {
  readonly exported: ExportFlags;
  readonly onPulled: (pulled: PulledCredentials) => void;
  readonly onExport: (event: ExportEvent) => void;
}

export interface ExportedCredentials {
  readonly pulled: PulledCredentials;
  /** Absent without --format, and if a dry run found no usable set. */
  readonly exported?: ExportResult;
}

/**
 * `kuflow credentials pull --format`: ensures a usable set in the project, then writes it in the requested format.
 * Problems with the target are reported before anything is requested from KuFlow. Rejects with a KnownError.
 */
export async function pullAndExport(request: CredentialsExportRequest): Promise<ExportedCredentials> {
  const { exported: flags, files = nodeFileSystem, cwd, env, clock, signal } = request;
  const { dryRun = false, withToken = false } = request.flags;
  const { format, output } = flags;
  if (format === undefined || output === undefined) {
    if (Object.values(flags).some((value) => value !== undefined)) throw incompleteOptionsError(format);
    const pulled = await pullCredentials(request);
    request.onPulled(pulled);
    return { pulled };
  }
  const target = {
    format,
    output: output === '-' ? output : resolve(cwd, output),
    byPath: flags.paths === true,
    profile: flags.temporalProfile,
    secretName: flags.secretName,
    allowGit: flags.allowGit === true,
    dryRun,
    files,
    env,
    clock,
    signal,
    report: request.onExport,
  };
  const pulled = await pullCredentials({
    ...request,
    before: (scope) => checkExport({ ...target, scope, project: cwd, withToken }),
  });
  request.onPulled(pulled);
  if (pulled.kind === 'would-pull') return { pulled };
  try {
    const { set, paths } = await loadSet(files, cwd, pulled.record, pulled.scope, { withToken, now: clock.now() });
    return { pulled, exported: await exportSet({ ...target, set, paths }) };
  } catch (error) {
    throw pulled.kind === 'pulled' ? exportAfterSwitchError(error, pulled.record.id) : error;
  }
}

/** The project already uses the new set, although the target was not written. */
function exportAfterSwitchError(error: unknown, id: string): unknown {
  if (!(error instanceof KnownError)) return error;
  return amendError(error, {
    message: `${error.message}; the new set ${id} is in use anyway`,
    next: ['To write that set without requesting a new one, run the same command without --force'],
  });
}

function incompleteOptionsError(format: FormatName | undefined): KnownError {
  if (format === undefined)
    return usageError('--output, --paths, --temporal-profile, --secret-name and --allow-git require --format');
  return usageError(`--format ${format} requires --output`, [
    format === 'pem' ? 'Add --output <folder>' : 'Add --output <file>, or --output - for standard output',
  ]);
}
