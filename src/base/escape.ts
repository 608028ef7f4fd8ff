// C0 and C1 controls, bidirectional overrides and isolates, zero-width characters, line and paragraph separators.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Characters that code and messages never contain as they are: controls, format and direction marks, lone surrogates, private use,
 * separators and every space but U+0020.
 */
export const HIDDEN_IN_CODE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}\u{115f}\u{1160}\u{3164}\u{ffa0}]/gu;

const HIDDEN_IN_YAML = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

// Characters that JSON.stringify does not escape, except its own line breaks.
const HIDDEN_IN_JSON = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Whether the text contains characters that `escapeForTerminal` escapes. */
export function hasControlCharacters(text: string): boolean {
  return text.search(UNSAFE) !== -1;
}

/** Makes untrusted text safe to print on one line of a terminal: escapes control and direction characters as `\u{…}`, cuts at `limit` characters. */
export function escapeForTerminal(text: string, limit = 500): string {
  return escapeForReaders(cutText(text, limit), UNSAFE);
}

/** Like `escapeForTerminal`, but keeps line breaks and tabs. For text of several lines, such as the output of a package manager. */
export function escapeLinesForTerminal(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) =>
      line
        .split('\t')
        .map((cell) => escapeForTerminal(cell, 2000))
        .join('\t'),
    )
    .join('\n');
}

/** Puts a text on one line: collapses whitespace and cuts at `limit` characters. */
export function oneLine(text: string, limit: number): string {
  const start = text.slice(0, limit * 4);
  return cutText(start.replace(/\s+/gu, ' ').trim(), limit);
}

function cutText(text: string, limit: number): string {
  const points = Array.from(text);
  return points.length > limit ? `${points.slice(0, limit - 1).join('')}…` : text;
}

/** Escapes characters that match `hidden` as `\u{…}`, for people. */
export function escapeForReaders(text: string, hidden: RegExp): string {
  return text.replace(hidden, (character) => `\\u{${hexOf(character)}}`);
}

/**
 * Escapes characters that match `hidden` for double-quoted text in code: `\n`, `\u001b`, `\u202e`. `beyond` formats characters
 * beyond U+FFFF, which languages escape differently.
 */
export function escapeForCompilers(text: string, hidden: RegExp, beyond: (hex: string) => string): string {
  return text.replace(hidden, (character) => {
    const hex = hexOf(character);
    return SHORT[character] ?? (hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : beyond(hex));
  });
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

/** The value as JSON, with invisible characters escaped. `indented`: by two spaces. */
export function printableJson(value: unknown, indented = false): string {
  return escapeForCompilers(JSON.stringify(value, undefined, indented ? 2 : undefined), HIDDEN_IN_JSON, escapeAsPair);
}

const ESCAPE = /\\(?:u\{([\da-fA-F]{1,6})\}|u+([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([^]))/g;
const ESCAPED = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\x07', 0: '\0', '\n': '' }),
);

/** The text in a string literal of Java, TypeScript or Python, without its quotes. */
export function unescapeLiteral(body: string): string {
  return body.replace(ESCAPE, (_, point?: string, unit?: string, long?: string, byte?: string, other: string = '') => {
    const hex = point ?? unit ?? long ?? byte;
    if (hex === undefined) return ESCAPED.get(other) ?? other;
    const value = Number.parseInt(hex, 16);
    return value > 0x10ffff ? '\ufffd' : String.fromCodePoint(value);
  });
}

// JSON has only UTF-16 escapes.
export function escapeAsPair(hex: string): string {
  const pair = String.fromCodePoint(Number.parseInt(hex, 16));
  return [0, 1].map((at) => `\\u${pair.charCodeAt(at).toString(16)}`).join('');
}

/** Formats a text as a double-quoted YAML scalar on one line, in printable characters. */
export function yamlString(text: string): string {
  const body = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escapeForCompilers(body, HIDDEN_IN_YAML, (hex) => `\\U${hex.padStart(8, '0')}`)}"`;
}

/** Formats one line of a YAML comment, to follow `# `. Escapes hidden characters and cuts at `limit` characters. */
export function yamlComment(text: string, limit = 300): string {
  return escapeForReaders(oneLine(text, limit), HIDDEN_IN_YAML);
}

/** Whether a text contains characters that are invisible to a reader of the file. */
export function hasHiddenCharacters(text: string): boolean {
  return text.search(HIDDEN_IN_YAML) >= 0;
}

/** A pattern for the text that is not part of a longer name. */
export function wordPattern(text: string): string {
  return `(?<![\\p{L}\\p{N}_$])${escapePattern(text)}(?![\\p{L}\\p{N}_$])`;
}

/** A pattern for exactly this text. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
