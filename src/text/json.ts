import { escapeForCompilers } from './one-line.ts';

// As JSON.stringify leaves them; its own line breaks stay.
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** JSON of the value in characters that a reader sees, indented by two spaces when `indented`. */
export function printableJson(value: unknown, indented = false): string {
  return escapeForCompilers(JSON.stringify(value, undefined, indented ? 2 : undefined), HIDDEN, beyond);
}

// JSON knows escapes of UTF-16 only.
function beyond(hex: string): string {
  const pair = String.fromCodePoint(Number.parseInt(hex, 16));
  return [0, 1].map((at) => `\\u${pair.charCodeAt(at).toString(16)}`).join('');
}
