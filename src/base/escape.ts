// C0 and C1 controls, bidirectional overrides and isolates, zero-width characters, line and paragraph separators.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

const formatCodePoint = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Whether the text contains characters that `escapeForTerminal` escapes. */
export function hasControlCharacters(text: string): boolean {
  return text.search(UNSAFE) !== -1;
}

/** Makes untrusted text safe to print on one line of a terminal: escapes control and direction characters as `\u{…}`, cuts at `limit` characters. */
export function escapeForTerminal(text: string, limit = 500): string {
  const points = Array.from(text);
  const kept = points.length > limit ? `${points.slice(0, limit - 1).join('')}…` : text;
  return kept.replace(UNSAFE, formatCodePoint);
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
