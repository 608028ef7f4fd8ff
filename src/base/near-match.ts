/** The candidate that was probably meant: equal except for case and punctuation, or with at most a third of the characters mistyped. */
export function nearMatch(text: string, candidates: readonly string[]): string | undefined {
  const wanted = normalized(text);
  if (wanted === '' || wanted.length > 100) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const steps = distance(wanted, normalized(candidate));
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

/** `; did you mean "x"?` for the closest candidate; empty if none is close. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const match = nearMatch(text, candidates);
  return match === undefined ? '' : `; did you mean "${match}"?`;
}

/** `a, b or c` */
export function formatAlternatives(values: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  return values.length < 2
    ? values.join('')
    : `${values.slice(0, -1).join(', ')} ${conjunction} ${values.at(-1) ?? ''}`;
}

function normalized(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** The number of insertions, deletions, replacements and swaps of neighbors between two texts. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let steps = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      next.push(steps);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
