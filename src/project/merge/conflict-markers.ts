import type { LineConflict } from './lines.ts';

/** Names of the three versions in conflict markers, such as `yours`, `template 0.1.0` and `template 0.2.0`. */
export interface MergeLabels {
  readonly mine: string;
  readonly base: string;
  readonly theirs: string;
}

/** The lines of a conflict with git's markers, as with `merge.conflictStyle=diff3`. */
export function markConflict({ mine, base, theirs }: LineConflict, labels: MergeLabels): readonly string[] {
  return [
    `<<<<<<< ${labels.mine}`,
    ...mine,
    `||||||| ${labels.base}`,
    ...base,
    '=======',
    ...theirs,
    `>>>>>>> ${labels.theirs}`,
  ];
}

/** The lines, from 1, where conflicts start that `markConflict` wrote with these labels or longer ones. Ignores conflicts that lack a marker. */
export function findMarkers(source: string, { mine, base, theirs }: MergeLabels): readonly number[] {
  const markers = [`<<<<<<< ${mine}`, `||||||| ${base}`, '=======', `>>>>>>> ${theirs}`];
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  const found: number[] = [];
  let start = 0;
  let expected = 0;
  for (const [index, line] of lines.entries()) {
    if (line === markers[0]) [start, expected] = [index + 1, 1];
    else if (
      expected > 0 &&
      (line === markers[expected] || (expected === 3 && line.startsWith(`${markers[3] ?? ''} `)))
    ) {
      if (expected === 3) found.push(start);
      expected = (expected + 1) % 4;
    }
  }
  return found;
}
