import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { isRecord } from '../../../base/json.ts';
import type { CredentialSet } from '../set.ts';
import { SET_FILES } from '../store/layout.ts';
import { writeNewFile } from '../../../files/write.ts';
import { withContext, systemError, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import type { LockWaitOptions } from '../../../files/file-lock.ts';
import type { KeyChange } from './format.ts';
import { checkUnchanged, stagingFileName, removeLeftovers, withFolderLock } from './replace-files.ts';
import { permissionNote, targetMode, readTargetFile, type TargetFile } from '../target.ts';

const JOURNAL = '.kuflow-credentials-journal.json';
const FORMAT = 1;

/** Names of the files of a set in a folder. */
const PEM_FILES = [SET_FILES.ca, SET_FILES.cert, SET_FILES.key, SET_FILES.token] as const;

/** The files that only their owner may read. */
const SECRET: readonly string[] = [SET_FILES.key, SET_FILES.token];

/** The files of a set; with `secretOnly`, those that only their owner may read. */
export function pemFileNames(withToken: boolean, secretOnly = false): readonly string[] {
  return PEM_FILES.filter((name) => (withToken || name !== SET_FILES.token) && (!secretOnly || SECRET.includes(name)));
}

/** A file in the folder, with its current state and its new content. */
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

/** The content of each file in the folder, with secrets in clear text. */
function pemContents(set: CredentialSet): readonly (readonly [string, string])[] {
  return [
    [SET_FILES.ca, set.authorities],
    [SET_FILES.cert, set.certificate],
    [SET_FILES.key, set.privateKey.reveal()],
    ...(set.token === undefined ? [] : [[SET_FILES.token, set.token.value.reveal()] as const]),
  ];
}

/**
 * Compares the files in the folder with the set. Links in `folder` must be resolved. Throws a KnownError for a file
 * that must not be replaced.
 */
export async function planPem(files: FileSystem, folder: string, set: CredentialSet): Promise<PemPlan> {
  const plan: PemFile[] = [];
  const changes: KeyChange[] = [];
  const notes: string[] = [];
  for (const [name, text] of pemContents(set)) {
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
  const hasOldToken =
    set.token === undefined && (await withContext('Reading the folder', folder, () => files.look(token))) !== undefined;
  if (hasOldToken) notes.push(`${SET_FILES.token} is unchanged; add --with-token to renew the token`);
  return { files: plan, changes, notes };
}

/**
 * Makes the checks of a run that writes to the folder, before there is a set. Rejects with a KnownError if it could not
 * be written.
 */
export async function checkPemFolder(files: FileSystem, folder: string, withToken: boolean): Promise<void> {
  try {
    for (const step of (await readJournal(files, folder)) ?? []) await isStepPending(files, folder, step);
  } catch (error) {
    // The file disappeared after its status was read: another run is completing the journal.
    if (codeOf(error) !== 'ENOENT') throw systemError(error, 'Reading the journal', folder);
  }
  for (const name of pemFileNames(withToken)) await readTargetFile(files, join(folder, name));
}

/** A rename in the journal. */
interface Step {
  readonly from: string;
  readonly to: string;
  /** SHA-256 of the content. */
  readonly hash: string;
}

/**
 * Runs `work` as the only run of this tool in the folder. First completes the change of a killed run, because until
 * then the folder may contain files of two sets. Rejects with a KnownError.
 */
export async function withPemFolderLock<T>(
  files: FileSystem,
  folder: string,
  waiting: LockWaitOptions,
  work: (completed: boolean) => Promise<T>,
): Promise<T> {
  return await withFolderLock(files, folder, waiting, async () => {
    const steps = await withContext('Reading the journal', folder, () => readJournal(files, folder));
    if (steps !== undefined) await completeSteps(files, folder, steps);
    await removeLeftovers(files, folder, [...PEM_FILES, JOURNAL], true);
    return await work(steps !== undefined);
  });
}

/**
 * Writes all files under temporary names, then a journal, then renames the files one by one, so that the next run can
 * complete an interrupted one. Call it only in `withPemFolderLock`. Rejects with a KnownError; until the journal
 * exists, nothing has changed.
 */
export async function writePem(files: FileSystem, folder: string, plan: PemPlan): Promise<void> {
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
        about: 'Renames in progress. The next run completes them.',
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
    await completeSteps(files, folder, steps);
  });
}

/**
 * Completes the renames of a journal and removes it. If a call fails, the error says that the folder has changed in
 * part.
 */
async function completeSteps(files: FileSystem, folder: string, steps: readonly Step[]): Promise<void> {
  try {
    await files.syncFolder(folder);
    for (const step of steps) {
      if (!(await isStepPending(files, folder, step))) continue;
      await files.rename(join(folder, step.from), join(folder, step.to));
    }
    await files.syncFolder(folder);
    await files.removeFile(join(folder, JOURNAL));
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof KnownError || code === undefined) throw error;
    throw new KnownError({
      message: `Only some of the credentials in ${folder} were replaced`,
      seen: code,
      next: ['Fix the cause, then run this command again to complete the change'],
      cause: error,
    });
  }
}

/**
 * Whether the rename has not happened yet. Throws a KnownError if this tool did not write the file, or if the target
 * must not be replaced.
 */
async function isStepPending(files: FileSystem, folder: string, { from, to, hash }: Step): Promise<boolean> {
  const status = await files.look(join(folder, from));
  // Already renamed.
  if (status === undefined) return false;
  if (status.kind !== 'file' || !status.own || hashOf(await files.read(join(folder, from))) !== hash)
    throw new KnownError({
      message: `The change in ${folder} cannot be completed: ${from} was modified`,
      next: [`Remove ${JOURNAL} and ${from} from that folder, then write the credentials again`],
    });
  await readTargetFile(files, join(folder, to));
  return true;
}

async function readJournal(files: FileSystem, folder: string): Promise<readonly Step[] | undefined> {
  const path = join(folder, JOURNAL);
  const status = await files.look(path);
  if (status === undefined) return undefined;
  const steps =
    status.kind === 'file' && status.own ? parseSteps((await files.read(path)).toString('utf8')) : undefined;
  if (steps !== undefined) return steps;
  throw new KnownError({
    message: `${path} was not written by this tool`,
    next: ['Remove it, then write the credentials again'],
  });
}

function parseSteps(text: string): readonly Step[] | undefined {
  try {
    const data: unknown = JSON.parse(text);
    if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['steps'])) return undefined;
    const steps = data['steps'].filter(isStep);
    return steps.length === data['steps'].length ? steps : undefined;
  } catch {
    return undefined;
  }
}

function isStep(value: unknown): value is Step {
  if (!isRecord(value)) return false;
  const { from, to, hash } = value;
  const known = PEM_FILES.find((name) => name === to);
  if (known === undefined || typeof from !== 'string' || typeof hash !== 'string') return false;
  return from.startsWith(`.${known}.`) && /^\.[a-z.]+\.\d+-[0-9a-f]{12}\.kuflow-new$/.test(from);
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
