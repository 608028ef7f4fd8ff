import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
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
  const folders = await Promise.all(absolute.map(foldersIn));
  let hasChanged = false;
  let onChanged: (() => void) | undefined;
  let onFailed: ((error: unknown) => void) | undefined;
  let close: () => Promise<void> = () => Promise.resolve();
  await new Promise<void>((started, failed) => {
    onFailed = failed;
    let isStarted = false;
    const watch = watchFiles({
      folders: folders.flat(),
      isRelevant: () => true,
      listFiles: async () => (await Promise.all(absolute.map(filesIn))).flat(),
      onChange: () => {
        hasChanged = isStarted;
        isStarted = true;
        started();
        if (hasChanged) onChanged?.();
        return Promise.resolve();
      },
      onError: (error) => onFailed?.(error),
    });
    close = () => watch.close();
  });
  return {
    next: (signal) =>
      new Promise((changed, fail) => {
        const settle = (end: () => void) => (): void => {
          [onChanged, onFailed] = [undefined, undefined];
          signal.removeEventListener('abort', onAbort);
          end();
        };
        const onAbort = settle(() => fail(signal.reason as Error));
        onFailed = (error) => settle(() => fail(error))();
        onChanged = settle(() => {
          hasChanged = false;
          changed();
        });
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        else if (hasChanged) onChanged();
      }),
    close,
  };
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

/** Undefined if it is not a folder. */
async function entriesIn(path: string) {
  try {
    return await readdir(path, { recursive: true, withFileTypes: true });
  } catch (error) {
    // A folder may be removed while it is read.
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
