import { isRecord } from '../../base/json.ts';

/**
 * What shows the home folder in a text as `~`, and with it hides the name of a person: only where a path begins, up to the end of a name,
 * with either slash, also doubled, and on Windows whatever its case.
 */
export function homeRedactor(home: string): (text: string) => string {
  const isWindows = /^[a-z]:/i.test(home);
  const names = home.split(/[\\/]+/).filter((name) => name !== '');
  if (names.length < (isWindows ? 2 : 1)) return (text) => text;
  const slash = '[\\\\/]+';
  const path = names.map((name) => name.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join(slash);
  const letter = '\\p{L}\\p{N}_';
  const begin = `(?<![${letter}.\\-])${isWindows ? '' : '/'}`;
  const pattern = new RegExp(`${begin}${path}(?![${letter}\\-]|\\.[${letter}])`, isWindows ? 'giu' : 'gu');
  return (text) => text.replace(pattern, '~');
}

/** The same data with every text in it changed, names of fields included. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((entry: unknown) => withTexts(entry, change)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [change(name), withTexts(entry, change)]),
  ) as T;
}
