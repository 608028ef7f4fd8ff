import { diff3Merge } from 'node-diff3';
import { isDeepStrictEqual } from 'node:util';
import {
  isCollection,
  isNode,
  isPair,
  isScalar,
  parseDocument,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { matchLines } from '../../files/match-lines.ts';
import { splitTextFile } from '../../files/text-file.ts';
import { PARSING } from '../../files/yaml-edit.ts';

/**
 * The text of a YAML or JSON document after a change of the parsed document. Comments, quotes and line endings stay, and so does every byte of
 * the lines that do not change, unless the indentation is one that the library can't write: then it changes in the whole text. Throws an error if the text is not valid, or if the change leaves an alias without its anchor.
 */
export function rewriteYaml(
  text: string,
  change: (document: Document.Parsed) => void,
  options: ParseOptions & DocumentOptions & SchemaOptions = {},
): string {
  const { mark, text: content, lineEnd } = splitTextFile(text);
  // The library does not separate a carriage return from the comment before it.
  const mine = content.replaceAll('\r\n', '\n');
  const document = parseDocument(mine, { ...PARSING, ...options });
  if (document.errors.length > 0) throw new Error('The text is not valid YAML');
  // The library indents blank lines between comments.
  const print = (): string =>
    document.toString({ lineWidth: 0, ...printOptions(mine) }).replaceAll(/(?<=#.*\n)[ \t]+$/gm, '');
  const before = print();
  change(document);
  if (isRecord(parseJsonText(mine))) return mark + printJson(mine, document.toJS()).replaceAll('\n', lineEnd);
  const after = print();
  const kept = keepLines(mine, before, after);
  const parsed = parseDocument(kept, PARSING);
  const isSame = parsed.errors.length === 0 && isDeepStrictEqual(parsed.toJS(), document.toJS());
  return mark + (isSame ? kept : after).replaceAll('\n', lineEnd);
}

function printJson(text: string, data: unknown): string {
  const step = /^\s*\{\n([ \t]+)/.exec(text)?.[1];
  return JSON.stringify(data, undefined, step) + (/\n*$/.exec(text)?.[0] ?? '');
}

/** How the library writes a document in the style of a text. */
function printOptions(text: string): { indent: number; indentSeq: boolean; flowCollectionPadding: boolean } {
  return {
    indent: /^( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2,
    indentSeq: !/^( *)[^\s#-].*:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*\1- /m.test(text),
    flowCollectionPadding: !/[[{](?![\s\]}])/.test(text) || /\{ /.test(text),
  };
}

/** Applies the change from `before` to `after` to `mine`, whose other lines stay. `before` is `mine` as the library writes it. */
function keepLines(mine: string, before: string, after: string): string {
  const [own, old, next] = [mine, before, after].map((text) => text.split('\n')) as [string[], string[], string[]];
  const plain = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll(/\s+/g, ''));
  const written = replaceCommon(old, own, plain(old), plain(own));
  const merged = diff3Merge(own, written, replaceCommon(next, written, next, old), { excludeFalseConflicts: true });
  return `${merged
    .flatMap(({ ok, conflict }) => ok ?? conflict?.b ?? [])
    .join('\n')
    .replace(/\n$/, '')}\n`;
}

/** Replaces the lines whose keys both lists have in common with those of `other`. */
function replaceCommon(
  lines: readonly string[],
  other: readonly string[],
  keys: readonly string[],
  otherKeys: readonly string[],
): string[] {
  const matches = matchLines(keys, otherKeys);
  return lines.map((line, at) => other[matches.get(at) ?? -1] ?? line);
}

/** Removes a value. Comments above it stay. So do those below a value that is empty, to which the library attaches them. */
export function removeValue(document: Document.Parsed, path: readonly (string | number)[]): void {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  if (!isCollection(parent)) throw new Error('The value is not in a map or a list');
  const at = parent.items.findIndex((item, index) =>
    isPair(item) ? isScalar(item.key) && item.key.value === path.at(-1) : index === path.at(-1),
  );
  const [removed, next] = [parent.items[at], parent.items[at + 1]];
  const value: unknown = isPair(removed) ? removed.value : undefined;
  document.deleteIn(path);
  if (parent.items.length === 0) parent.flow = true;
  const [owner, follower] = [removed, next].map((item) => (isPair(item) ? item.key : item));
  const join = (...comments: readonly (string | null | undefined)[]): string | null =>
    comments.filter((comment) => (comment ?? '') !== '').join('\n') || null;
  const comment = join(
    isNode(owner) ? owner.commentBefore : null,
    isScalar(value) && value.value === null ? value.comment : null,
  );
  if (isNode(follower)) follower.commentBefore = join(comment, follower.commentBefore);
  else parent.comment = join(comment, parent.comment);
}
