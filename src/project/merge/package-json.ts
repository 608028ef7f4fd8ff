import { isDeepStrictEqual } from 'node:util';
import { parseTree, type Node } from 'jsonc-parser';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { editJson, findValue } from '../../files/json-edit.ts';
import { isNpmRangeAtLeast } from './compare-versions.ts';

const DEPENDENCIES = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
const VERSIONS = [...DEPENDENCIES, 'engines', 'overrides', 'resolutions'];

type Side = 'base' | 'mine' | 'theirs';

/** The values of a place in the three versions. Undefined if it is missing. */
type Values = Readonly<Record<Side, unknown>>;

interface Edit {
  readonly path: readonly (string | number)[];
  /** Undefined removes the value. */
  readonly value: unknown;
  readonly isArrayInsertion?: boolean;
}

interface Changes {
  readonly root: Values;
  readonly edits: Edit[];
  readonly conflicts: (Values & { readonly path: readonly string[] })[];
}

/**
 * Applies the change from `base` to `theirs` to `mine`, key by key. Texts have `\n` at the end of each line. Form and order of `mine` stay; what
 * `theirs` adds follows the key that it follows there. `base`, `mine` and `theirs` of the result are the merged text with the conflicting places as
 * in that version. Undefined if one of the texts is not a JSON object with unique keys; `base` may be empty.
 */
export function mergePackageJson(base: string, mine: string, theirs: string) {
  const texts = { base: base.trim() === '' ? '{}' : base, mine, theirs };
  const root = { base: parseObject(texts.base), mine: parseObject(mine), theirs: parseObject(theirs) };
  if (root.base === undefined || root.mine === undefined || root.theirs === undefined) return undefined;
  const changes: Changes = { root, edits: [], conflicts: [] };
  mergeValues(changes, [], root);
  const merged = changes.edits.reduce((text, edit) => applyEdit(text, edit, root), mine);
  const print = (side: Side): string =>
    changes.conflicts.reduce((text, { path, [side]: value }) => applyEdit(text, { path, value }, root), merged);
  return {
    conflicts: changes.conflicts.map(({ path }) => ({
      /** Such as `dependencies.undici`. */
      key: path.join('.'),
      line: lineOf(texts.mine, path, root),
      base: linesOf(texts.base, path),
      mine: linesOf(texts.mine, path),
      theirs: linesOf(texts.theirs, path),
    })),
    base: print('base'),
    mine: merged,
    theirs: print('theirs'),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const data = parseJsonText(text);
  const tree = parseTree(text);
  return isRecord(data) && tree !== undefined && hasUniqueKeys(tree) ? data : undefined;
}

function hasUniqueKeys({ type, children = [] }: Node): boolean {
  const keys = type === 'object' ? children.map((property) => String(property.children?.[0]?.value)) : [];
  return new Set(keys).size === keys.length && children.every(hasUniqueKeys);
}

function mergeValues(changes: Changes, path: readonly string[], values: Values): void {
  const { base, mine, theirs } = values;
  if (isDeepStrictEqual(mine, theirs) || isDeepStrictEqual(theirs, base)) return;
  // A missing list of dependencies is the same as an empty one.
  const isList = path.length === 1 && DEPENDENCIES.includes(path[0] ?? '');
  const [own, next] = isList ? [mine ?? {}, theirs ?? {}] : [mine, theirs];
  if (isRecord(own) && isRecord(next)) {
    const old = isRecord(base) ? base : {};
    const before = changes.edits.length;
    for (const key of new Set([...Object.keys(own), ...Object.keys(next)]))
      mergeValues(changes, [...path, key], {
        base: valueOf(old, key),
        mine: valueOf(own, key),
        theirs: valueOf(next, key),
      });
    const inner = changes.edits.slice(before);
    const isRemoval = (edit: Edit): boolean => edit.value === undefined && edit.path.length === path.length + 1;
    if (inner.length > 0 && inner.length === Object.keys(own).length && inner.every(isRemoval))
      changes.edits.splice(before, inner.length, { path, value: theirs === undefined ? undefined : {} });
  } else if (Array.isArray(own) && Array.isArray(next))
    mergeArrays(changes, path, { base: Array.isArray(base) ? base : [], mine: own, theirs: next }, values);
  else if (isDeepStrictEqual(mine, base)) changes.edits.push({ path, value: theirs });
  else if (!isKept(changes.root, path, values)) changes.conflicts.push({ path, ...values });
}

function valueOf(data: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

/** Merges arrays as sets. */
function mergeArrays(
  { edits, conflicts }: Changes,
  path: readonly string[],
  { base, mine, theirs }: Readonly<Record<Side, readonly unknown[]>>,
  values: Values,
): void {
  const print = (item: unknown): string => JSON.stringify(item);
  const [old, own, next] = [base.map(print), mine.map(print), theirs.map(print)];
  const areBothReplaced =
    old.some((item) => !own.includes(item) && !next.includes(item)) &&
    own.some((item) => !old.includes(item) && !next.includes(item)) &&
    next.some((item) => !old.includes(item) && !own.includes(item));
  if (areBothReplaced) {
    conflicts.push({ path, ...values });
    return;
  }
  const merged = [...own];
  for (const item of own.filter((one) => old.includes(one) && !next.includes(one))) {
    const at = merged.indexOf(item);
    merged.splice(at, 1);
    edits.push({ path: [...path, at], value: undefined });
  }
  next.forEach((item, index) => {
    if (old.includes(item) || merged.includes(item)) return;
    const at = merged.indexOf(next.slice(0, index).findLast((one) => merged.includes(one)) ?? '') + 1;
    merged.splice(at, 0, item);
    edits.push({ path: [...path, at], value: theirs[index], isArrayInsertion: true });
  });
}

/** Whether `mine` stays although both sides changed it: a removed dependency, or a version that is at least as new as that of `theirs`. */
function isKept(root: Values, path: readonly string[], { mine, theirs }: Values): boolean {
  const [first = '', name = ''] = path;
  if (typeof theirs !== 'string') return false;
  if (mine === undefined) {
    if (path.length !== 2 || !DEPENDENCIES.includes(first) || !isRecord(root.mine)) return false;
    // It may have been moved to another list.
    const moved = DEPENDENCIES.map((list) => isRecord(root.mine) && root.mine[list])
      .filter(isRecord)
      .map((list) => valueOf(list, name))
      .filter((version) => version !== undefined);
    return moved.every((version) => typeof version === 'string' && isNpmRangeAtLeast(version, theirs));
  }
  if (typeof mine !== 'string') return false;
  if (VERSIONS.includes(first)) return isNpmRangeAtLeast(mine, theirs);
  const [[own, version = ''], [other, otherVersion = '']] = [mine.split('@'), theirs.split('@')];
  return first === 'packageManager' && own === other && isNpmRangeAtLeast(version, otherVersion);
}

function applyEdit(text: string, { path, value, isArrayInsertion = false }: Edit, { theirs }: Values): string {
  const missing = path.findIndex((_, at) => findValue(text, path.slice(0, at + 1)) === undefined);
  if (value === undefined && missing !== -1) return text;
  const before = keysBefore(theirs, path.slice(0, missing + 1));
  return editJson(text, path, value, {
    isArrayInsertion,
    getInsertionIndex: (keys) => keys.indexOf(before.findLast((key) => keys.includes(key)) ?? '') + 1,
  });
}

/** The keys that a key follows. */
function keysBefore(data: unknown, path: readonly (string | number)[]): readonly string[] {
  const parent = path.slice(0, -1).reduce((at, key) => (isRecord(at) ? valueOf(at, String(key)) : undefined), data);
  const keys = isRecord(parent) ? Object.keys(parent) : [];
  return keys.slice(0, Math.max(0, keys.indexOf(String(path.at(-1)))));
}

function linesOf(text: string, path: readonly string[]): readonly string[] {
  const node = findValue(text, path)?.parent;
  if (node === undefined) return [];
  const end = text.indexOf('\n', node.offset + node.length);
  return text.slice(text.lastIndexOf('\n', node.offset) + 1, end === -1 ? undefined : end).split('\n');
}

/** The first line of a value, or the line after the key that it follows in `theirs`. */
function lineOf(text: string, path: readonly string[], { theirs }: Values): number {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const own = findValue(text, path)?.parent;
  if (own !== undefined) return lineAt(own.offset);
  const parent = path.slice(0, -1);
  const before = keysBefore(theirs, path)
    .map((key) => findValue(text, [...parent, key])?.parent)
    .findLast((node) => node !== undefined);
  return (
    lineAt(before === undefined ? (findValue(text, parent)?.parent?.offset ?? 0) : before.offset + before.length) + 1
  );
}
