const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A double-quoted YAML scalar of that value, on one line, in printable characters. */
export function yamlString(text: string): string {
  const body = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(HIDDEN, (character) => SHORT[character] ?? escaped(character));
  return `"${body}"`;
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}

/** One line for a YAML comment, after `# `: hidden characters visible, cut at `limit` characters. */
export function yamlComment(text: string, limit = 300): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  const points = Array.from(line);
  const kept = points.length > limit ? `${points.slice(0, limit - 1).join('')}…` : line;
  return kept.replace(HIDDEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Whether a text holds characters that a reader of the file would not see. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}
