/**
 * A document as a tree of blocks with keys. Every character belongs to one of the texts, so the tree is printed by concatenation and keeps the
 * form of the document.
 */
export interface Block {
  /** Unique among its siblings. */
  readonly key: string;
  /** White space and comments before it. */
  readonly lead: string;
  /** What comes before the value, such as `"name": `. */
  readonly head: string;
  readonly value: Leaf | Branch;
  /** Up to and with the comma after it. Empty if it does not have one. */
  readonly separator: string;
  /** A comment after it, on the same line. */
  readonly tail: string;
  /** Where the head starts and the value ends in the document. */
  readonly start: number;
  readonly end: number;
}

export interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  /** Equal for two texts that mean the same. */
  readonly data: string;
}

export interface Branch {
  readonly kind: 'branch';
  /** Branches of different types are not merged. */
  readonly type: string;
  readonly open: string;
  readonly items: readonly Block[];
  /** White space and comments after the last block, and the closing bracket or tag. */
  readonly close: string;
  /** Whether commas separate the blocks. */
  readonly isSeparated: boolean;
  /** Whether the key of a block is its content, so that a changed block looks like one removed and one added. */
  readonly isSet: boolean;
  /** Whether the blocks are on their own lines, with the indentation of the branch. */
  readonly isFlat: boolean;
}

export interface KeyedDocument {
  readonly source: string;
  readonly root: Branch;
}

/** A document format that is merged by key. */
export interface KeyedFormat {
  /** `source` has `\n` at the end of each line. Undefined if it is not valid, or if keys are not unique. */
  readonly split: (source: string) => KeyedDocument | undefined;
  /** Whether a block that was removed from `mine` stays removed although `theirs` changed it, such as a dependency whose version changed. */
  readonly staysRemoved: (path: readonly string[], theirs: Block, mine: Branch) => boolean;
  /** Whether the branch at this path is a list that is empty in `mine`, where it is missing or this leaf. */
  readonly isEmptyList: (path: readonly string[], mine: Leaf | undefined) => boolean;
  /** Whether the values of two leaves are versions, and the oldest that `mine` allows is not older than that of `theirs`. */
  readonly isAtLeast: (path: readonly string[], mine: string, theirs: string) => boolean;
  /** The path in messages. */
  readonly formatPath: (path: readonly string[]) => string;
}

/** A block without the texts around it. */
export type BlockNode = Pick<Block, 'key' | 'head' | 'value' | 'start' | 'end'>;

interface ItemsOptions {
  readonly isSeparated: boolean;
  /** Matches a comment at the start of the rest of a line. */
  readonly comment?: RegExp | undefined;
}

/** Divides the text from `start` to `end` into the blocks of these nodes and the rest after them. Repeated keys are numbered. */
export function splitItems(
  source: string,
  start: number,
  end: number,
  nodes: readonly BlockNode[],
  { isSeparated, comment }: ItemsOptions,
): { readonly items: readonly Block[]; readonly rest: string } {
  let at = start;
  const counts = new Map<string, number>();
  const items = nodes.map((node, index): Block => {
    const lead = source.slice(at, node.start);
    const next = nodes[index + 1]?.start ?? end;
    const after = source.slice(node.end, next);
    const [separator = ''] = isSeparated ? (/^(?:\s|#[^\n]*\n)*,/.exec(after) ?? []) : [];
    const [tail = ''] = comment?.exec(after.slice(separator.length)) ?? [];
    at = node.end + separator.length + tail.length;
    const count = (counts.get(node.key) ?? 0) + 1;
    counts.set(node.key, count);
    return { ...node, key: count === 1 ? node.key : `${node.key}#${count}`, lead, separator, tail };
  });
  return { items, rest: source.slice(at, end) };
}

export function printBranch({ open, items, close }: Branch): string {
  return open + items.map(printBlock).join('') + close;
}

function printBlock({ lead, head, value, separator, tail }: Block): string {
  return lead + head + (value.kind === 'leaf' ? value.text : printBranch(value)) + separator + tail;
}

/** Equal for two values that mean the same, in any order. */
export function dataOf(value: Leaf | Branch | undefined): string {
  if (value?.kind !== 'branch') return value?.data ?? '';
  const items = value.items.map((item) => `${JSON.stringify(item.key)}:${dataOf(item.value)}`);
  return `${value.type}{${normalizeSpace(value.open)}${items.sort().join()}}`;
}

/** Equal for two blocks that mean the same and have the same comments. */
export function contentOf(block: Block | undefined): string {
  if (block === undefined) return '';
  const { lead, value, tail } = block;
  const inner =
    value.kind === 'leaf'
      ? value.data
      : [value.type, normalizeSpace(value.open), ...value.items.map(contentOf).sort(), normalizeSpace(value.close)];
  return JSON.stringify([block.key, normalizeSpace(lead), inner, normalizeSpace(tail)]);
}

export function normalizeSpace(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** The indentation of the blocks of a branch. Undefined if none of them starts a line. */
export function indentOf({ items }: Branch): string | undefined {
  const lead = items.find((item) => item.lead.includes('\n'))?.lead;
  return lead === undefined ? undefined : /[^\S\n]*/.exec(lead.slice(lead.lastIndexOf('\n') + 1))?.[0];
}

/** What one level of a document is indented by. Undefined if nothing is. */
export function unitOf(branch: Branch, outer = ''): string | undefined {
  const indent = indentOf(branch) ?? outer;
  if (indent !== outer && indent.startsWith(outer)) return indent.slice(outer.length);
  for (const { value } of branch.items) {
    const unit = value.kind === 'branch' ? unitOf(value, indent) : undefined;
    if (unit !== undefined) return unit;
  }
  return undefined;
}
