import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { KnownError, usageError } from '../../../base/errors.ts';
import { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../set.ts';
import type { EngineScope } from '../material/make-set.ts';
import { newSetId, setFilePaths, storeLayout, type SetPaths } from '../store/layout.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { withContext } from '../../../base/system-error.ts';
import type { LockWaiting } from '../../../files/file-lock.ts';
import { formatDotenv } from './dotenv.ts';
import type { FormatName } from './format-names.ts';
import type { FormatInput, Formatted, KeyChange } from './format.ts';
import { formatJson } from './json.ts';
import { checkPemFolder, pemFileNames, planPem, withPemFolderLock, writePem } from './pem-folder.ts';
import { placeholderSet } from './placeholder-set.ts';
import { replaceFile, withFolderLock } from './replace-files.ts';
import { formatSecretManifest } from './secret-manifest.ts';
import {
  permissionNote,
  ensureIgnoredByGit,
  targetMode,
  readTargetFile,
  resolveFolder,
  requireWritable,
  targetText,
  type TargetFile,
} from './target.ts';
import { formatTemporalToml } from './temporal-toml.ts';
import { formatYaml } from './yaml.ts';

export type ExportEvent =
  /** Another run of ours writes into the folder. */
  | { readonly kind: 'waiting'; readonly path: string; readonly pid?: number }
  /** Before anything is written. */
  | { readonly kind: 'changes'; readonly path: string; readonly changes: readonly KeyChange[] }
  /** A folder in which an earlier run was ended between its files is whole again. */
  | { readonly kind: 'completed'; readonly path: string };

export interface ExportRequest {
  readonly set: CredentialSet;
  readonly format: FormatName;
  /** `-` for the text itself, else an absolute path: a folder for `pem`, a file for the others. */
  readonly output: string;
  /** Where the files of the set stand; needed by `temporal-toml`. */
  readonly paths?: SetPaths;
  /** Whether `dotenv` and `yaml` name those files instead of holding their content. */
  readonly byPath: boolean;
  /** Profile of `temporal-toml`, `default` when absent; of no other. */
  readonly profile?: string;
  /** Name of the `k8s-secret`, and of no other. */
  readonly secretName?: string;
  /** Writes secrets to a file that git tracks or does not ignore. */
  readonly allowGit: boolean;
  readonly dryRun: boolean;
  readonly files: StoreFiles;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly report?: (event: ExportEvent) => void;
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

const TEXTS: Readonly<Record<TextFormat, (input: FormatInput) => Formatted>> = {
  dotenv: formatDotenv,
  yaml: formatYaml,
  'temporal-toml': formatTemporalToml,
  'k8s-secret': formatSecretManifest,
  json: formatJson,
};

/**
 * Writes a set in a form that others read. A target that is there is edited in place, and only keys of ours change; what it can't be is refused before
 * anything is written. Rejects with a KnownError.
 */
export async function exportSet(request: ExportRequest): Promise<ExportResult> {
  const { format, output } = request;
  if (output !== '-' && !isAbsolute(output)) throw new Error('The output is no absolute path');
  checkOptions(request);
  if (format === 'pem') return await exportPem(request);
  return await exportText({ ...request, format });
}

async function exportText(request: TextRequest): Promise<ExportResult> {
  const { format, output, dryRun, files, report } = request;
  if (output === '-') {
    const { text, notes } = TEXTS[format]({ ...inputOf(request), name: 'the output' });
    return { kind: 'printed', text, notes };
  }
  const seen = await prepare(request);
  if (isDone(seen)) return { kind: 'unchanged', path: output, changes: [], notes: seen.notes };
  if (dryRun) {
    report?.({ kind: 'changes', path: output, changes: seen.changes });
    return { kind: 'would-write', path: output, changes: seen.changes, notes: seen.notes };
  }
  return await withFolderLock(files, dirname(seen.target.path), waitingOf(request), async () => {
    // Another run of ours may have written since.
    const prepared = await prepare(request);
    const { changes, notes } = prepared;
    if (isDone(prepared)) return { kind: 'unchanged', path: output, changes: [], notes };
    report?.({ kind: 'changes', path: output, changes });
    await replaceFile(files, prepared);
    return { kind: 'written', path: output, changes, notes };
  });
}

interface Prepared {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
  readonly changes: readonly KeyChange[];
  readonly notes: readonly string[];
}

function isDone({ target, content, mode }: Prepared): boolean {
  return target.bytes?.equals(content) === true && mode === target.mode;
}

/** What is to stand in a file, from what stands there. Rejects with a KnownError when it can't. */
async function prepare(request: TextRequest): Promise<Prepared> {
  const { files, format, output, env, allowGit, set } = request;
  const target = await readTargetFile(files, output);
  const existing = targetText(target);
  const formatted = TEXTS[format]({ ...inputOf(request), ...(existing !== undefined && { existing }) });
  const secret = holdsSecrets(request, set.token !== undefined);
  const notes = [...formatted.notes, ...(secret ? await ensureIgnoredByGit(target.path, env, allowGit) : [])];
  const mode = targetMode(target, secret);
  if (mode !== target.mode) notes.push(permissionNote(target, mode));
  const content = Buffer.from(formatted.text.reveal(), 'utf8');
  return { target, content, mode, changes: formatted.changes, notes };
}

function waitingOf({ clock, signal, output, report }: ExportRequest): LockWaiting {
  return {
    clock,
    ...(signal && { signal }),
    onWait: (pid) => report?.({ kind: 'waiting', path: output, ...(pid !== undefined && { pid }) }),
  };
}

/** What is known of an export before there is a set. */
export type ExportCheck = Omit<ExportRequest, 'set' | 'paths' | 'report'> & {
  readonly withToken: boolean;
  /** Whose set it will be. */
  readonly place: EngineScope;
  /** Absolute folder of the project in whose store it will stand. */
  readonly project: string;
};

/**
 * Does all that `exportSet` does before it writes, with something that stands for the set, before one is asked for. Rejects with a KnownError when
 * it could not be written.
 */
export async function checkExport(check: ExportCheck): Promise<void> {
  const { format, output, files, env, allowGit, withToken, clock, project } = check;
  checkOptions(check);
  if (format === 'pem') {
    const folder = await pemFolder(files, output);
    await checkPemFolder(files, folder, withToken);
    for (const name of pemFileNames(withToken, true)) await ensureIgnoredByGit(join(folder, name), env, allowGit);
    if (!check.dryRun) await requireWritable(folder);
    return;
  }
  const set = placeholderSet(check.place, withToken, clock.now());
  const paths = setFilePaths(storeLayout(project), newSetId(clock.now()));
  const request = { ...check, format, set, paths };
  if (output === '-') {
    TEXTS[format]({ ...inputOf(request), name: 'the output' });
    return;
  }
  const { target } = await prepare(request);
  if (!check.dryRun) await requireWritable(dirname(target.path));
}

function checkOptions({
  format,
  output,
  byPath,
  profile,
  secretName,
}: Pick<ExportRequest, 'format' | 'output' | 'byPath' | 'profile' | 'secretName'>): void {
  for (const [option, value, only] of [
    ['--temporal-profile', profile, 'temporal-toml'],
    ['--secret-name', secretName, 'k8s-secret'],
  ] as const) {
    if (value !== undefined && format !== only)
      throw usageError(`${option} belongs to --format ${only}, not to ${format}`, [`Leave ${option} out`]);
  }
  if (byPath && !['temporal-toml', 'dotenv', 'yaml'].includes(format))
    throw usageError(`${format} holds the certificate itself: it can't name files instead`);
  if (format === 'pem' && output === '-')
    throw usageError('pem is several files: name a folder by --output', [
      'One text has --format json, yaml, dotenv or k8s-secret',
    ]);
}

function inputOf({
  set,
  format,
  output,
  paths,
  byPath,
  profile,
  secretName,
}: Pick<ExportRequest, 'set' | 'format' | 'output' | 'paths' | 'byPath' | 'profile' | 'secretName'>): FormatInput {
  const wantsPaths = format === 'temporal-toml' || byPath;
  if (wantsPaths && paths === undefined) throw usageError('The credentials stand in no files here that could be named');
  return {
    set,
    name: basename(output),
    profile: profile ?? 'default',
    ...(wantsPaths && paths && { paths }),
    ...(secretName !== undefined && { secretName }),
  };
}

function holdsSecrets({ format, byPath }: Pick<ExportRequest, 'format' | 'byPath'>, withToken: boolean): boolean {
  const onlyPaths = format === 'temporal-toml' || byPath;
  return !onlyPaths || (withToken && format !== 'yaml');
}

async function exportPem(request: ExportRequest): Promise<ExportResult> {
  const { files, set, output, env, allowGit, dryRun, report } = request;
  const folder = await pemFolder(files, output);
  const gitNotes: string[] = [];
  for (const name of pemFileNames(set.token !== undefined, true))
    gitNotes.push(...(await ensureIgnoredByGit(join(folder, name), env, allowGit)));
  if (dryRun) {
    const { files: planned, changes, notes } = await planPem(files, folder, set);
    return {
      kind: planned.length === 0 ? 'unchanged' : 'would-write',
      path: output,
      changes,
      notes: [...notes, ...gitNotes],
    };
  }
  return await withPemFolderLock(files, folder, waitingOf(request), async (completed) => {
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

async function pemFolder(files: StoreFiles, output: string): Promise<string> {
  const folder = await resolveFolder(output);
  const status = await withContext('Looking at the folder', output, () => files.look(folder));
  const link = await withContext('Looking at the folder', output, () => files.look(output.replace(/[\\/]+$/, '')));
  const seen =
    link?.kind === 'link'
      ? 'it is a symbolic link'
      : status?.kind !== 'folder'
        ? 'it is no folder'
        : status.own
          ? undefined
          : 'it belongs to another user';
  if (seen === undefined) return folder;
  throw new KnownError({
    message: `Credentials are not written into ${output}: ${seen}`,
    next: ['Name a folder of your own by --output', 'Nothing was written there'],
  });
}
