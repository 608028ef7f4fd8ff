import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parse, parseDocument } from 'yaml';
import { KnownError } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { insertLines, lineAfter, splitTextFile } from './text-file.ts';
import { parseYamlMap, PARSING } from './yaml-edit.ts';
import { endOf } from './yaml-lines.ts';

/**
 * Appends `block`, YAML lines at the left margin, to the list or map below a top-level key of a YAML text, and keeps every other byte. A
 * missing key is added at the end of the text, and an empty text becomes one with only this key. A second parse confirms that nothing but the
 * new items changed. `name` is the name of the file in messages. Throws a KnownError.
 */
export function appendBelowYamlKey(text: string, key: string, block: string, name: string): string {
  const before = parseYamlMap(text, name);
  const added: unknown = parse(block);
  const { mark, text: body, lineEnd } = splitTextFile(text);
  const edited = insertBlock(body, key, block, added, lineEnd);
  const expected = { ...before, [key]: joined(before[key], added) };
  if (edited !== undefined && isDeepStrictEqual(parseDocument(edited, PARSING).toJS(), expected)) return mark + edited;
  throw new KnownError({
    message: `${name} can't be edited: ${key} uses YAML syntax that can't be edited`,
    next: [`Add to ${key} yourself: ${block.replaceAll('\n', ' ')}`],
  });
}

function joined(before: unknown, added: unknown): unknown {
  if (Array.isArray(added))
    return [...(Array.isArray(before) ? (before as readonly unknown[]) : []), ...(added as readonly unknown[])];
  return { ...(isRecord(before) ? before : {}), ...(isRecord(added) ? added : {}) };
}

function insertBlock(text: string, key: string, block: string, added: unknown, lineEnd: string): string | undefined {
  const document = parseDocument(text, PARSING);
  const { contents } = document;
  if (document.errors.length > 0) return undefined;
  const indented = (indent: string): string => block.replaceAll(/^(?=.)/gm, indent);
  const pair = isMap(contents)
    ? contents.items.find((item) => isScalar(item.key) && item.key.value === key)
    : undefined;
  if (pair === undefined) {
    if (isMap(contents) && contents.flow === true) return undefined;
    return insertLines(text, text.length, `${key}:\n${indented('  ')}`, lineEnd);
  }
  const { value } = pair;
  if (isScalar(value) && value.value === null)
    return value.range[0] === value.range[1]
      ? insertLines(text, lineAfter(text, endOf(pair.key)), indented('  '), lineEnd)
      : undefined;
  if (!isMap(value) && !isSeq(value)) return undefined;
  const last = value.items.at(-1);
  const [start, end] = value.range;
  if (value.flow === true) {
    const flow = JSON.stringify(added).slice(1, -1).replaceAll('":', '": ');
    if (last === undefined) return `${text.slice(0, end - 1)}${flow}${text.slice(end - 1)}`;
    return `${text.slice(0, endOf(last))}, ${flow}${text.slice(endOf(last))}`;
  }
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (!/^ *$/.test(indent)) return undefined;
  return insertLines(text, lineAfter(text, endOf(last)), indented(indent), lineEnd);
}
