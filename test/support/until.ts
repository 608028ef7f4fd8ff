import { setTimeout as pause } from 'node:timers/promises';

/** Repeats a question until the answer is neither undefined nor false and returns it; fails with `what` after `within` milliseconds. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  within = 150_000,
): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${within / 1000} s: ${what}`);
    await pause(50);
  }
}
