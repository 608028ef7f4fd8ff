import { isRecord } from '../../base/json.ts';

/**
 * Returns a function that replaces the home folder with `~`, which hides the user name. Matches only whole path segments at the
 * start of a path, with either kind of slash, also doubled; ignores case on Windows.
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

/** Applies `change` to every string in the data, including field names. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((entry: unknown) => mapTexts(entry, change)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [change(name), mapTexts(entry, change)])) as T;
}
