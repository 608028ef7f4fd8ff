import { escapeForCompilers } from './one-line.ts';

// Characters that JSON.stringify does not escape, except its own line breaks.
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** The value as JSON, with invisible characters escaped. `indented`: by two spaces. */
export function printableJson(value: unknown, indented = false): string {
  return escapeForCompilers(JSON.stringify(value, undefined, indented ? 2 : undefined), HIDDEN, escapeAsPair);
}

// JSON has only UTF-16 escapes.
export function escapeAsPair(hex: string): string {
  const pair = String.fromCodePoint(Number.parseInt(hex, 16));
  return [0, 1].map((at) => `\\u${pair.charCodeAt(at).toString(16)}`).join('');
}
