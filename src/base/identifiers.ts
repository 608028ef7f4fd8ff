import { createHash } from 'node:crypto';

export type IdentifierStyle = 'camel' | 'snake' | 'pascal' | 'constant';

/**
 * Letters of a name other than a-z, as a character class: Latin, Greek, Cyrillic, kana, Han and Hangul. Only old ranges,
 * because the compiler, the bundler and the linter of a project each have their own Unicode version.
 */
export const OTHER_LETTERS =
  '\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u017f\\u0386\\u0388-\\u038a\\u038c\\u038e-\\u03a1\\u03a3-\\u03ce\\u0400-\\u0481' +
  '\\u3041-\\u3096\\u30a1-\\u30fa\\u30fc\\u4e00-\\u9fa5\\uac00-\\ud7a3';
const SEPARATORS = new RegExp(`[^a-z0-9${OTHER_LETTERS}]+`);
const LONGEST = 60;
/** A name in snake case is also the start of longer names, which have to fit into a line. */
const LONGEST_SNAKE = 45;

/**
 * Converts a text to a readable identifier: `LOAN_APPLICATION` to `loanApplication`, `STEP_1` to `step1`; `Loan application` to the
 * constant `LOAN_APPLICATION`. `noun` completes what is not a name by itself: `2ND_REVIEW` becomes `task2ndReview`, a word in
 * `reserved` such as `DELETE` becomes `deleteTask`, and a text without letters and digits `unnamedTask`. Different texts can get the
 * same name, see `distinctName`.
 */
export function identifier(text: string, style: IdentifierStyle, reserved: ReadonlySet<string>, noun: string): string {
  const words = splitIdentifierWords(text);
  if (words.length === 0) words.push('unnamed', noun);
  else if (/^\d/.test(words[0] ?? '')) words.unshift(noun);
  if (style === 'constant') return words.map(upperCase).join('_').slice(0, LONGEST);
  if (style === 'snake') {
    const name = words.join('_').slice(0, LONGEST_SNAKE);
    return reserved.has(name) ? `${name}_${noun}` : name;
  }
  const joined = words.map((word, index) => (index === 0 && style === 'camel' ? word : capitalize(word))).join('');
  const name = joined.slice(0, LONGEST);
  return reserved.has(name) ? name + capitalize(noun) : name;
}

/** The name, with a number if it is in `taken`: `review`, `review_2`, `review_3`. No camel or Pascal case name of `identifier` has an underscore. */
export function distinctName(name: string, taken: (name: string) => boolean): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!taken(candidate)) return candidate;
  }
}

/** `distinctName` for names of class files, which some file systems compare without regard to case. */
export function distinctNameIgnoringCase(name: string, taken: ReadonlySet<string>): string {
  const lower = new Set(Array.from(taken, (one) => one.toLowerCase()));
  return distinctName(name, (one) => lower.has(one.toLowerCase()));
}

/** The first hex digits of the SHA-256 of a text. Encoded as UTF-16, so that lone surrogates stay distinct. */
export function hash(text: string, digits: number): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, digits);
}

/** The lowercase ASCII words of a text: without accents, split at camel case and at everything but letters and digits. May be empty. */
export function splitWords(text: string): readonly string[] {
  return text
    .slice(0, 200)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** The lowercase words of a text, without the accents of Latin letters. May be empty. */
function splitIdentifierWords(text: string): string[] {
  return text
    .slice(0, 200)
    .normalize('NFKD')
    .replace(/(?<=[A-Za-z]\p{M}*)\p{M}/gu, '')
    .normalize('NFC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(SEPARATORS)
    .filter((word) => word !== '');
}

/** The word with a capital first letter, if its capital is one letter. */
export function capitalize(word: string): string {
  const capital = word.charAt(0).toUpperCase();
  return capital.length === 1 ? capital + word.slice(1) : word;
}

/** The word in capitals, except for letters whose capital is more than one letter. */
export function upperCase(word: string): string {
  return Array.from(word, capitalize).join('');
}

/** The words of a text, which are separated by white space. */
export function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}
