import { createHash } from 'node:crypto';

export type IdentifierStyle = 'camel' | 'pascal' | 'constant';

// KuFlow's codes: upper-case words joined by single underscores. The conversion of these loses nothing.
const CANONICAL = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
const LONGEST_PLAIN = 60;
const LONGEST_BASE = 40;

/**
 * An ASCII identifier for each text, the same text always giving the same name: what else is in `texts`, and in which
 * order, doesn't matter. KuFlow's codes convert plainly (`LOAN_APPLICATION` to `loanApplication`, `STEP_1` to `step_1`);
 * a text that converts only with loss, or into a word of `reserved`, carries `_x` and ten hex digits of its hash, a
 * form that no code converts into. At most 60 characters; different texts never share a name.
 *
 * Only two texts of the same words whose hashes begin alike, which nobody meets by chance, depend on each other: the one that
 * comes first in the order of UTF-16 keeps this name, the other one has more of its hash behind it, 100 characters at most.
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
    // Two texts with equal hashes have to be searched for on purpose; then distinct beats short.
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

/** Hex digits of the SHA-256 of a text; UTF-16 keeps lone surrogates apart. */
export function hash(text: string, digits: number): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, digits);
}

/** Lower-case ASCII words of any text: accents dropped, split at humps and at everything that is no letter or digit; may be none. */
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
  // A word that starts with a digit keeps its underscore: A_1B and A1_B, A1B stay apart.
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
