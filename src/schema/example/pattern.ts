import { matchesPattern } from '../match-pattern.ts';

/** Selects one of the texts that match a pattern. */
interface Selection {
  /** The index of the character or alternative to use. */
  readonly nth: number;
  /** How often a repetition is repeated beyond its minimum. */
  readonly more: number;
}

const MAX_REPETITIONS = 64;
/** Groups in groups. More are unsupported, so that the result does not depend on the size of the stack. */
const MAX_DEPTH = 100;
// Nested repetitions multiply.
const MAX_LENGTH = 20_000;
const CLASSES: Readonly<Record<string, string>> = {
  d: '1234567890',
  w: 'abcdefghijklmnopqrstuvwxyz',
  s: ' ',
  D: 'abcdefghijklmnopqrstuvwxyz',
  W: '-+ ',
  S: 'abcdefghijklmnopqrstuvwxyz',
};
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' };
const ANY = 'abcdefghijklmnopqrstuvwxyz0123456789-_ ABCDEFGHIJKLMNOPQRSTUVWXYZ.,:;/@#';

/**
 * A text that matches a regular expression, as people write them in schemas: literals, classes, groups, alternatives and repetitions.
 * Different numbers in `nth` give different texts, if the pattern allows it. Undefined for unsupported patterns (look-arounds that
 * matter, back references) and if no length fits.
 */
export function sampleForPattern(pattern: string, nth: number, least: number, most: number): string | undefined {
  try {
    for (const more of [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, least]) {
      const text = generateText(pattern, { nth, more });
      if (text.length >= least && text.length <= most && matchesPattern(pattern, text)) return text;
    }
  } catch {
    // An unsupported pattern.
  }
  return undefined;
}

/** Throws for an unsupported pattern. */
function generateText(pattern: string, { nth, more }: Selection): string {
  const characters = Array.from(pattern);
  let at = 0;
  let depth = 0;
  const peek = (): string | undefined => characters[at];
  const next = (): string => characters[at++] ?? fail();
  const fail = (): never => {
    throw new Error('unsupported pattern');
  };
  const takes = (text: string): boolean => {
    if (characters.slice(at, at + text.length).join('') !== text) return false;
    at += Array.from(text).length;
    return true;
  };

  const oneOf = (members: string): string => {
    const all = Array.from(members);
    return all[nth % all.length] ?? '';
  };

  function alternatives(): string {
    const all = [sequence()];
    while (takes('|')) all.push(sequence());
    return all[nth % all.length] ?? '';
  }

  function sequence(): string {
    let text = '';
    while (peek() !== undefined && peek() !== '|' && peek() !== ')') {
      text += repeated(atom());
      if (text.length > MAX_LENGTH) fail();
    }
    return text;
  }

  function repeated(text: string): string {
    const [least, most] = bounds();
    if (least === 1 && most === 1) return text;
    takes('?');
    const times = Math.max(least, Math.min(most, least + more, MAX_REPETITIONS));
    return text.length * times > MAX_LENGTH ? fail() : text.repeat(times);
  }

  function bounds(): readonly [number, number] {
    if (takes('*')) return [0, Infinity];
    if (takes('+')) return [1, Infinity];
    if (takes('?')) return [0, 1];
    const [whole, least = '', comma, most = ''] =
      /^\{(\d+)(,)?(\d*)\}/.exec(characters.slice(at, at + 24).join('')) ?? [];
    if (whole === undefined) return [1, 1];
    at += whole.length;
    return [Number(least), comma === undefined ? Number(least) : most === '' ? Infinity : Number(most)];
  }

  function atom(): string {
    const character = next();
    switch (character) {
      case '^':
      case '$':
        return '';
      case '.':
        return oneOf(ANY);
      case '(':
        return group();
      case '[':
        return oneOf(classOf());
      case '\\':
        return takes('b') || takes('B') ? '' : oneOf(escaped());
      default:
        return character;
    }
  }

  function group(): string {
    const silent = ['?=', '?!', '?<=', '?<!'].some(takes);
    if (!silent && takes('?') && !takes(':')) {
      if (!takes('<')) fail();
      while (next() !== '>');
    }
    if (++depth > MAX_DEPTH) fail();
    const inner = alternatives();
    depth -= 1;
    if (next() !== ')') fail();
    // A look-around adds no text. The whole text is tested against the pattern at the end.
    return silent ? '' : inner;
  }

  function escaped(): string {
    const letter = next();
    if (letter === 'p' || letter === 'P') {
      if (next() !== '{') fail();
      let name = '';
      while (peek() !== '}') name += next();
      next();
      const inside = new RegExp(`\\${letter}{${name}}`, 'u');
      return (
        Array.from(`${ANY}é世`)
          .filter((one) => inside.test(one))
          .join('') || fail()
      );
    }
    if (letter === 'u' || letter === 'x') {
      const digits = /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4}))/.exec(characters.slice(at, at + 10).join(''));
      const short = characters.slice(at, at + 2).join('');
      if (letter === 'x') at += 2;
      else at += digits?.[0].length ?? fail();
      return String.fromCodePoint(Number.parseInt(letter === 'x' ? short : (digits?.[1] ?? digits?.[2] ?? ''), 16));
    }
    if (/[1-9k]/.test(letter)) fail();
    return CLASSES[letter] ?? CONTROLS[letter] ?? (letter === '0' ? '\0' : letter);
  }

  function classOf(): string {
    const negated = takes('^');
    let members = '';
    while (peek() !== ']') {
      const set = takes('\\') ? escaped() : next();
      if (peek() === '-' && characters[at + 1] !== ']' && Array.from(set).length === 1) {
        next();
        members += range(set, takes('\\') ? escaped() : next());
      } else members += set;
    }
    next();
    if (!negated) return members || fail();
    return (
      Array.from(ANY)
        .filter((one) => !members.includes(one))
        .join('') || fail()
    );
  }

  const text = alternatives();
  return at === characters.length ? text : fail();
}

function range(first: string, last: string): string {
  const [from = 0, to = 0] = [first.codePointAt(0), last.codePointAt(0)];
  return Array.from({ length: Math.min(Math.max(0, to - from + 1), 128) }, (_, step) =>
    String.fromCodePoint(from + step),
  ).join('');
}
