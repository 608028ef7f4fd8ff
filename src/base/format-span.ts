const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A span of time, in milliseconds, rounded to two units, such as `3 d 4 h`. */
export function formatSpan(ms: number): string {
  const [, smaller = 1000] = UNITS[indexOfLargest(Math.max(ms, 1000)) + 1] ?? [];
  let rest = Math.round(ms / smaller) * smaller;
  const largest = indexOfLargest(rest);
  if (largest === -1) return '0 s';
  return UNITS.slice(largest, largest + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(' ');
}

const indexOfLargest = (ms: number): number => UNITS.findIndex(([, size]) => ms >= size);
