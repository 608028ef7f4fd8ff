// Characters that JSON does not escape but a terminal may interpret: C1 controls, direction marks, zero-width characters.
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON without characters that a terminal may interpret. It parses to the same value. */
export function stringifyForTerminal(value: object, indent: 0 | 2 = 2): string {
  return escapeJsonForTerminal(JSON.stringify(value, undefined, indent));
}

/** The same for text that is already JSON. */
export function escapeJsonForTerminal(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
