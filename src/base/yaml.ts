import { escapeForCompilers, oneLine, escapeForReaders } from './escape.ts';

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Formats a text as a double-quoted YAML scalar on one line, in printable characters. */
export function yamlString(text: string): string {
  const body = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escapeForCompilers(body, HIDDEN, (hex) => `\\U${hex.padStart(8, '0')}`)}"`;
}

/** Formats one line of a YAML comment, to follow `# `. Escapes hidden characters and cuts at `limit` characters. */
export function yamlComment(text: string, limit = 300): string {
  return escapeForReaders(oneLine(text, limit), HIDDEN);
}

/** Whether a text contains characters that are invisible to a reader of the file. */
export function hasHiddenCharacters(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}
