import { diff3Merge, diffIndices } from 'node-diff3';

export type TextMerge = { readonly kind: 'clean'; readonly text: string } | { readonly kind: 'conflict' };

const EXPORT_LINE = /^export \* from '[^']+';$/;

export interface MergeOptions {
  /** The order of what is added means nothing, as with declarations: where both added something, both stay. */
  readonly isOrderFree?: boolean;
}

/**
 * A three-way merge by lines: the change from `base` to `next`, made to `mine`. A conflict where `mine` was changed at the same place; what stands right
 * beside a change is another place. Lines that export a whole module may stand anywhere, so a change that only adds such lines never
 * conflicts and is never made twice. Line ends of `mine` stay.
 */
export function mergeText(base: string, mine: string, next: string, options: MergeOptions = {}): TextMerge {
  const crlf = mine.includes('\r\n');
  const own = crlf ? mine.replaceAll('\r\n', '\n') : mine;
  const merged = mergeLines(base, own, next, options.isOrderFree === true);
  if (merged === undefined) return { kind: 'conflict' };
  return { kind: 'clean', text: crlf ? merged.replaceAll('\n', '\r\n') : merged };
}

function mergeLines(base: string, mine: string, next: string, isOrderFree: boolean): string | undefined {
  if (mine === base) return next;
  if (base === next) return mine;
  const exported = addedExports(base, next);
  const missing = exported?.filter((line) => !mine.split('\n').includes(line));
  if (missing?.length === 0) return mine;
  const regions = diff3Merge(mine.split('\n'), base.split('\n'), next.split('\n'), { excludeFalseConflicts: true });
  const settled = regions.map(({ ok, conflict }) => ok ?? (conflict && resolveConflict(conflict, isOrderFree)));
  if (settled.every((lines) => lines !== undefined)) return settled.flat().join('\n');
  return missing === undefined ? undefined : appendLines(mine, missing);
}

/** Whether the change from `base` to `next` was made to `mine` before: all that it adds stands there in one piece, wherever that is. */
export function containsChange(base: string, mine: string, next: string): boolean {
  const plain = (text: string): readonly string[] => text.replaceAll('\r\n', '\n').split('\n');
  const within = plain(mine);
  const changes = diffIndices([...plain(base)], [...plain(next)]).map(({ buffer2Content }) =>
    trimBlankLines(buffer2Content),
  );
  return changes.length > 0 && changes.every((lines) => lines.length > 0 && containsLines(lines, within));
}

function trimBlankLines(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, last + 1);
}

function containsLines(lines: readonly string[], text: readonly string[]): boolean {
  return text.some((_, start) => lines.every((line, index) => text[start + index] === line));
}

interface Conflict {
  readonly a: readonly string[];
  readonly o: readonly string[];
  readonly b: readonly string[];
}

function resolveConflict({ a, o, b }: Conflict, isOrderFree: boolean): readonly string[] | undefined {
  if (o.length === 0) return isOrderFree ? [...a, ...b] : undefined;
  return mergeAdjacent(a, o, b) ?? mergeAdjacent(b, o, a);
}

/** One side kept the lines and added some before or after them, the other changed them: both can be had. */
function mergeAdjacent(
  added: readonly string[],
  lines: readonly string[],
  changed: readonly string[],
): readonly string[] | undefined {
  const at = (start: number): boolean => lines.every((line, index) => added[start + index] === line);
  const [isFirst, isLast] = [at(0), added.length > lines.length && at(added.length - lines.length)];
  // Blank lines are everywhere, and lines that come twice don't say where they came from.
  if (isFirst === isLast || lines.every((line) => line.trim() === '')) return undefined;
  return isFirst ? [...changed, ...added.slice(lines.length)] : [...added.slice(0, -lines.length), ...changed];
}

/** The lines that `next` adds, when all that it does is to export whole modules. */
function addedExports(base: string, next: string): readonly string[] | undefined {
  const plain = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
  const rest = plain(next).filter((line) => !EXPORT_LINE.test(line));
  if (
    rest.join('\n') !==
    plain(base)
      .filter((line) => !EXPORT_LINE.test(line))
      .join('\n')
  )
    return undefined;
  const before = new Set(plain(base));
  const after = new Set(plain(next));
  if ([...before].some((line) => !after.has(line))) return undefined;
  return [...after].filter((line) => !before.has(line));
}

function appendLines(text: string, lines: readonly string[]): string {
  const head = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${head}${head === '' ? '' : '\n'}${lines.join('\n')}\n`;
}
