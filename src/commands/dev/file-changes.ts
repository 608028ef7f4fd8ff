import { EventEmitter, once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { watchFiles } from '../../files/watch.ts';

export interface FileChanges {
  /** Resolves at the next change, or at once if there was one since the last call. Rejects when `signal` aborts. */
  next(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Notices every change of these files, and of the files in these folders, relative to `cwd`. They may be missing. */
export async function noticeChanges(paths: readonly string[], cwd: string): Promise<FileChanges> {
  const absolute = paths.map((path) => resolve(cwd, path));
  const events = new EventEmitter();
  let isStarted = false;
  let hasChanged = false;
  let failure: Error | undefined;
  const watch = watchFiles({
    folders: (await Promise.all(absolute.map(foldersIn))).flat(),
    isRelevant: (name) => !isBytecode(name),
    listFiles: async () => (await Promise.all(absolute.map(filesIn))).flat(),
    onChange: () => {
      // The first call is about the files as they are.
      hasChanged = isStarted;
      isStarted = true;
      events.emit('event');
      return Promise.resolve();
    },
    onError: (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
      events.emit('event');
    },
    persistent: true,
  });
  const until = async (isDone: () => boolean, signal?: AbortSignal): Promise<void> => {
    while (failure === undefined && !isDone()) await once(events, 'event', { signal });
    if (failure !== undefined) throw failure;
  };
  const changes: FileChanges = {
    next: async (signal) => {
      try {
        await until(() => hasChanged, signal);
      } catch (error) {
        // Node rejects with an AbortError that has the reason as its cause.
        signal.throwIfAborted();
        throw error;
      }
      hasChanged = false;
    },
    close: () => watch.close(),
  };
  try {
    await until(() => isStarted);
  } catch (error) {
    await changes.close();
    throw error;
  }
  return changes;
}

/** The folder and those in it, or the folder of a file. */
async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await entriesIn(path);
  if (entries === undefined) return [dirname(path)];
  return [
    path,
    ...entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name)),
  ];
}

/** The files in a folder and its folders, or the path itself. */
async function filesIn(path: string): Promise<readonly string[]> {
  const files = (await entriesIn(path))?.filter((entry) => !entry.isDirectory());
  return files?.map(({ parentPath, name }) => join(parentPath, name)) ?? [path];
}

/** Python writes these files when it imports a module. */
const isBytecode = (path: string): boolean => path.split(sep).includes('__pycache__');

/** Undefined if it is not a folder. */
async function entriesIn(path: string) {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries.filter(({ parentPath, name }) => !isBytecode(join(parentPath, name)));
  } catch (error) {
    // A folder may be removed while it is read.
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
