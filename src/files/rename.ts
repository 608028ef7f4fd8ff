import { renameSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { sleepSync } from '../base/clock.ts';
import { codeOf } from '../base/errors.ts';

/** In milliseconds, two seconds in total. */
const PAUSES: readonly number[] = [10, 20, 50, 100, 200, 400, 600, 620];

/** How long to wait before the next attempt, or undefined if the error is final. */
function pauseAfter(error: unknown, attempt: number, platform: NodeJS.Platform): number | undefined {
  const isInUse = platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error) ?? '');
  return isInUse ? PAUSES[attempt] : undefined;
}

/** Like Node's `rename`. On Windows, retries while another program, such as a virus scanner, has the file open. */
export async function renameFile(
  from: string,
  to: string,
  { platform = process.platform, once = rename } = {},
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await once(from, to);
      return;
    } catch (error) {
      const pause = pauseAfter(error, attempt, platform);
      if (pause === undefined) throw error;
      await setTimeout(pause);
    }
  }
}

export function renameFileSync(
  from: string,
  to: string,
  { platform = process.platform, once = renameSync } = {},
): void {
  for (let attempt = 0; ; attempt++) {
    try {
      once(from, to);
      return;
    } catch (error) {
      const pause = pauseAfter(error, attempt, platform);
      if (pause === undefined) throw error;
      sleepSync(pause);
    }
  }
}
