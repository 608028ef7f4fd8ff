import type { Clock } from './clock.ts';

const MAX_KEYS = 1000;

/** A function that says whether `key` has not been let through in the last `ms`. */
export function atMostEvery(ms: number, clock: Clock): (key: string) => boolean {
  const passedAt = new Map<string, number>();
  return (key) => {
    const now = clock.now();
    if (now - (passedAt.get(key) ?? -Infinity) < ms) return false;
    if (passedAt.size > MAX_KEYS) passedAt.clear();
    passedAt.set(key, now);
    return true;
  };
}
