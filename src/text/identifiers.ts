import { createHash } from 'node:crypto';

export type IdentifierStyle = 'camel' | 'pascal' | 'constant';

// KuFlow codes: upper-case words joined by single underscores, which convert without loss.
const CANONICAL = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
const LONGEST_PLAIN = 60;
const LONGEST_BASE = 40;

/**
 * Converts each text to an ASCII identifier of at most 60 characters. Different texts never share a name, and the same text always
 * gets the same name, whatever else is in `texts`. KuFlow codes convert directly (`LOAN_APPLICATION` to `loanApplication`, `STEP_1`
 * to `step_1`). A text that converts only with loss, or to a word in `reserved`, gets a suffix of `_x` and ten hex digits of its
 * hash, which no code converts to.
 *
 * One exception, which does not happen by chance: if two texts have the same words and hashes that begin alike, the first one in
 * UTF-16 order keeps the name, and the other one gets more digits, up to 100 characters.
 */
export function identifiers(
  texts: readonly string[],
  style: IdentifierStyle,
  reserved: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const textOf = new Map<string, string>();
  for (const text of [...new Set(texts)].sort()) {
    let name = identifier(text, style, reserved);
    // Equal hashes are deliberate. A longer name keeps them distinct.
    if (textOf.has(name) || reserved.has(name)) name = `${name}_${hash(text, 32)}`;
    textOf.set(name, text);
    names.set(text, name);
  }
  return names;
}

/** The name that `identifiers` gives to `text`. */
export function identifier(text: string, style: IdentifierStyle, reserved: ReadonlySet<string>): string {
  if (text.length <= LONGEST_PLAIN && CANONICAL.test(text)) {
    const plain = joinWords(text.toLowerCase().split('_'), style);
    if (!reserved.has(plain)) return plain;
  }
  return `${joinWords(splitWords(text), style, LONGEST_BASE)}_x${hash(text, 10)}`;
}

/** The first hex digits of the SHA-256 of a text. Encoded as UTF-16, so that lone surrogates stay distinct. */
export function hash(text: string, digits: number): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, digits);
}

/** The lower-case ASCII words of a text: without accents, split at camel case and at everything but letters and digits. May be empty. */
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

function joinWords(parts: readonly string[], style: IdentifierStyle, longest = LONGEST_PLAIN): string {
  const [first = 'unnamed', ...rest] = /^[a-z]/.test(parts[0] ?? 'a') ? parts : ['n', ...parts];
  // A word that starts with a digit keeps its underscore, so that A_1B, A1_B and A1B stay distinct.
  const joined =
    style === 'constant'
      ? [first, ...rest].join('_').toUpperCase()
      : [
          style === 'camel' ? first : capitalize(first),
          ...rest.map((word) => (/^\d/.test(word) ? `_${word}` : capitalize(word))),
        ].join('');
  return joined.slice(0, longest).replace(/_+$/, '');
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
