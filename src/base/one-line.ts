/**
 * Characters that code and messages never contain as they are: controls, format and direction marks, lone surrogates, private use,
 * separators and every space but U+0020.
 */
export const HIDDEN_IN_CODE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}\u{115f}\u{1160}\u{3164}\u{ffa0}]/gu;

/** Puts a text on one line: collapses whitespace and cuts at `limit` characters. */
export function oneLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  const points = Array.from(line);
  return points.length > limit ? `${points.slice(0, limit - 1).join('')}…` : line;
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
