import { escapeForCompilers, oneLine, escapeForReaders } from './one-line.ts';

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** A double-quoted YAML scalar of that value, on one line, in printable characters. */
export function yamlString(text: string): string {
  const body = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escapeForCompilers(body, HIDDEN, (hex) => `\\U${hex.padStart(8, '0')}`)}"`;
}

/** One line for a YAML comment, after `# `: hidden characters visible, cut at `limit` characters. */
export function yamlComment(text: string, limit = 300): string {
  return escapeForReaders(oneLine(text, limit), HIDDEN);
}

/** Whether a text holds characters that a reader of the file would not see. */
export function hasHiddenCharacters(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}
