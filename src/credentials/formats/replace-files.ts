import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { codeOf, KnownError } from '../../base/errors.ts';
import { doing, unlessSystemFails } from '../store/store-error.ts';
import type { StoreFiles } from '../store/store-files.ts';
import { readTarget, type TargetFile } from './target.ts';

/** What is to stand in a file. */
export interface Replacement {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
}

const STAGED = /^\.(.+)\.(\d+)-[0-9a-f]{12}\.kuflow-new$/;

/** A name beside the file, which tells whose run made it. */
export function stagedName(name: string): string {
  return `.${name}.${process.pid}-${randomBytes(6).toString('hex')}.kuflow-new`;
}

/**
 * Puts a new file in place of one, or of nothing, by one rename: closed to others from birth, on the disk before it has its name. Rejects with a
 * KnownError, and the file is as it was.
 */
export async function replaceFile(files: StoreFiles, { target, content, mode }: Replacement): Promise<void> {
  const folder = dirname(target.path);
  await doing(`Writing ${target.name}`, target.path, async () => {
    await sweep(files, folder, [target.name]);
    const staged = join(folder, stagedName(target.name));
    try {
      await writeStaged(files, staged, content, mode);
      await checkUnchanged(files, target);
      await files.rename(staged, target.path);
    } catch (error) {
      await unlessSystemFails(() => files.removeFile(staged));
      throw error;
    }
    // It is in place by now, whatever the disk says of the folder.
    await unlessSystemFails(() => files.syncFolder(folder));
  });
}

export async function writeStaged(files: StoreFiles, path: string, content: Buffer, mode: number): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(content);
    if (mode !== 0o600) await file.setMode(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Throws a KnownError when somebody wrote the file since it was read. */
export async function checkUnchanged(files: StoreFiles, target: TargetFile): Promise<void> {
  const { bytes } = await readTarget(files, target.path);
  const same = bytes === undefined ? target.bytes === undefined : target.bytes?.equals(bytes) === true;
  if (same) return;
  throw new KnownError({
    message: `${target.name} was changed by somebody else meanwhile`,
    tried: target.path,
    next: ['Run it again: what was changed is kept'],
  });
}

/** Removes what killed runs left beside these files. `alone`: no other run writes here. */
export async function sweep(files: StoreFiles, folder: string, names: readonly string[], alone = false): Promise<void> {
  await unlessSystemFails(async () => {
    for (const entry of await files.list(folder)) {
      const [, name = '', pid = ''] = STAGED.exec(entry) ?? [];
      if (!names.includes(name) || (!alone && isAlive(Number(pid)))) continue;
      const path = join(folder, basename(entry));
      const status = await files.look(path);
      if (status?.kind === 'file' && status.own) await files.removeFile(path);
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
