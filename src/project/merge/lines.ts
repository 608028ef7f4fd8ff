import { isDeepStrictEqual } from 'node:util';
import { diff3Merge } from 'node-diff3';
import { canAddBoth, mergeEntries, type EntryFormat } from './dependency-entries.ts';

const EXPORT_LINE = /^export \* from '[^']+';$/;

export interface MergeOptions {
  /** The order of additions does not matter, as for declarations. If both sides added lines in the same place, both are kept. */
  readonly isOrderFree?: boolean;
}

interface LineOptions extends MergeOptions {
  /** Merges lines with names and versions by name. */
  readonly entries?: EntryFormat | undefined;
}

/** Lines that both sides changed in different ways, without line endings. */
export interface LineConflict extends Texts {
  /** The first of the lines in `mine`, from 1; the line that follows the place if `mine` is empty. */
  readonly line: number;
}

type Texts = Readonly<Record<'base' | 'mine' | 'theirs', readonly string[]>>;

export type MergedRegion = readonly string[] | LineConflict;

export function isConflict(region: MergedRegion): region is LineConflict {
  return 'mine' in region;
}

/**
 * A three-way merge by lines, which end in `\n`: applies the change from `base` to `next` to `mine`. A conflict is a place that `mine` changed
 * too; adjacent lines are a different place. Lines that export a whole module may be anywhere, so a change that only adds such lines never
 * conflicts and is never applied twice.
 */
export function mergeLines(
  base: string,
  mine: string,
  next: string,
  options: LineOptions = {},
): readonly MergedRegion[] {
  if (mine === base) return [next.split('\n')];
  if (base === next) return [mine.split('\n')];
  const own = splitLines(mine);
  const exported = addedExports(base, next);
  const missing = exported?.filter((line) => !own.includes(line));
  if (missing?.length === 0) return [mine.split('\n')];
  const texts = { base: splitLines(base), mine: own, theirs: splitLines(next) };
  const merged = diffRegions(texts).map((region) =>
    isConflict(region) ? (resolveConflict(region, options) ?? region) : region,
  );
  if (missing === undefined || !merged.some(isConflict)) return [...merged, ['']];
  return [appendLines(mine, missing).split('\n')];
}

/** Every place in which the three differ: the lines outside of the conflicts are the same in all of them. */
export function findConflicts(base: string, mine: string, theirs: string): readonly MergedRegion[] {
  const texts = { base: splitLines(base), mine: splitLines(mine), theirs: splitLines(theirs) };
  const regions = diffRegions(texts);
  const contains = (side: keyof typeof texts): boolean =>
    isDeepStrictEqual(
      regions.flatMap((region) => (isConflict(region) ? region[side] : region)),
      texts[side],
    );
  // Repeated lines may be matched so that a change of one side seems to be in another place.
  const isFaithful = contains('base') && contains('mine') && contains('theirs');
  return [...(isFaithful ? regions : toOneConflict(texts)), ['']];
}

/** The lines of a text. The line break at its end does not add an empty line, which could conflict. */
function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function diffRegions({ base, mine, theirs }: Texts): readonly MergedRegion[] {
  return diff3Merge([...mine], [...base], [...theirs], { excludeFalseConflicts: true }).map(({ ok, conflict }) => {
    if (conflict === undefined) return ok ?? [];
    return { line: conflict.aIndex + 1, base: conflict.o, mine: conflict.a, theirs: conflict.b };
  });
}

/** All that is between the first and the last lines that the three share. */
function toOneConflict({ base, mine, theirs }: Texts): readonly MergedRegion[] {
  const [shortest = 0] = [base, mine, theirs].map(({ length }) => length).sort((one, other) => one - other);
  const isShared = (at: number): boolean => mine.at(at) === base.at(at) && mine.at(at) === theirs.at(at);
  let start = 0;
  while (start < shortest && isShared(start)) start++;
  let end = 0;
  while (end < shortest - start && isShared(-1 - end)) end++;
  const middle = (lines: readonly string[]): readonly string[] => lines.slice(start, lines.length - end);
  return [
    mine.slice(0, start),
    { line: start + 1, base: middle(base), mine: middle(mine), theirs: middle(theirs) },
    mine.slice(mine.length - end),
  ];
}

function resolveConflict(
  conflict: LineConflict,
  { isOrderFree = false, entries }: LineOptions,
): readonly string[] | undefined {
  const { base, mine, theirs } = conflict;
  const merged = entries && mergeEntries(entries, conflict);
  if (merged !== undefined) return merged;
  if (base.length === 0)
    return (entries ? canAddBoth(entries, mine, theirs) : isOrderFree) ? addBoth(mine, theirs) : undefined;
  return mergeAdjacent(mine, base, theirs) ?? mergeAdjacent(theirs, base, mine);
}

/** Lines that both sides added are added once. */
function addBoth(one: readonly string[], other: readonly string[]): readonly string[] {
  const contains = (all: readonly string[], part: readonly string[]): boolean =>
    all.some((_, start) => part.every((line, index) => all[start + index] === line));
  if (contains(one, other)) return one;
  return contains(other, one) ? other : [...one, ...other];
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
