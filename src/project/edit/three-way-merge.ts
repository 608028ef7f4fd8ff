import { diff3Merge } from 'node-diff3';

export type TextMerge = { readonly kind: 'clean'; readonly text: string } | { readonly kind: 'conflict' };

const EXPORT_LINE = /^export \* from '[^']+';$/;

export interface MergeOptions {
  /** The order of additions does not matter, as for declarations. If both sides added lines in the same place, both are kept. */
  readonly isOrderFree?: boolean;
}

/**
 * A three-way merge by lines: applies the change from `base` to `next` to `mine`. A conflict is a place that `mine` changed too; adjacent lines
 * are a different place. Lines that export a whole module may be anywhere, so a change that only adds such lines never conflicts and is
 * never applied twice. Keeps the line endings of `mine`.
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
  const merged = regions.map(({ ok, conflict }) => ok ?? (conflict && resolveConflict(conflict, isOrderFree)));
  if (merged.every((lines) => lines !== undefined)) return merged.flat().join('\n');
  return missing === undefined ? undefined : appendLines(mine, missing);
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

/** Keeps both changes if one side changed the lines and the other only added lines before or after them. */
function mergeAdjacent(
  added: readonly string[],
  lines: readonly string[],
  changed: readonly string[],
): readonly string[] | undefined {
  const at = (start: number): boolean => lines.every((line, index) => added[start + index] === line);
  const [isFirst, isLast] = [at(0), added.length > lines.length && at(added.length - lines.length)];
  // Blank lines are ambiguous, and so are lines that appear at both ends.
  if (isFirst === isLast || lines.every((line) => line.trim() === '')) return undefined;
  return isFirst ? [...changed, ...added.slice(lines.length)] : [...added.slice(0, -lines.length), ...changed];
}

/** The lines that `next` adds, if it only adds exports of whole modules. Otherwise undefined. */
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
