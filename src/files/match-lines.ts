import { LCS } from 'node-diff3';

/** The lines that two texts have in common, in the same order: the index of each in `lines`, and its index in `others`. */
export function matchLines(lines: readonly string[], others: readonly string[]): ReadonlyMap<number, number> {
  const matches = new Map<number, number>();
  for (let at = LCS([...lines], [...others]); at.chain !== null; at = at.chain)
    matches.set(at.buffer1index, at.buffer2index);
  return matches;
}
