import { diffIndices } from 'node-diff3';

export interface PlacedLines {
  /** The line of the file that they follow, from 1; 0 at the top. With `instead`, the first of the lines that they replace. */
  readonly line: number;
  /** Ends without a line break. */
  readonly text: string;
  /** The lines that they replace. */
  readonly instead?: string;
}

const hasWord = (line: string): boolean => /[\p{L}\p{N}]/u.test(line);
const indentOf = (line: string): number => line.length - line.trimStart().length;

/** The first lines of the blocks around a line, from the inside out, as the indentation shows them. */
function blocksAround(lines: readonly string[], at: number): string {
  const blocks: string[] = [];
  let indent = indentOf(lines[at] ?? '');
  for (let above = at - 1; above >= 0 && indent > 0; above--) {
    const line = lines[above] ?? '';
    if (line.trim() === '' || indentOf(line) >= indent) continue;
    indent = indentOf(line);
    blocks.push(line.trim());
  }
  return blocks.join('\n');
}

/**
 * Whether a merge changes the same blocks of code as the change that was merged: from `base` to `next` as from `mine` to `merged`. In a file
 * with local changes, lines of one function can be found in another one.
 */
export function isMergedInPlace(texts: {
  readonly base: string;
  readonly next: string;
  readonly mine: string;
  readonly merged: string;
}): boolean {
  const wanted = changedLines(texts.base, texts.next);
  return [...changedLines(texts.mine, texts.merged)].every((line) => wanted.has(line));
}

/** The lines that differ, each with the blocks around it. */
function changedLines(before: string, after: string): ReadonlySet<string> {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const list = (lines: readonly string[], start: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => start + index)
      .filter((at) => hasWord(lines[at] ?? ''))
      .map((at) => `${lines[at] ?? ''}\n${blocksAround(lines, at)}`);
  return new Set(
    diffIndices(old, now).flatMap(({ buffer1: removed, buffer2: added }) => [
      ...list(old, ...removed).map((line) => `-${line}`),
      ...list(now, ...added).map((line) => `+${line}`),
    ]),
  );
}

/** Where the lines that `next` adds to `base` belong in `mine`. An estimate: the place of a line before them, which may have moved. */
export function placeLines(base: string, next: string, mine: string): readonly PlacedLines[] {
  const [old, now, own] = [base, next, mine].map((text) => text.split('\n')) as [string[], string[], string[]];
  return diffIndices(old, now).flatMap(({ buffer1: [from], buffer1Content: removed, buffer2Content: added }) => {
    const text = trimBlankLines(added).join('\n');
    if (text === '') return [];
    const replaced = trimBlankLines(removed);
    const at = replaced.length === 0 ? -1 : own.indexOf(replaced[0] ?? '');
    if (at >= 0) return [{ line: at + 1, text, instead: replaced.join('\n') }];
    return [{ line: placeAfter(old, from, own, indentOf(text)), text }];
  });
}

/** The line of `own`, from 1, that is the last one of the statement before the index `from` of `old`. */
function placeAfter(old: readonly string[], from: number, own: readonly string[], indent: number): number {
  const last = old.slice(0, from).findLast((line) => line.trim() !== '') ?? '';
  if (hasWord(last) && own.filter((line) => line === last).length === 1) return own.indexOf(last) + 1;
  for (let at = from - 1; at >= 0; at--) {
    const line = old[at] ?? '';
    if (!hasWord(line) || indentOf(line) > indent) continue;
    const found = own.flatMap((text, index) => (text === line ? [index] : []));
    const blocks = blocksAround(old, at);
    const place = found.find((index) => blocksAround(own, index) === blocks) ?? found[0];
    if (place === undefined) continue;
    return indentOf(line) < indent ? place + 1 : endOfStatement(own, place) + 1;
  }
  return 0;
}

/** The index of the last line of the statement that starts at this one. */
function endOfStatement(lines: readonly string[], start: number): number {
  const indent = indentOf(lines[start] ?? '');
  let end = start;
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    const isClosing = indentOf(line) === indent && !hasWord(line) && at > start + 1;
    if (indentOf(line) <= indent && !isClosing) break;
    end = at;
    if (isClosing) break;
  }
  return end;
}

function trimBlankLines(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line.trim() !== '') + 1);
}
