import { escapeForTerminal, hasControlCharacters } from './escape.ts';

const PLAIN = /^[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*$|^-[A-Za-z0-9_@%+=:,./-]*$/;

/** The shell that printed commands are for. `posix` is also Git Bash on Windows. */
export type CommandShell = 'posix' | 'powershell' | 'cmd';

/** The shell that started this process. Only PowerShell adds the user's module folder to PSModulePath. */
export function userShell(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): CommandShell {
  if (platform !== 'win32' || (env['MSYSTEM'] ?? '') !== '') return 'posix';
  const folders = (Object.entries(env).find(([name]) => /^psmodulepath$/i.test(name))?.[1] ?? '').split(';');
  const isOfUser = (folder: string): boolean =>
    /\\(?:Windows)?PowerShell\\Modules\\?$/i.test(folder) &&
    !/\\(?:Program Files(?: \(x86\))?|system32)\\/i.test(folder);
  return folders.some(isOfUser) ? 'powershell' : 'cmd';
}

/** Quotes a text as one word of a command in the user's shell. Drops NUL, which arguments can't contain. */
export function shellWord(text: string): string {
  return WORDS[userShell()](text);
}

/** The option that commander stores under a key, for example `--task-queue`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A command that sets an environment variable in a shell. */
export function shellAssignment(name: string, value: string, shell = userShell()): string {
  if (shell === 'cmd') return `set "${name}=${value.replaceAll('\0', '')}"`;
  return shell === 'powershell' ? `$env:${name} = ${quoteForPowerShell(value)}` : `export ${name}=${posixWord(value)}`;
}

/** Joins commands so that each runs only if the previous one succeeded. Windows PowerShell does not have `&&`. */
export function joinCommands(commands: readonly string[], shell = userShell()): string {
  if (shell !== 'powershell') return commands.join(' && ');
  return commands.reduceRight((rest, command) => (rest === '' ? command : `${command}; if ($?) { ${rest} }`), '');
}

/** A script in a folder, with the extension `.cmd` on Windows. `below`: the folder, relative to the current one. */
export function scriptPath(name: string, below = '', shell = userShell()): string {
  const parts = below === '' ? ['.'] : below.split(/[\\/]/);
  // PowerShell does not look for programs in the current folder.
  return shell === 'posix' ? [...parts, name].join('/') : [...parts, `${name}.cmd`].join('\\');
}

/** Quotes a word so that the shell passes it unchanged. In cmd.exe, characters that a terminal does not display are escaped. */
export const WORDS: Readonly<Record<CommandShell, (text: string) => string>> = {
  posix: posixWord,
  powershell: (text) => {
    const value = text.replaceAll('\0', '');
    return /^(?:[\w./\\:+][\w./\\:+=-]*|--?[\w-]+)$/.test(value) ? value : quoteForPowerShell(value);
  },
  cmd: quoteForCmd,
};

// PowerShell treats these characters as single quotes too.
const POWERSHELL_QUOTES = /['\u2018-\u201b]/g;

function quoteForPowerShell(text: string): string {
  const value = text.replaceAll('\0', '');
  if (!hasControlCharacters(value)) return `'${value.replace(POWERSHELL_QUOTES, '$&$&')}'`;
  const parts = Array.from(value, (character) => {
    if (/["`$\u201c-\u201e]/.test(character)) return `\`${character}`;
    return hasControlCharacters(character)
      ? `$([char]::ConvertFromUtf32(${character.codePointAt(0) ?? 0}))`
      : character;
  });
  return `"${parts.join('')}"`;
}

function quoteForCmd(text: string): string {
  const value = escapeForTerminal(text.replaceAll('\0', ''), Infinity);
  if (/^[\w@+:./\\-]+$/.test(value)) return value;
  // Programs on Windows treat a backslash as an escape character only before a quote.
  const quoted = `"${value.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
  // In quotes, cmd.exe would still replace variables, and a quote in the text would end the quoted part.
  return /["%]/.test(value) ? quoted.replace(/[()%!^"<>&|]/g, '^$&') : quoted;
}

/**
 * Quotes a text as one word of a POSIX shell command. Drops NUL. Characters that a terminal does not display are written as byte escapes, so that
 * the command can be printed and copied.
 */
export function posixWord(text: string): string {
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

/**
 * The command that ends a process. Windows ends a program of a console only by force, and Git Bash would read options with a slash as paths.
 */
export function killCommand(pid: number, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? `taskkill -F -PID ${pid}` : `kill ${pid}`;
}
