/** A text on one line: white space collapsed, cut at `limit` characters. Reads no more of it than that needs. */
export function oneLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  const points = Array.from(line);
  return points.length > limit ? `${points.slice(0, limit - 1).join('')}…` : line;
}

/** For people: every character that `hidden` finds as `\u{…}`. */
export function escapeForReaders(text: string, hidden: RegExp): string {
  return text.replace(hidden, (character) => `\\u{${hexOf(character)}}`);
}

/**
 * For compilers: every character that `hidden` finds as an escape of double-quoted text, `\n`, `\u001b`, `\u202e`, and beyond
 * the first 65,536 as the language has it.
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
