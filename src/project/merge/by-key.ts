import {
  contentOf,
  dataOf,
  indentOf,
  normalizeSpace,
  printBranch,
  unitOf,
  type Block,
  type Branch,
  type KeyedDocument,
  type KeyedFormat,
  type Leaf,
} from './blocks.ts';
import type { LineConflict } from './lines.ts';

export interface KeyConflict extends LineConflict {
  readonly key: string;
}

export interface KeyedMerge {
  readonly conflicts: readonly KeyConflict[];
  /** The merged text with the conflicting places as in one of the three versions. Everything else is the same in all three. */
  readonly base: string;
  readonly mine: string;
  readonly theirs: string;
}

/**
 * Applies the change from `base` to `theirs` to `mine`, key by key. Texts have `\n` at the end of each line. Form, order and comments of `mine`
 * stay; what `theirs` adds follows the block that it follows there. Undefined if one of the texts can't be parsed, or if the result does not
 * parse to the merged keys.
 */
export function mergeByKey(format: KeyedFormat, base: string, mine: string, theirs: string): KeyedMerge | undefined {
  const [own, next] = [format.split(mine), format.split(theirs)];
  const old = base.trim() === '' ? undefined : format.split(base);
  if (own === undefined || next === undefined || (base.trim() !== '' && old === undefined)) return undefined;
  const print = (side: Side): { readonly text: string; readonly root: Branch; readonly conflicts: KeyConflict[] } => {
    const merge = startMerge(format, side, old, own, next);
    const root = mergeBranch(
      merge,
      [],
      { base: old?.root, mine: own.root, theirs: next.root },
      { mine: '', theirs: '' },
      0,
    );
    const text = printBranch(root);
    return { text: mine.startsWith('\n') ? text : text.replace(/^\n+/, ''), root, conflicts: merge.conflicts };
  };
  const merged = print('mine');
  const printed = format.split(merged.text);
  if (printed === undefined || dataOf(printed.root) !== dataOf(merged.root)) return undefined;
  const { text, conflicts } = merged;
  if (conflicts.length === 0) return { conflicts, base: text, mine: text, theirs: text };
  return { conflicts, base: print('base').text, mine: text, theirs: print('theirs').text };
}

type Side = 'base' | 'mine' | 'theirs';

type Sides<T> = Readonly<Record<Side, T>>;

/** The same place in the three documents. It may be missing in `base`. */
interface Place<T> {
  readonly base: T | undefined;
  readonly mine: T;
  readonly theirs: T;
}

interface Merge {
  readonly format: KeyedFormat;
  /** Whose version of a conflicting place is in the result. */
  readonly side: Side;
  readonly sources: Sides<string>;
  /** The whole of `mine`. */
  readonly root: Branch;
  /** What one level is indented by. */
  readonly units: Indents;
  readonly conflicts: KeyConflict[];
}

interface Indents {
  readonly mine: string;
  readonly theirs: string;
}

function startMerge(
  format: KeyedFormat,
  side: Side,
  base: KeyedDocument | undefined,
  mine: KeyedDocument,
  theirs: KeyedDocument,
): Merge {
  const unit = unitOf(theirs.root) ?? '  ';
  return {
    format,
    side,
    sources: { base: base?.source ?? '', mine: mine.source, theirs: theirs.source },
    root: mine.root,
    units: { mine: unitOf(mine.root) ?? unit, theirs: unit },
    conflicts: [],
  };
}

/** `outer` is the indentation of the line with the start of the branch, and `start` the offset of the branch in `mine`. */
function mergeBranch(
  merge: Merge,
  path: readonly string[],
  { base, mine, theirs }: Place<Branch>,
  outer: Indents,
  start: number,
): Branch {
  const indents = {
    mine: indentOf(mine) ?? outer.mine + (mine.isFlat ? '' : merge.units.mine),
    theirs: indentOf(theirs) ?? outer.theirs + (theirs.isFlat ? '' : merge.units.theirs),
  };
  const [old, next] = [byKey(base), byKey(theirs)];
  const items: Block[] = [];
  for (const own of mine.items) {
    const at = [...path, own.key];
    const [before, after] = [old.get(own.key), next.get(own.key)];
    const merged =
      after === undefined
        ? keepBlock(merge, at, { base: before, mine: own }, indents)
        : mergeBlock(merge, at, { base: before, mine: own, theirs: after }, indents);
    if (merged !== undefined) items.push(merged);
  }
  const own = byKey(mine);
  theirs.items.forEach((block, index) => {
    if (own.has(block.key)) return;
    const before = theirs.items.slice(0, index).map(({ key }) => key);
    const at = own.get(before.findLast((key) => own.has(key)) ?? '')?.end ?? start;
    const added = addBlock(merge, [...path, block.key], { base: old.get(block.key), theirs: block }, at);
    if (added === undefined) return;
    const last = before.findLast((key) => items.some((item) => item.key === key));
    const position = items.findIndex((item) => item.key === last) + 1;
    items.splice(position, 0, {
      ...adopt(added, indents, merge.units),
      lead: leadOf(mine, added, indents, merge.units),
    });
  });
  return closeBranch(merge, path, { base, mine, theirs }, items, { outer, start });
}

/** A block that `theirs` does not have. */
function keepBlock(
  merge: Merge,
  path: readonly string[],
  { base, mine }: { readonly base: Block | undefined; readonly mine: Block },
  indents: Indents,
): Block | undefined {
  if (base === undefined) return mine;
  if (contentOf(base) === contentOf(mine)) return undefined;
  const [old, own] = [base.value, mine.value];
  if (old.kind === 'branch' && own.kind === 'branch' && merge.format.isEmptyList(path, undefined)) {
    const place = { base: old, mine: own, theirs: { ...old, items: [] } };
    const value = mergeBranch(merge, path, place, indents, mine.start);
    const emptied = contentOf({ ...mine, value: { ...own, items: [] } });
    const isUnedited = emptied === contentOf({ ...base, value: place.theirs });
    return isUnedited && value.items.length === 0 ? undefined : { ...mine, value };
  }
  report(merge, path, { base, mine, theirs: undefined }, () => lineAt(merge.sources.mine, mine.start));
  return { base: adopt(base, indents, merge.units), mine, theirs: undefined }[merge.side];
}

/** A block that `mine` does not have, in the form of `theirs`. `at` is the offset in `mine` that it follows. */
function addBlock(
  merge: Merge,
  path: readonly string[],
  { base, theirs }: { readonly base: Block | undefined; readonly theirs: Block },
  at: number,
): Block | undefined {
  if (base === undefined) return theirs;
  if (contentOf(base) === contentOf(theirs) || merge.format.staysRemoved(path, theirs, merge.root)) return undefined;
  if (base.value.kind === 'branch' && theirs.value.kind === 'branch' && merge.format.isEmptyList(path, undefined)) {
    const value = addToList(merge, path, { base: base.value, theirs: theirs.value }, at);
    return value === undefined ? undefined : { ...theirs, value };
  }
  report(merge, path, { base, mine: undefined, theirs }, () => lineAt(merge.sources.mine, at) + 1);
  return { base, mine: undefined, theirs }[merge.side];
}

/** A list that is empty in `mine`, in the form of `theirs`. Undefined if it stays empty. */
function addToList(
  merge: Merge,
  path: readonly string[],
  { base, theirs }: { readonly base: Branch; readonly theirs: Branch },
  at: number,
): Branch | undefined {
  const old = byKey(base);
  const added = theirs.items.flatMap((block): readonly Block[] => {
    const item = addBlock(merge, [...path, block.key], { base: old.get(block.key), theirs: block }, at);
    return item === undefined ? [] : [item];
  });
  if (added.length === 0) return undefined;
  const items = separate(added, theirs).map((item, index) => ({
    ...item,
    lead: startLine(added[index - 1]?.tail, item.lead),
  }));
  return { ...theirs, items, close: startLine(items.at(-1)?.tail, theirs.close) };
}

/** Separators between all items, and after the last one if `form` has one there. */
function separate(items: readonly Block[], form: Branch): readonly Block[] {
  const endsSeparated = (form.items.at(-1)?.separator ?? '') !== '';
  return items.map((item, index) => {
    const isSeparated = form.isSeparated && (index < items.length - 1 || endsSeparated);
    return { ...item, separator: isSeparated ? item.separator || ',' : '' };
  });
}

function mergeBlock(
  merge: Merge,
  path: readonly string[],
  { base, mine, theirs }: Place<Block>,
  indents: Indents,
): Block | undefined {
  const line = (): number => lineAt(merge.sources.mine, mine.start - mine.lead.trimStart().length);
  const move = (text: string): string => reindent(text, indents, merge.units);
  const comment = (name: 'lead' | 'tail'): string => {
    const texts = { base: base?.[name] ?? '', mine: mine[name], theirs: theirs[name] };
    const chosen = pickSide(texts, normalizeSpace, () => {
      report(merge, path, { base, mine, theirs }, line, { withComments: true });
      return merge.side;
    });
    if (chosen === 'mine') return mine[name];
    const text = (chosen === 'base' ? base : theirs)?.[name] ?? '';
    return name === 'lead' ? spaceBefore(mine.lead) + move(text).trimStart() : text;
  };
  const [lead, tail] = [comment('lead'), comment('tail')];
  const value = mergeValue(merge, path, { base, mine, theirs }, indents);
  return value === undefined ? undefined : { ...mine, lead, tail, value };
}

function mergeValue(
  merge: Merge,
  path: readonly string[],
  { base, mine, theirs }: Place<Block>,
  indents: Indents,
): Leaf | Branch | undefined {
  const own = mine.value;
  const next = theirs.value;
  const old = base?.value;
  if (own.kind === 'branch' && next.kind === 'branch' && own.type === next.type) {
    const branch = old?.kind === 'branch' && old.type === own.type ? old : undefined;
    const isReplaced = replacesSameItems(branch, own, next);
    const opens = { base: branch?.open, mine: own.open, theirs: next.open };
    const isOpenMerged = pickSide(opens, normalizeSpace, () => undefined) !== undefined;
    if (!isReplaced && isOpenMerged)
      return mergeBranch(merge, path, { base: branch, mine: own, theirs: next }, indents, mine.start);
  }
  if (own.kind === 'leaf' && next.kind === 'branch' && old?.kind === 'branch' && merge.format.isEmptyList(path, own)) {
    const list = addToList(merge, path, { base: old, theirs: next }, mine.start);
    return list === undefined ? own : adoptValue(list, indents, merge.units);
  }
  const chosen = pickSide({ base: old, mine: own, theirs: next }, dataOf, () => {
    const isVersion = own.kind === 'leaf' && next.kind === 'leaf';
    if (isVersion && merge.format.isAtLeast(path, own.data, next.data)) return 'mine';
    report(merge, path, { base, mine, theirs }, () => lineAt(merge.sources.mine, mine.start));
    return merge.side;
  });
  if (chosen === 'mine') return own;
  const value = chosen === 'base' ? old : next;
  return value === undefined ? undefined : adoptValue(value, indents, merge.units);
}

/** Whether both sides replaced items of a set, with different ones. */
function replacesSameItems(base: Branch | undefined, mine: Branch, theirs: Branch): boolean {
  if (base === undefined || !(mine.isSet || theirs.isSet)) return false;
  const [old, own, next] = [byKey(base), byKey(mine), byKey(theirs)];
  return (
    base.items.some(({ key }) => !own.has(key) && !next.has(key)) &&
    mine.items.some(({ key }) => !old.has(key) && !next.has(key)) &&
    theirs.items.some(({ key }) => !old.has(key) && !own.has(key))
  );
}

/** The side whose value a merge of three values uses: whichever changed. Values that are the same once normalized count as unchanged. */
function pickSide<T, C>(texts: Place<T>, normalize: (text: T) => string, onConflict: () => C): 'mine' | 'theirs' | C {
  const [mine, theirs] = [normalize(texts.mine), normalize(texts.theirs)];
  const base = texts.base === undefined ? undefined : normalize(texts.base);
  if (mine === theirs || theirs === base) return 'mine';
  return mine === base ? 'theirs' : onConflict();
}

interface BranchPlace {
  readonly outer: Indents;
  readonly start: number;
}

/** The branch with merged items: separators, white space between them, and the texts around them. */
function closeBranch(
  merge: Merge,
  path: readonly string[],
  { base, mine, theirs }: Place<Branch>,
  merged: readonly Block[],
  { outer, start }: BranchPlace,
): Branch {
  const items = separate(merged, mine.items.length > 0 ? mine : theirs).map((item, index) => ({
    ...item,
    lead: spaceItem(mine, theirs, merged, index),
  }));
  const move = (text: string): string => reindent(text, outer, merge.units);
  const open = pickSide({ base: base?.open, mine: mine.open, theirs: theirs.open }, normalizeSpace, () => 'mine');
  const closes = { base: base?.close ?? theirs.close, mine: mine.close, theirs: theirs.close };
  const close = pickSide(closes, normalizeSpace, () => {
    const line = lineAt(merge.sources.mine, mine.items.at(-1)?.end ?? start) + 1;
    const [old = [], own = [], next = []] = [base?.close, mine.close, theirs.close].map(
      (text) => text?.split('\n').filter((one) => one.trim() !== '') ?? [],
    );
    merge.conflicts.push({ key: merge.format.formatPath(path), line, base: old, mine: own, theirs: next });
    return merge.side;
  });
  const isFirstFilled = mine.items.length === 0 && items.length > 0;
  const chosen = isFirstFilled && close === 'mine' && mine.close.trim().length <= 1 ? 'theirs' : close;
  const ends = { base: move(base?.close ?? ''), mine: mine.close, theirs: move(theirs.close) };
  const isEmptied = mine.isSeparated && items.length === 0 && mine.items.length > 0;
  const end = isEmptied ? ends[chosen].trim() : ends[chosen];
  return {
    ...mine,
    open: open === 'theirs' ? move(theirs.open) : mine.open,
    items,
    close: mine.isSeparated ? startLine(items.at(-1)?.tail, end) : end,
  };
}

/** The white space before a block whose neighbors changed. */
function spaceItem(mine: Branch, theirs: Branch, items: readonly Block[], index: number): string {
  const item = items[index];
  const before = items[index - 1];
  if (item === undefined) return '';
  const [first, second] = mine.items;
  const isInline = !mine.isFlat && indentOf(mine) === undefined;
  const lead = ((): string => {
    if (isInline) {
      if (item.lead.trim() !== '' || first === undefined) return item.lead;
      if (index === 0) return first.lead;
      return item.key === first.key ? (second?.lead ?? ' ') : item.lead;
    }
    // Blocks that are on the same line as the one before them stay there.
    const previous = mine.items[mine.items.findIndex(({ key }) => key === item.key) - 1];
    const isMoved = mine.isFlat ? previous?.key !== before?.key : item.key === first?.key;
    if (index === 0 || !isMoved || /^\s*\n/.test(item.lead)) return item.lead;
    const next = theirs.items.find(({ key }) => key === item.key);
    return (/^\s*\n/.exec(next?.lead ?? '')?.[0] ?? '\n') + item.lead;
  })();
  return startLine(before?.tail, lead);
}

/** A comment ends with its line. */
function startLine(tail: string | undefined, text: string): string {
  return tail === undefined || tail === '' || /^[^\S\n]*\n/.test(text) ? text : `\n${text}`;
}

/** The white space and comments before a block that was added. */
function leadOf(mine: Branch, added: Block, indents: Indents, units: Indents): string {
  const lead = reindent(added.lead, indents, units);
  const isInline = !mine.isFlat && mine.items.length > 0 && indentOf(mine) === undefined;
  if (isInline && lead.trim() === '') return mine.items[1]?.lead ?? ' ';
  if (lead.includes('\n') || mine.items.length === 0) return lead;
  return `\n${indents.mine}${lead.trimStart()}`;
}

function spaceBefore(text: string): string {
  return /^\s*/.exec(text)?.[0] ?? '';
}

function adopt(block: Block, indents: Indents, units: Indents): Block {
  return { ...block, lead: reindent(block.lead, indents, units), value: adoptValue(block.value, indents, units) };
}

function adoptValue(value: Leaf | Branch, indents: Indents, units: Indents): Leaf | Branch {
  if (value.kind === 'leaf') return value;
  const move = (text: string): string => reindent(text, indents, units);
  const items = value.items.map((item) => adopt(item, indents, units));
  return { ...value, open: move(value.open), items, close: move(value.close) };
}

/** Moves lines from the indentation of `theirs` to that of `mine`. */
function reindent(text: string, indents: Indents, units: Indents): string {
  return text.replaceAll(/\n([ \t]*)(?=\S|$)/g, (line, indent: string) => {
    if (!indent.startsWith(indents.theirs)) return line;
    const inner = indent.slice(indents.theirs.length);
    const levels = units.theirs === '' ? 0 : Math.floor(inner.length / units.theirs.length);
    return `\n${indents.mine}${units.mine.repeat(levels)}${inner.slice(levels * units.theirs.length)}`;
  });
}

function byKey(branch: Branch | undefined): ReadonlyMap<string, Block> {
  return new Map(branch?.items.map((item) => [item.key, item]));
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

function report(
  { format, sources, conflicts }: Merge,
  path: readonly string[],
  blocks: Sides<Block | undefined>,
  line: () => number,
  { withComments = false } = {},
): void {
  const lines = (side: Side): readonly string[] => {
    const block = blocks[side];
    if (block === undefined) return [];
    const source = sources[side];
    const start = block.start - (withComments ? block.lead.trimStart().length : 0);
    const end = withComments ? block.start : block.end + block.separator.length + block.tail.length;
    const to = source.indexOf('\n', end);
    return source.slice(source.lastIndexOf('\n', start - 1) + 1, to === -1 ? source.length : to).split('\n');
  };
  conflicts.push({
    key: format.formatPath(path),
    line: line(),
    base: lines('base'),
    mine: lines('mine'),
    theirs: lines('theirs'),
  });
}
