import { stat } from 'node:fs/promises';
import { messageOf } from '../base/errors.ts';

/**
 * Files are checked regularly instead of waiting for events of the system: it reports none for network and virtual file systems, such as a
 * Windows folder in WSL, nor for folders beyond its limit.
 */
const CHECK_MS = 250;

export interface FileWatchOptions {
  /** The absolute paths of the files to watch, which may be missing. Called for each check. */
  readonly listFiles: () => Promise<readonly string[]>;
  /** Called first at the start, then after each change, never twice at the same time. */
  readonly onChange: () => Promise<void>;
  /** Called when `listFiles` or `onChange` rejects, once for a check that repeatedly fails in the same way. The files are watched further. */
  readonly onError: (error: unknown) => void;
  /** Whether the process keeps running until the watch is closed. Default: false. */
  readonly persistent?: boolean;
  readonly checkMs?: number;
}

export interface FileWatch {
  /** Resolves when a running `onChange` has ended. No other one starts. */
  close(): Promise<void>;
}

/** Watches files that may be saved in any way: in place, by renaming another file, or by deleting and creating it. */
export function watchFiles(options: FileWatchOptions): FileWatch {
  const { listFiles, onChange, onError, persistent = false, checkMs = CHECK_MS } = options;
  let isClosed = false;
  let handled: string | undefined;
  let seen: string | undefined;
  let problem: string | undefined;
  let pause = checkMs;
  let timer: NodeJS.Timeout | undefined;

  const check = async (): Promise<void> => {
    const started = performance.now();
    const states = (await listFiles()).map(async (file) => `${file} ${await stateOf(file)}`);
    const state = (await Promise.all(states)).join('\n');
    // Checks of many files must not keep the processor busy.
    pause = Math.max(checkMs, 4 * (performance.now() - started));
    if (isClosed || state === handled) return;
    // Editors write a file in several steps: it is read when two checks in a row find the same.
    const isSettled = handled === undefined || state === seen;
    seen = state;
    if (!isSettled) return;
    handled = state;
    await onChange();
  };
  const run = async (): Promise<void> => {
    try {
      await check();
      problem = undefined;
    } catch (error) {
      if (problem !== messageOf(error)) onError(error);
      problem = messageOf(error);
    }
    if (isClosed) return;
    timer = setTimeout(() => {
      running = run();
    }, pause);
    if (!persistent) timer.unref();
  };
  let running = run();

  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Differs after the file has changed. Empty if it does not exist. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return '';
  }
}
