import { KnownError } from '../base/errors.ts';

/** A text as it stands in a file: what surrounds it is kept apart, so that an edit gives it back. */
export interface TextFile {
  /** Byte order mark, or nothing. */
  readonly mark: '' | '\ufeff';
  readonly text: string;
  /** That of its first line; `\n` where it has none. */
  readonly lineEnd: '\n' | '\r\n';
}

/** The text of a file that is to be edited. `name` is what messages call it. Throws a KnownError for what is no UTF-8 text. */
export function decodeText(bytes: Uint8Array, name: string): string {
  const start = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  if (start === 'fffe' || start === 'feff')
    throw cannotEditError(name, 'it is UTF-16', 'Save it as UTF-8, or name another file');
  if (bytes.includes(0))
    throw cannotEditError(name, 'it is binary, or UTF-16', 'Save it as UTF-8, or name another file');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw cannotEditError(name, 'it is not UTF-8', 'Save it as UTF-8, or name another file');
  }
}

/** Takes a text apart; `undefined`, for a file that is not there, is an empty one. */
export function splitTextFile(text: string | undefined): TextFile {
  const mark = text?.startsWith('\ufeff') === true ? '\ufeff' : '';
  const body = (text ?? '').slice(mark.length);
  return { mark, text: body, lineEnd: /\r?\n/.exec(body)?.[0] === '\r\n' ? '\r\n' : '\n' };
}

/** Puts lines in at a place where a line starts, or at an end that has no line end, which stays so. */
export function insertLines(text: string, place: number, lines: string, lineEnd: string): string {
  const before = text.slice(0, place);
  const block = lines.replaceAll('\n', lineEnd);
  if (before !== '' && !before.endsWith('\n')) return before + lineEnd + block + text.slice(place);
  return before + block + lineEnd + text.slice(place);
}

/** The start of the line after this place; the place itself where a line starts, the end where no line follows. */
export function lineAfter(text: string, place: number): number {
  if (text[place - 1] === '\n') return place;
  const next = text.indexOf('\n', place);
  return next === -1 ? text.length : next + 1;
}

/** A file that is there and can't be edited, with what was seen of it and what to do. */
export function cannotEditError(name: string, seen: string, next: string): KnownError {
  return new KnownError({ message: `${name} can't be edited: ${seen}`, next: [next] });
}
