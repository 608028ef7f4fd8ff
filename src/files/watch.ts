import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Editors write a file in several steps: it is read once nothing has changed for this long. */
const SETTLE_MS = 100;
/** The system reports no changes of network and virtual file systems, such as a Windows folder in WSL. */
const CHECK_MS = 2000;

export interface FileWatchOptions {
  /** Absolute folders with the files. They may be missing. */
  readonly folders: readonly string[];
  /** Whether a change of this entry of one of the folders can matter. */
  readonly isRelevant: (name: string) => boolean;
  /** The absolute paths of the files to watch, which may be missing. Called for each check. */
  readonly listFiles: () => Promise<readonly string[]>;
  /** Called first at the start, then after each change, never twice at the same time. */
  readonly onChange: () => Promise<void>;
  /** Called when `listFiles` or `onChange` rejects. The files are watched further. */
  readonly onError: (error: unknown) => void;
  /** Whether the process keeps running until the watch is closed. Default: false. */
  readonly persistent?: boolean;
  readonly settleMs?: number;
  readonly checkMs?: number;
}

export interface FileWatch {
  /** Resolves when a running `onChange` has ended. No other one starts. */
  close(): Promise<void>;
}

/** Watches files that may be saved in any way: in place, by renaming another file, or by deleting and creating it. */
export function watchFiles(options: FileWatchOptions): FileWatch {
  const { folders, isRelevant, listFiles, onChange, onError } = options;
  const { persistent = false, settleMs = SETTLE_MS, checkMs = CHECK_MS } = options;
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly id: string }>();
  let isClosed = false;
  let handled: string | undefined;
  let seen: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isDue = false;

  const watchFolder = (folder: string, id: string): void => {
    if (isClosed || watchers.get(folder)?.id === id) return;
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
    if (id === '') return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name !== null && !isRelevant(name)) return;
        handled = undefined;
        schedule(settleMs);
      });
      // The regular check still finds changes.
      watcher.on('error', () => watcher.close());
      watchers.set(folder, { watcher, id });
    } catch {
      // For example because the limit of the system for watched folders is reached.
    }
  };

  const check = async (): Promise<void> => {
    // Watched before the files are read: no change is missed in between.
    for (const folder of folders) watchFolder(folder, await identify(folder, ['dev', 'ino']));
    const files = await listFiles();
    const states = files.map(async (file) => `${file} ${await identify(file, ['ino', 'size', 'mtimeMs', 'ctimeMs'])}`);
    const state = (await Promise.all(states)).join('\n');
    if (isClosed || state === handled) return;
    if (state !== seen) {
      seen = state;
      schedule(settleMs);
      return;
    }
    handled = state;
    await onChange();
  };

  const schedule = (ms: number): void => {
    if (isClosed) return;
    clearTimeout(timer);
    timer = setTimeout(run, ms);
    timer.unref();
  };
  const run = (): void => {
    if (running !== undefined) {
      // It may have read the files too early.
      isDue = true;
      return;
    }
    isDue = false;
    running = check()
      .catch(onError)
      .finally(() => {
        running = undefined;
        if (isDue && !isClosed) run();
      });
  };
  const interval = setInterval(run, checkMs);
  if (!persistent) interval.unref();
  run();

  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      clearInterval(interval);
      for (const { watcher } of watchers.values()) watcher.close();
      await running;
    },
  };
}

/** The result differs after the file or folder has changed. It is empty if the file or folder does not exist. */
async function identify(
  path: string,
  keys: readonly ('dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs')[],
): Promise<string> {
  try {
    const stats = await stat(path);
    return keys.map((key) => stats[key]).join(' ');
  } catch {
    return '';
  }
}
