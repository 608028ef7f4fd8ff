import { isUtf8 } from 'node:buffer';
import { KnownError } from '../base/errors.ts';

/** The text of a file, without its byte order mark, which an edit puts back. */
export interface TextFile {
  /** Byte order mark, or empty. */
  readonly mark: '' | '\ufeff';
  readonly text: string;
  /** Line end of the first line; `\n` by default. */
  readonly lineEnd: '\n' | '\r\n';
}

/** Decodes a file before an edit. `name` is the name of the file in messages. Throws a KnownError if it is not UTF-8 text. */
export function decodeText(bytes: Uint8Array, name: string): string {
  const text = utf8Text(bytes);
  if (text !== undefined && !text.includes('\0')) return text;
  const start = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  const isMarked = start === 'fffe' || start === 'feff';
  const seen = isMarked ? 'it is UTF-16' : bytes.includes(0) ? 'it is binary, or UTF-16' : 'it is not UTF-8';
  throw cannotEditError(name, seen, 'Save it as UTF-8, or use another file');
}

/** The text of UTF-8 bytes, with its byte order mark. Undefined for other bytes. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : undefined;
}

/** Splits the content of a file. `undefined`, for a missing file, counts as empty. */
export function splitTextFile(text: string | undefined): TextFile {
  const mark = text?.startsWith('\ufeff') === true ? '\ufeff' : '';
  const body = (text ?? '').slice(mark.length);
  return { mark, text: body, lineEnd: /\r?\n/.exec(body)?.[0] === '\r\n' ? '\r\n' : '\n' };
}

/** Inserts lines at the start of a line, or at the end of the text. A last line without a line end stays that way. */
export function insertLines(text: string, place: number, lines: string, lineEnd: string): string {
  const before = text.slice(0, place);
  const block = lines.replaceAll('\n', lineEnd);
  if (before !== '' && !before.endsWith('\n')) return before + lineEnd + block + text.slice(place);
  return before + block + lineEnd + text.slice(place);
}

/** The indentation of the line that contains `place`. */
export function indentAt(text: string, place: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', place - 1) + 1))?.[0] ?? '';
}

/** The start of the next line; `place` itself if a line starts there, the end of the text if no line follows. */
export function lineAfter(text: string, place: number): number {
  if (text[place - 1] === '\n') return place;
  const next = text.indexOf('\n', place);
  return next === -1 ? text.length : next + 1;
}

/** The path of a key in a file, and its new text. Undefined removes the key. */
export interface KeyEdit {
  readonly path: readonly string[];
  readonly value: string | undefined;
}

export function cannotEditError(name: string, seen: string, next: string): KnownError {
  return new KnownError({ message: `${name} can't be edited: ${seen}`, next: [next] });
}
