import { resolve } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { checkExport, exportSet, type ExportEvent, type ExportResult } from './formats/export-set.ts';
import type { FormatName } from './formats/format-names.ts';
import { loadSet } from './store/load-set.ts';
import { nodeFiles } from '../../files/node-file-system.ts';
import { pullCredentials, type CredentialsPullRequest, type PulledCredentials } from './pull.ts';

/** In which form a set is handed on, as options say it. */
export interface ExportFlags {
  readonly format?: FormatName;
  /** `-` or a path, from the current folder. */
  readonly output?: string;
  readonly paths?: boolean;
  readonly temporalProfile?: string;
  readonly secretName?: string;
  readonly allowGit?: boolean;
}

export interface CredentialsExportRequest extends CredentialsPullRequest {
  readonly exported: ExportFlags;
  readonly onPulled: (pulled: PulledCredentials) => void;
  readonly onExport: (event: ExportEvent) => void;
}

export interface ExportedCredentials {
  readonly pulled: PulledCredentials;
  /** Absent when nothing was to be written, or a dry run found no set that could be. */
  readonly exported?: ExportResult;
}

/**
 * `kuflow credentials pull --format`: a usable set in the project first, then the same in the form that was asked for. What speaks against the target is
 * said before KuFlow is asked for anything. Rejects with a KnownError.
 */
export async function pullAndExport(request: CredentialsExportRequest): Promise<ExportedCredentials> {
  const { exported: flags, files = nodeFiles, cwd, env, clock, signal, dryRun, withToken } = request;
  const { format, output } = flags;
  if (format === undefined || output === undefined) {
    if (Object.values(flags).some((value) => value !== undefined)) throw incomplete(format);
    const pulled = await pullCredentials(request);
    request.onPulled(pulled);
    return { pulled };
  }
  const target = {
    ...{ format, output: output === '-' ? output : resolve(cwd, output), byPath: flags.paths === true },
    ...{ allowGit: flags.allowGit === true, dryRun, files, env, clock, signal, report: request.onExport },
    ...(flags.temporalProfile !== undefined && { profile: flags.temporalProfile }),
    ...(flags.secretName !== undefined && { secretName: flags.secretName }),
  };
  const pulled = await pullCredentials({
    ...request,
    before: (place) => checkExport({ ...target, place, project: cwd, withToken }),
  });
  request.onPulled(pulled);
  if (pulled.kind === 'would-pull') return { pulled };
  try {
    const { set, paths } = await loadSet(files, cwd, pulled.record, pulled.place, { withToken, now: clock.now() });
    return { pulled, exported: await exportSet({ ...target, set, paths }) };
  } catch (error) {
    throw pulled.kind === 'pulled' ? afterSwitch(error, pulled.record.id) : error;
  }
}

/** The target is as it was, and the project is not. */
function afterSwitch(error: unknown, id: string): unknown {
  if (!(error instanceof KnownError)) return error;
  const { message, tried, seen, next, status, cause } = error;
  return new KnownError({
    message: `${message}; the new set ${id} is in use all the same`,
    ...(tried !== undefined && { tried }),
    ...(seen !== undefined && { seen }),
    next: [...next, 'Without --force the same command writes that set, and asks for nothing'],
    status,
    cause,
  });
}

function incomplete(format: FormatName | undefined): Error {
  if (format === undefined) return usageError('--output and what belongs to it need --format');
  const where = format === 'pem' ? 'FOLDER' : 'FILE';
  return usageError(`--format ${format} needs --output`, [
    `Add --output ${where}${format === 'pem' ? '' : ', or --output - for standard output'}`,
  ]);
}
