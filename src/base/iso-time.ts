/** A time as ISO 8601. What no date can hold, and what is no time at all, is told in words: `Date` throws for both. Milliseconds since the epoch. */
export function isoTime(ms: number): string {
  if (Number.isNaN(ms)) return 'no readable date';
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'beyond any date';
}
