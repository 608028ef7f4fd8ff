import { basename, dirname, join } from 'node:path';
import { isoTime, type Clock } from '../../../base/clock.ts';
import { KnownError, usageError } from '../../../base/errors.ts';
import { Secret } from '../../../base/secret.ts';
import type { CredentialSet, EngineScope } from '../credential-set.ts';
import { newSetId, setFilePaths, storeLayout, type SetPaths } from '../store/sets.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { withContext } from '../../../base/system-error.ts';
import type { LockWaitOptions } from '../../../files/lock.ts';
import { replaceFile } from '../../../files/write.ts';
import { formatDotenv } from './dotenv.ts';
import type { FormatInput, FormatName, Formatted, KeyChange } from './format.ts';
import { formatJson } from './json.ts';
import { checkPemJournal, planPem, secretFiles, withPemFolderLock, writePem } from './pem-folder.ts';
import { formatSecretManifest } from './secret-manifest.ts';
import {
  checkUnchanged,
  permissionNote,
  ensureIgnoredByGit,
  targetMode,
  readTargetFile,
  resolveFolder,
  requireWritable,
  targetText,
  whyNotOwnFolder,
  withFolderLock,
} from '../output-file.ts';
import { formatTemporalToml } from './temporal-toml.ts';
import { formatYaml } from './yaml.ts';
import type { Environment } from '../../../settings/environment.ts';

export type ExportEvent =
  /** Another run of this tool is writing to the folder. */
  | { readonly kind: 'waiting'; readonly path: string; readonly pid?: number | undefined }
  /** Before anything is written. */
  | { readonly kind: 'changes'; readonly path: string; readonly changes: readonly KeyChange[] }
  /** The files of an earlier, interrupted run are now complete. */
  | { readonly kind: 'completed'; readonly path: string };

export interface ExportRequest {
  readonly set: CredentialSet;
  readonly format: FormatName;
  /** `-` for the text itself, otherwise an absolute path: a folder for `pem`, a file for the other formats. */
  readonly output: string;
  readonly paths: SetPaths;
  /** Whether `dotenv` and `yaml` contain these paths instead of the content of the files. */
  readonly byPath: boolean;
  /** Profile, only for `temporal-toml`; `default` if absent. */
  readonly profile?: string | undefined;
  /** Name of the Secret, only for `k8s-secret`. */
  readonly secretName?: string | undefined;
  /** Writes secrets even to a file that git tracks or does not ignore. */
  readonly allowGit: boolean;
  readonly dryRun: boolean;
  readonly files: FileSystem;
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly report?: ((event: ExportEvent) => void) | undefined;
}

export type ExportResult =
  | { readonly kind: 'printed'; readonly text: Secret; readonly notes: readonly string[] }
  | {
      readonly kind: 'written' | 'unchanged' | 'would-write';
      readonly path: string;
      readonly changes: readonly KeyChange[];
      readonly notes: readonly string[];
    };

type TextFormat = Exclude<FormatName, 'pem'>;
type TextRequest = ExportRequest & { readonly format: TextFormat };

const FORMATS: Readonly<Record<TextFormat, (input: FormatInput) => Formatted>> = {
  dotenv: formatDotenv,
  yaml: formatYaml,
  'temporal-toml': formatTemporalToml,
  'k8s-secret': formatSecretManifest,
  json: formatJson,
};

/**
 * Writes a set in a format that other programs read. An existing target is edited in place: only the keys of the format
 * change. A target that cannot be edited is rejected before anything is written. Rejects with a KnownError.
 */
export async function exportSet(request: ExportRequest): Promise<ExportResult> {
  const { format } = request;
  checkOptions(request);
  return format === 'pem' ? await exportPem(request) : await exportText({ ...request, format });
}

async function exportText(request: TextRequest): Promise<ExportResult> {
  const { format, output, dryRun, files, report } = request;
  if (output === '-') {
    const { text, notes } = FORMATS[format](formatInput(request));
    return { kind: 'printed', text, notes };
  }
  const planned = await prepare(request);
  const { changes, notes } = planned;
  if (isUpToDate(planned)) return { kind: 'unchanged', path: output, changes: [], notes };
  if (dryRun) {
    report?.({ kind: 'changes', path: output, changes });
    return { kind: 'would-write', path: output, changes, notes };
  }
  return await withFolderLock(files, dirname(planned.target.path), lockWaiting(request), async () => {
    // Another run may have written the file in the meantime.
    const prepared = await prepare(request);
    const { target, content, mode, ...done } = prepared;
    if (isUpToDate(prepared)) return { kind: 'unchanged', path: output, changes: [], notes: done.notes };
    report?.({ kind: 'changes', path: output, changes: done.changes });
    await withContext(`Writing ${target.name}`, target.path, () =>
      replaceFile(target.path, content, { files, mode, check: () => checkUnchanged(files, target, content) }),
    );
    return { kind: 'written', path: output, ...done };
  });
}

function isUpToDate({ target, content, mode }: Awaited<ReturnType<typeof prepare>>): boolean {
  return target.bytes?.equals(content) === true && mode === target.mode;
}

/** The new content of the target. Rejects with a KnownError if the target cannot be edited. */
async function prepare(request: TextRequest) {
  const { files, format, output, env, allowGit, set } = request;
  const target = await readTargetFile(files, output);
  const formatted = FORMATS[format]({ ...formatInput(request), existing: targetText(target) });
  const secret = containsSecrets(request, set.token !== undefined);
  const notes = [...formatted.notes, ...(secret ? await ensureIgnoredByGit(target.path, env, allowGit) : [])];
  const mode = targetMode(target, secret);
  if (mode !== target.mode) notes.push(permissionNote(target, mode));
  const content = Buffer.from(formatted.text.reveal(), 'utf8');
  return { target, content, mode, changes: formatted.changes, notes };
}

function lockWaiting({ clock, signal, output, report }: ExportRequest): LockWaitOptions {
  return { clock, signal, onWait: (pid) => report?.({ kind: 'waiting', path: output, pid }) };
}

/** The parts of an export request that are known before there is a set. */
type ExportCheck = Omit<ExportRequest, 'set' | 'paths' | 'report'> & {
  readonly withToken: boolean;
  /** The scope of the set to come. */
  readonly scope: EngineScope;
  /** Absolute path of the project in whose store the set will be. */
  readonly project: string;
};

/** Makes all checks of `exportSet` with a placeholder, before a set is requested. Rejects with a KnownError. */
export async function checkExport({ scope, withToken, project, ...check }: ExportCheck): Promise<void> {
  const { format, output, files, clock, dryRun } = check;
  const set = placeholderSet(scope, withToken, clock.now());
  const paths = setFilePaths(storeLayout(project), newSetId(clock.now()));
  await exportSet({ ...check, set, paths, dryRun: true, report: undefined });
  if (format === 'pem') await checkPemJournal(files, output);
  if (output !== '-' && !dryRun) await requireWritable(format === 'pem' ? output : dirname(output));
}

function checkOptions({ format, output, byPath, profile, secretName }: ExportRequest): void {
  for (const [option, value, only] of [
    ['--temporal-profile', profile, 'temporal-toml'],
    ['--secret-name', secretName, 'k8s-secret'],
  ] as const) {
    if (value !== undefined && format !== only)
      throw usageError(`${option} requires --format ${only}`, [`Remove ${option}, or use --format ${only}`]);
  }
  if (byPath && !['temporal-toml', 'dotenv', 'yaml'].includes(format))
    throw usageError(`--paths is not available for --format ${format}, which always contains the certificate`);
  if (format === 'pem' && output === '-')
    throw usageError('--format pem writes several files, so --output must be a folder', [
      'For a single text, use --format json, yaml, dotenv or k8s-secret',
    ]);
}

function formatInput({ set, format, output, paths, byPath, profile, secretName }: ExportRequest): FormatInput {
  const wantsPaths = format === 'temporal-toml' || byPath;
  return {
    set,
    name: output === '-' ? 'the output' : basename(output),
    profile: profile ?? 'default',
    paths: wantsPaths ? paths : undefined,
    secretName,
  };
}

function containsSecrets({ format, byPath }: Pick<ExportRequest, 'format' | 'byPath'>, withToken: boolean): boolean {
  const onlyPaths = format === 'temporal-toml' || byPath;
  return !onlyPaths || (withToken && format !== 'yaml');
}

async function exportPem(request: ExportRequest): Promise<ExportResult> {
  const { files, set, output, env, allowGit, dryRun, report } = request;
  const folder = await resolvePemFolder(files, output);
  const gitNotes: string[] = [];
  for (const name of secretFiles(set)) gitNotes.push(...(await ensureIgnoredByGit(join(folder, name), env, allowGit)));
  if (dryRun) {
    const { files: planned, changes, notes } = await planPem(files, folder, set);
    const kind = planned.length === 0 ? 'unchanged' : 'would-write';
    return { kind, path: output, changes, notes: [...notes, ...gitNotes] };
  }
  return await withPemFolderLock(files, folder, lockWaiting(request), async (completed) => {
    if (completed) report?.({ kind: 'completed', path: output });
    const plan = await planPem(files, folder, set);
    const { changes } = plan;
    const notes = [...plan.notes, ...gitNotes];
    if (plan.files.length === 0) return { kind: 'unchanged', path: output, changes, notes };
    report?.({ kind: 'changes', path: output, changes });
    await writePem(files, folder, plan);
    return { kind: 'written', path: output, changes, notes };
  });
}

async function resolvePemFolder(files: FileSystem, output: string): Promise<string> {
  const folder = await resolveFolder(output);
  // Not the resolved folder, so that a link is refused.
  const path = output.replace(/[\\/]+$/, '');
  const status = await withContext('Reading the folder', output, () => files.look(path));
  const seen = status === undefined ? 'it is not a folder' : whyNotOwnFolder(status);
  if (seen === undefined) return folder;
  throw new KnownError({
    message: `Credentials cannot be written to ${output}: ${seen}`,
    next: ['Choose a folder that you own with --output', 'Nothing was written to this target'],
  });
}

/** Has the structure of real PEM, so that each format needs the same kind of space for it. */
const placeholderPem = (label: string): string =>
  [`-----BEGIN ${label}-----`, 'A'.repeat(64), 'placeholder==', `-----END ${label}-----`, ''].join('\n');

/** A set to check a target with before a real one is requested. Never written. */
function placeholderSet(scope: EngineScope, withToken: boolean, now: number): CredentialSet {
  const time = isoTime(now);
  const certificate = { subject: '-', issuer: '-', serial: '-', fingerprint: '-', notBefore: time, notAfter: time };
  return {
    ...scope,
    namespace: 'placeholder.namespace',
    certificate: placeholderPem('CERTIFICATE'),
    privateKey: new Secret(placeholderPem('PRIVATE KEY')),
    authorities: placeholderPem('CERTIFICATE'),
    token: withToken ? { value: new Secret('placeholder.token'), expiresAt: time } : undefined,
    leaf: certificate,
    roots: [certificate],
  };
}
