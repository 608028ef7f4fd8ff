import { basename, isAbsolute } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { CredentialSet } from '../credential-set.ts';
import type { StoreFiles } from '../store/store-files.ts';
import { doing } from '../store/store-error.ts';
import { dotenvText } from './dotenv.ts';
import type { FormatName } from './format-names.ts';
import type { FormatInput, Formatted, KeyChange, SetPaths } from './formatted.ts';
import { jsonText } from './json.ts';
import { planPem, SECRET, withPemFolder, writePem } from './pem-folder.ts';
import { replaceFile } from './replace-files.ts';
import { secretManifestText } from './secret-manifest.ts';
import { closedNote, keepOutOfGit, modeFor, readTarget, realFolder, targetText } from './target.ts';
import { temporalTomlText } from './temporal-toml.ts';
import { yamlFileText } from './yaml.ts';

export type ExportEvent =
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
  /** Profile of `temporal-toml`; `default` when absent. */
  readonly profile?: string;
  /** Name of the `k8s-secret`. */
  readonly secretName?: string;
  /** Writes secrets to a file that git tracks or does not ignore. */
  readonly allowGit: boolean;
  readonly dryRun: boolean;
  readonly files: StoreFiles;
  readonly env: Readonly<Record<string, string | undefined>>;
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

const TEXTS: Readonly<Record<Exclude<FormatName, 'pem'>, (input: FormatInput) => Formatted>> = {
  dotenv: dotenvText,
  yaml: yamlFileText,
  'temporal-toml': temporalTomlText,
  'k8s-secret': secretManifestText,
  json: jsonText,
};

/**
 * Writes a set in a form that others read. A target that is there is edited in place, and only keys of ours change; what it can't be is refused before
 * anything is written. Rejects with a KnownError.
 */
export async function exportSet(request: ExportRequest): Promise<ExportResult> {
  const { format, output } = request;
  if (output !== '-' && !isAbsolute(output)) throw new Error('The output is no absolute path');
  if (format === 'pem') return await exportPem(request);
  const input = inputOf(request);
  if (output === '-') {
    const { text, notes } = TEXTS[format]({ ...input, name: 'the output' });
    return { kind: 'printed', text, notes };
  }
  const { files, dryRun, env, allowGit, report } = request;
  const target = await readTarget(files, output);
  const existing = targetText(target);
  const formatted = TEXTS[format]({ ...input, ...(existing !== undefined && { existing }) });
  const secret = holdsSecrets(request);
  const notes = [...formatted.notes, ...(secret ? await keepOutOfGit(target.path, env, allowGit) : [])];
  const mode = modeFor(target, secret);
  if (mode !== target.mode) notes.push(closedNote(target, mode));
  const { changes } = formatted;
  const content = Buffer.from(formatted.text.reveal(), 'utf8');
  if (target.bytes?.equals(content) === true && mode === target.mode)
    return { kind: 'unchanged', path: output, changes: [], notes };
  report?.({ kind: 'changes', path: output, changes });
  if (dryRun) return { kind: 'would-write', path: output, changes, notes };
  await replaceFile(files, { target, content, mode });
  return { kind: 'written', path: output, changes, notes };
}

function inputOf({ set, format, output, paths, byPath, profile, secretName }: ExportRequest): FormatInput {
  const wantsPaths = format === 'temporal-toml' || byPath;
  if (byPath && !['temporal-toml', 'dotenv', 'yaml'].includes(format))
    throw usageError(`${format} holds the certificate itself: it can't name files instead`);
  if (wantsPaths && paths === undefined) throw usageError('The credentials stand in no files here that could be named');
  return {
    set,
    name: basename(output),
    profile: profile ?? 'default',
    ...(wantsPaths && paths && { paths }),
    ...(secretName !== undefined && { secretName }),
  };
}

function holdsSecrets({ set, format, byPath }: ExportRequest): boolean {
  const onlyPaths = format === 'temporal-toml' || byPath;
  return !onlyPaths || (set.token !== undefined && format !== 'yaml');
}

async function exportPem(request: ExportRequest): Promise<ExportResult> {
  const { files, set, output, env, allowGit, dryRun, report } = request;
  if (output === '-')
    throw usageError('pem is several files: name a folder by --output', [
      'One text has --format json, yaml, dotenv or k8s-secret',
    ]);
  const folder = await pemFolder(files, output);
  const gitNotes: string[] = [];
  for (const name of SECRET.slice(0, set.token === undefined ? 1 : 2))
    gitNotes.push(...(await keepOutOfGit(`${folder}/${name}`, env, allowGit)));
  if (dryRun) {
    const { files: planned, changes, notes } = await planPem(files, folder, set);
    return {
      kind: planned.length === 0 ? 'unchanged' : 'would-write',
      path: output,
      changes,
      notes: [...notes, ...gitNotes],
    };
  }
  return await withPemFolder(files, folder, async (completed) => {
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
  const folder = await realFolder(output);
  const status = await doing('Looking at the folder', output, () => files.look(folder));
  const link = await doing('Looking at the folder', output, () => files.look(output.replace(/[\\/]+$/, '')));
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
    next: ['Name a folder of your own by --output', 'Nothing was written'],
  });
}
