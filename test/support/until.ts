import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds between two questions. A long wait asks less often, because most questions are calls of a server. */
const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 200;

/** Repeats a question until the answer is neither undefined nor false and returns it; fails with `what` after `within` milliseconds. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  within = 150_000,
): Promise<T> {
  const deadline = Date.now() + within;
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 1.25, LONGEST_PAUSE)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${within / 1000} s: ${what}`);
    await pause(wait);
  }
}
