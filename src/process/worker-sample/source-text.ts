import { unescapeLiteral } from '../../base/escape.ts';

/** A string literal. Offsets include its quotes. */
export interface StringLiteral {
  readonly start: number;
  readonly end: number;
  /** Undefined for a text with placeholders. */
  readonly value: string | undefined;
}

export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A source file, split into code, string literals and comments. */
export interface SourceText {
  readonly path: string;
  /** As long as the file: comments and the contents of strings and regular expressions are blank, and every string begins and ends with `"`. */
  readonly code: string;
  /** By their start. */
  readonly strings: ReadonlyMap<number, StringLiteral>;
  /** In order. */
  readonly comments: readonly Comment[];
  readonly lineAt: (offset: number) => number;
}

export type CommentStyle = 'slashes' | 'hash';

const TRIPLE = ['"""', "'''"];

/**
 * Splits a source file of Java or TypeScript (`slashes`) or Python (`hash`). It is not a parser: any text has a result, in a time that grows with
 * its length.
 */
export function scanSource(path: string, text: string, style: CommentStyle): SourceText {
  const strings = new Map<number, StringLiteral>();
  const comments: Comment[] = [];
  const parts: string[] = [];
  let at = 0;
  let copied = 0;
  const blank = (end: number, edge: string): void => {
    const inside = text.slice(at + edge.length, end - edge.length).replace(/[^\n]/g, ' ');
    parts.push(text.slice(copied, at), edge, inside, edge);
    copied = end;
    at = end;
  };
  while (at < text.length) {
    const first = text.charAt(at);
    const two = text.slice(at, at + 2);
    if (style === 'hash' ? first === '#' : two === '//' || two === '/*') {
      const end = two === '/*' ? endOfBlock(text, at) : endOfLine(text, at);
      comments.push({ start: at, end, text: text.slice(at, end) });
      blank(end, '');
    } else if (first === '"' || first === "'" || (first === '`' && style === 'slashes')) {
      const triple = text.slice(at, at + 3);
      const quote = TRIPLE.includes(triple) ? triple : first;
      const end = endOfString(text, at, quote);
      const prefix = style === 'hash' ? (/[A-Za-z]{0,2}$/.exec(text.slice(Math.max(at - 2, 0), at))?.[0] ?? '') : '';
      const body = text.slice(at + quote.length, Math.max(end - quote.length, at + quote.length));
      const hasPlaceholders = /f/i.test(prefix) || (quote === '`' && body.includes('${'));
      const value = hasPlaceholders ? undefined : /r/i.test(prefix) ? body : unescapeLiteral(body);
      strings.set(at, { start: at, end, value });
      blank(end, '"');
    } else if (first === '/' && style === 'slashes') {
      const end = endOfPattern(text, at);
      if (end === undefined) at++;
      else blank(end, '/');
    } else at++;
  }
  parts.push(text.slice(copied));
  const code = parts.join('');
  let starts: readonly number[] | undefined;
  return {
    path,
    code,
    strings,
    comments,
    lineAt: (offset) => {
      starts ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
      return starts.findLastIndex((start) => start <= offset) + 1;
    },
  };
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function endOfBlock(text: string, at: number): number {
  const end = text.indexOf('*/', at + 2);
  return end < 0 ? text.length : end + 2;
}

/** The end of a string; one that is never closed ends at the end of its line, or of the file if it may have several lines. */
function endOfString(text: string, start: number, quote: string): number {
  const hasLines = quote.length === 3 || quote === '`';
  let at = start + quote.length;
  while (at < text.length) {
    if (text.startsWith(quote, at)) return at + quote.length;
    const character = text.charAt(at);
    if (character === '\n' && !hasLines) return at;
    at += character === '\\' ? 2 : 1;
  }
  return text.length;
}

// A slash after anything else divides. The limits keep the time for a hostile file short.
const BEFORE_PATTERN = /(?:[(,=:[!&|?{};]|=>|\breturn)\s{0,50}$/;
const PATTERN = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,500}\]){1,500}\//y;

/** The end of a regular expression in slashes. Undefined if there is not one. */
function endOfPattern(text: string, at: number): number | undefined {
  if (!BEFORE_PATTERN.test(text.slice(Math.max(at - 60, 0), at))) return undefined;
  PATTERN.lastIndex = at;
  return PATTERN.test(text) ? PATTERN.lastIndex : undefined;
}
