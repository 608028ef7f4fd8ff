import { escapeForTerminal, hasControlCharacters } from './escape.ts';

const PLAIN = /^[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*$|^-[A-Za-z0-9_@%+=:,./-]*$/;

/**
 * Quotes a text as one word of a POSIX shell command. Drops NUL, which arguments can't contain. Characters that a terminal does not
 * display are written as byte escapes, so that the command can be printed and copied.
 */
export function shellWord(text: string): string {
  const value = text.replaceAll('\0', '');
  // `$(…)` drops a line end at the end.
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

/** Quotes a text as one argument in a batch file. Throws for characters that a batch file cannot quote. */
export function cmdWord(text: string): string {
  if (/["\p{Cc}]/u.test(text)) throw new TypeError('a batch file cannot quote this text');
  return `"${text.replaceAll('%', '%%')}"`;
}

/** The text, which must mean the same in every file format. Throws if it has characters other than ASCII letters, digits and `_ . + : @ / -`. */
export function plainWord(text: string): string {
  if (!/^[A-Za-z0-9_.+:@/-]+$/.test(text)) throw new TypeError('word: the text has other characters than a word');
  return text;
}

/** Quotes a path as one word. A path that starts with a hyphen gets `./`, so that it is not read as an option. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path);
}

/** An option with its path to append to a command, with a leading space. Empty without a path. */
export function formatPathOption(name: string, path: string | undefined): string {
  return path === undefined ? '' : ` ${name} ${shellPath(path)}`;
}

const LONGEST_PORTABLE = 200;

/**
 * Quotes a text as one argument that every shell reads the same way, including cmd.exe, which does not have single quotes. Undefined if
 * that is not possible, or if the text looks like an option.
 */
export function portableWord(text: string): string | undefined {
  if (text.length > LONGEST_PORTABLE || text.startsWith('-')) return undefined;
  if (/^[A-Za-z0-9_./-]+$/.test(text)) return text;
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text) && !/["\\$`%!^]/.test(text) ? `"${text}"` : undefined;
}

/** Whether a code or an ID can be typed on a command line: no control or hidden characters, and not an option. */
export function isTypeable(code: string): boolean {
  return code !== '' && !code.startsWith('-') && escapeForTerminal(code, 200) === code;
}

/** The command that ends a process. */
export const killCommand = (pid: number): string =>
  process.platform === 'win32' ? `taskkill /PID ${pid}` : `kill ${pid}`;
