import { diffIndices } from 'node-diff3';

const CONTEXT = 3;

interface Hunk {
  /** First line and number of lines, from 0, on either side. */
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
}

/** The change of one file as a unified diff that `git apply` and `patch -p1` take; empty when nothing changes. Undefined: no such file. */
export function unifiedDiff(path: string, before: string | undefined, after: string): string {
  if (before === after) return '';
  const [one, other] = [linesOf(before ?? ''), linesOf(after)];
  const changes = diffIndices([...one], [...other]).map(({ buffer1, buffer2 }): Hunk => ({
    before: buffer1,
    after: buffer2,
  }));
  const groups: Hunk[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const [start, length] = last?.at(-1)?.before ?? [0, 0];
    if (last !== undefined && change.before[0] - (start + length) <= 2 * CONTEXT) last.push(change);
    else groups.push([change]);
  }
  const head = [`--- ${before === undefined ? '/dev/null' : `a/${path}`}`, `+++ b/${path}`];
  return [...head, ...groups.flatMap((group) => hunkLines(group, one, other))].join('\n') + '\n';
}

const NO_END = '\\ No newline at end of file';

/** The lines with what ends them, so that a missing end is a difference. */
function linesOf(text: string): readonly string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== '');
}

function printed(mark: string, line: string): readonly string[] {
  return line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, NO_END];
}

function hunkLines(group: readonly Hunk[], one: readonly string[], other: readonly string[]): readonly string[] {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return [];
  const from = Math.max(0, first.before[0] - CONTEXT);
  const to = Math.min(one.length, last.before[0] + last.before[1] + CONTEXT);
  const shift = first.after[0] - first.before[0];
  const lines: string[] = [];
  let at = from;
  let written = 0;
  for (const { before, after } of group) {
    for (; at < before[0]; at++) lines.push(...printed(' ', one[at] ?? ''));
    for (; at < before[0] + before[1]; at++) lines.push(...printed('-', one[at] ?? ''));
    for (let add = after[0]; add < after[0] + after[1]; add++) lines.push(...printed('+', other[add] ?? ''));
    written += after[1] - before[1];
  }
  for (; at < to; at++) lines.push(...printed(' ', one[at] ?? ''));
  const size = to - from;
  return [`@@ -${range(from, size)} +${range(from + shift, size + written)} @@`, ...lines];
}

function range(start: number, length: number): string {
  // An empty range names the line before it.
  return `${length === 0 ? start : start + 1}${length === 1 ? '' : `,${length}`}`;
}
