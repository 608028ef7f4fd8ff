const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** The two largest units of a span of time, in milliseconds, such as `3 d 4 h`. */
export function formatSpan(ms: number): string {
  const largest = UNITS.findIndex(([, size]) => ms >= size);
  if (largest === -1) return '0 s';
  let rest = ms;
  const counts = UNITS.slice(largest, largest + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { unit, count };
  });
  return counts.flatMap(({ unit, count }) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ');
}
