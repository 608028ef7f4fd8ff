import { hasControlCharacters } from '../base/escape.ts';

const PLAIN = /^[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*$|^-[A-Za-z0-9_@%+=:,./-]*$/;

/**
 * One word of a POSIX shell's command line with that value; NUL, which no argument can hold, is dropped. What a terminal would not show
 * as it is, is written by its bytes, so that the command can be printed and copied.
 */
export function shellWord(text: string): string {
  const value = text.replaceAll('\0', '');
  // A line end at the end is lost in `$(…)`.
  if (hasControlCharacters(value) && !value.endsWith('\n')) return `"$(printf '${printfFormat(value)}')"`;
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

function printfFormat(value: string): string {
  const bytes = (character: string): string =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return Array.from(value, (character, at) => {
    if (character === '%') return '%%';
    const isOption = at === 0 && character === '-';
    return isOption || character === '\\' || character === "'" || hasControlCharacters(character)
      ? bytes(character)
      : character;
  }).join('');
}

/** A path as one word, for a command that would take `-x` for an option. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path);
}

/** An option with its path, after a blank, to follow a command; nothing without a path. */
export function formatPathOption(name: string, path: string | undefined): string {
  return path === undefined ? '' : ` ${name} ${shellPath(path)}`;
}

const LONGEST_PORTABLE = 200;

/**
 * One argument with that value on a command line that every shell reads alike, cmd.exe too, which knows no single quotes; undefined for
 * a text that no quotes keep in all of them, and for one that a command would take for an option.
 */
export function portableWord(text: string): string | undefined {
  if (text.length > LONGEST_PORTABLE || text.startsWith('-')) return undefined;
  if (/^[A-Za-z0-9_./-]+$/.test(text)) return text;
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text) && !/["\\$`%!^]/.test(text) ? `"${text}"` : undefined;
}
