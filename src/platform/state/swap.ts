import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { listStateEntries, OWNER_LOCK } from './entries.ts';

/*
 * Replaces the state of a folder so that an interruption at any moment leaves either state complete. A new state is staged in `import-…`:
 *
 * 1. The present entries move to `import-…/replaced`. Until this is complete, the present state can be put back.
 * 2. `import-…/complete` is written. From here on, the new entries move in, and an interrupted swap is completed.
 * 3. The folder is renamed to `imported-…`, which is only garbage, and removed.
 */

const STAGING = /^import-[0-9a-f]+$/;
const GARBAGE = /^imported-[0-9a-f]+$/;
const REPLACED = 'replaced';
const COMPLETE = 'complete';

type Rename = (from: string, to: string) => Promise<void>;

/** Creates an empty folder in the state folder, for the new state. */
export async function createStaging(stateDir: string): Promise<string> {
  const staging = join(stateDir, `import-${randomBytes(6).toString('hex')}`);
  await mkdir(staging, { mode: 0o700 });
  return staging;
}

/** Replaces the state with the staged one. If that fails, puts the present state back and rejects. */
export async function swapState(stateDir: string, staging: string, move: Rename = rename): Promise<void> {
  const { archived, transient } = await listStateEntries(stateDir);
  const replaced = join(staging, REPLACED);
  await mkdir(replaced);
  try {
    for (const name of [...archived, ...transient])
      if (name !== OWNER_LOCK && !isStaging(name)) await move(join(stateDir, name), join(replaced, name));
    await writeFile(join(staging, COMPLETE), '', { flush: true });
    await moveIn(stateDir, staging, move);
  } catch (error) {
    await putBack(stateDir, staging, move).catch((failure: unknown) => {
      throw unrestoredError(staging, failure);
    });
    throw error;
  }
  await discard(stateDir, staging);
}

/** Completes or undoes a swap that was interrupted. No other process may use the state folder. */
export async function finishInterruptedSwap(stateDir: string): Promise<void> {
  const names = await readdir(stateDir);
  for (const name of names.filter(isStaging)) {
    const staging = join(stateDir, name);
    if (GARBAGE.test(name) || !(await exists(join(staging, REPLACED)))) await discard(stateDir, staging);
    else if (await exists(join(staging, COMPLETE))) {
      await moveIn(stateDir, staging, rename);
      await discard(stateDir, staging);
    } else {
      await putBack(stateDir, staging, rename);
      await discard(stateDir, staging);
    }
  }
}

/** Whether a swap was interrupted, or one is in progress. */
export async function hasStagedState(stateDir: string): Promise<boolean> {
  try {
    return (await readdir(stateDir)).some(isStaging);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Removes a staged state that is not needed any more. What can't be removed now is removed before the next swap. */
export async function discard(stateDir: string, staging: string): Promise<void> {
  const garbage = join(stateDir, `imported-${randomBytes(6).toString('hex')}`);
  await rename(staging, garbage).catch(() => undefined);
  for (const path of [garbage, staging]) {
    // A staged state that could not be renamed is still complete.
    if (path === staging && (await exists(join(staging, REPLACED)))) continue;
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
  }
}

const isStaging = (name: string): boolean => STAGING.test(name) || GARBAGE.test(name);

async function moveIn(stateDir: string, staging: string, move: Rename): Promise<void> {
  const { archived } = await listStateEntries(staging);
  for (const name of archived) await move(join(staging, name), join(stateDir, name));
}

async function putBack(stateDir: string, staging: string, move: Rename): Promise<void> {
  if (await exists(join(staging, COMPLETE))) {
    // All present entries have moved away, so that these are new ones.
    for (const name of (await listStateEntries(stateDir)).archived)
      await move(join(stateDir, name), join(staging, name));
    await rm(join(staging, COMPLETE));
  }
  const replaced = join(staging, REPLACED);
  for (const name of await readdir(replaced)) await move(join(replaced, name), join(stateDir, name));
  await rm(replaced, { recursive: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function unrestoredError(staging: string, failure: unknown): KnownError {
  return new KnownError({
    message: 'The import failed, and its changes could not be undone yet',
    tried: `the state in ${staging}`,
    seen: messageOf(failure),
    next: [
      'Close programs that use these files. The next start of `kuflow dev`, or another import, then completes or undoes it',
    ],
    cause: failure,
  });
}
