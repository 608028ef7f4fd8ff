import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { isRecord } from '../../../base/json.ts';
import type { CredentialSet } from '../set.ts';
import { SET_FILES } from '../store/layout.ts';
import { writeNewFile } from '../../../files/write.ts';
import { withContext, systemError, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import type { LockWaiting } from '../../../files/file-lock.ts';
import type { KeyChange } from './format.ts';
import { checkUnchanged, stagingFileName, removeLeftovers, withFolderLock } from './replace-files.ts';
import { permissionNote, targetMode, readTargetFile, type TargetFile } from './target.ts';

const JOURNAL = '.kuflow-credentials-journal.json';
const FORMAT = 1;

/** Names of the files that a set has in a folder. */
const PEM_FILES = [SET_FILES.ca, SET_FILES.cert, SET_FILES.key, SET_FILES.token] as const;

/** Those that nobody else may read. */
const SECRET: readonly string[] = [SET_FILES.key, SET_FILES.token];

/** The files of a set; `secretOnly`: those that nobody else may read. */
export function pemFileNames(withToken: boolean, secretOnly = false): readonly string[] {
  return PEM_FILES.filter((name) => (withToken || name !== SET_FILES.token) && (!secretOnly || SECRET.includes(name)));
}

/** A file of the folder, as it is and as it is to be. */
export interface PemFile {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
}

export interface PemPlan {
  readonly files: readonly PemFile[];
  readonly changes: readonly KeyChange[];
  readonly notes: readonly string[];
}

/** What a set says in each file of the folder, secrets in clear. */
function contentsOf(set: CredentialSet): readonly (readonly [string, string])[] {
  return [
    [SET_FILES.ca, set.authorities],
    [SET_FILES.cert, set.certificate],
    [SET_FILES.key, set.privateKey.reveal()],
    ...(set.token === undefined ? [] : [[SET_FILES.token, set.token.value.reveal()] as const]),
  ];
}

/** Looks at the files of the folder; `folder` without links. Throws a KnownError when one is not to be replaced. */
export async function planPem(files: StoreFiles, folder: string, set: CredentialSet): Promise<PemPlan> {
  const plan: PemFile[] = [];
  const changes: KeyChange[] = [];
  const notes: string[] = [];
  for (const [name, text] of contentsOf(set)) {
    const target = await readTargetFile(files, join(folder, name));
    const content = Buffer.from(text, 'utf8');
    const mode = targetMode(target, SECRET.includes(name));
    const same = target.bytes?.equals(content) === true;
    if (same && mode === target.mode) continue;
    plan.push({ target, content, mode });
    if (mode !== target.mode) notes.push(permissionNote(target, mode));
    if (same) continue;
    changes.push({ kind: target.bytes === undefined ? 'added' : 'changed', key: name });
  }
  const token = join(folder, SET_FILES.token);
  const stale =
    set.token === undefined &&
    (await withContext('Looking at the folder', folder, () => files.look(token))) !== undefined;
  if (stale) notes.push(`${SET_FILES.token} is as it was: a token is only renewed with --with-token`);
  return { files: plan, changes, notes };
}

/** Looks at the folder as a run that writes into it will, before there is a set. Rejects with a KnownError when it could not be written. */
export async function checkPemFolder(files: StoreFiles, folder: string, withToken: boolean): Promise<void> {
  try {
    for (const step of (await readJournal(files, folder)) ?? []) await requireOwn(files, folder, step);
  } catch (error) {
    // Gone since it was looked at: another run completes it right now.
    if (codeOf(error) !== 'ENOENT') throw systemError(error, 'Reading the journal', folder);
  }
  for (const name of pemFileNames(withToken)) await readTargetFile(files, join(folder, name));
}

interface Step {
  readonly from: string;
  readonly to: string;
  /** SHA-256 of the content. */
  readonly hash: string;
}

/**
 * Runs `work` as the only run of ours in the folder, after a change that a killed run had begun was completed: until then the files of two sets
 * may stand side by side. Rejects with a KnownError.
 */
export async function withPemFolderLock<T>(
  files: StoreFiles,
  folder: string,
  waiting: LockWaiting,
  work: (completed: boolean) => Promise<T>,
): Promise<T> {
  return await withFolderLock(files, folder, waiting, async () => {
    const steps = await withContext('Reading the journal', folder, () => readJournal(files, folder));
    if (steps !== undefined) await begun(files, folder, steps);
    await removeLeftovers(files, folder, [...PEM_FILES, JOURNAL], true);
    return await work(steps !== undefined);
  });
}

/**
 * Writes the files: all of them beside their names, then a journal, then one rename each, so that the next run completes what this one can't.
 * Only within `withPemFolderLock`. Rejects with a KnownError; before the journal is there, nothing is changed.
 */
export async function writePem(files: StoreFiles, folder: string, plan: PemPlan): Promise<void> {
  if (plan.files.length === 0) return;
  await withContext('Writing the credentials', folder, async () => {
    const steps: Step[] = plan.files.map(({ target, content }) => ({
      from: stagingFileName(target.name),
      to: target.name,
      hash: hashOf(content),
    }));
    const journal = join(folder, stagingFileName(JOURNAL));
    const staged = [...steps.map(({ from }) => join(folder, from)), journal];
    try {
      for (const [index, { content, mode }] of plan.files.entries())
        await writeNewFile(files, staged[index] ?? '', content, mode);
      const text = JSON.stringify({
        about: 'Renames that a run began: the next run completes them.',
        format: FORMAT,
        steps,
      });
      await writeNewFile(files, journal, `${text}\n`);
      for (const { target, content } of plan.files) await checkUnchanged(files, target, content);
      await files.syncFolder(folder);
      await files.rename(journal, join(folder, JOURNAL));
    } catch (error) {
      for (const path of staged) await ignoreSystemErrors(() => files.removeFile(path));
      throw error;
    }
    await begun(files, folder, steps);
  });
}

/** Completes what a journal says; when the system refuses, that is said of the folder, which is no longer as it was. */
async function begun(files: StoreFiles, folder: string, steps: readonly Step[]): Promise<void> {
  try {
    await files.syncFolder(folder);
    await complete(files, folder, steps);
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof KnownError || code === undefined) throw error;
    throw new KnownError({
      message: `The credentials in ${folder} are changed in part`,
      seen: code,
      next: ['Run it again as soon as the cause is gone: it completes what was begun'],
      cause: error,
    });
  }
}

/** Whether the step is still to be done. Throws a KnownError when its file is none of ours, or not to be put there. */
async function requireOwn(files: StoreFiles, folder: string, { from, to, hash }: Step): Promise<boolean> {
  const status = await files.look(join(folder, from));
  // Renamed before the run was ended.
  if (status === undefined) return false;
  if (status.kind !== 'file' || !status.own || hashOf(await files.read(join(folder, from))) !== hash)
    throw new KnownError({
      message: `The credentials in ${folder} can't be completed: ${from} is not what a run of ours wrote`,
      next: [`Remove ${JOURNAL} and ${from} there, and write the credentials again`],
    });
  await readTargetFile(files, join(folder, to));
  return true;
}

async function complete(files: StoreFiles, folder: string, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (!(await requireOwn(files, folder, step))) continue;
    const { from, to } = step;
    await files.rename(join(folder, from), join(folder, to));
  }
  await files.syncFolder(folder);
  await files.removeFile(join(folder, JOURNAL));
}

async function readJournal(files: StoreFiles, folder: string): Promise<readonly Step[] | undefined> {
  const path = join(folder, JOURNAL);
  const status = await files.look(path);
  if (status === undefined) return undefined;
  const steps = status.kind === 'file' && status.own ? stepsOf((await files.read(path)).toString('utf8')) : undefined;
  if (steps !== undefined) return steps;
  throw new KnownError({
    message: `${path} is no journal of ours`,
    next: ['Remove it, and write the credentials again'],
  });
}

function stepsOf(text: string): readonly Step[] | undefined {
  try {
    const data: unknown = JSON.parse(text);
    if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['steps'])) return undefined;
    const steps = data['steps'].filter((step): step is Step => isStep(step));
    return steps.length === data['steps'].length ? steps : undefined;
  } catch {
    return undefined;
  }
}

function isStep(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { from, to, hash } = value;
  const known = PEM_FILES.find((name) => name === to);
  if (known === undefined || typeof from !== 'string' || typeof hash !== 'string') return false;
  return from.startsWith(`.${known}.`) && /^\.[a-z.]+\.\d+-[0-9a-f]{12}\.kuflow-new$/.test(from);
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
