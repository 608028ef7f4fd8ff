/** A command line up to the cursor, split as bash would split it but without expanding anything. */
export interface BashLine {
  /** Without quotes. The last word is at the cursor and may be empty. */
  readonly words: readonly string[];
  /** The beginning of the last word that bash keeps; it replaces only what follows, from where its line editor begins a word. */
  readonly kept: string;
  /** The open quote at the cursor. */
  readonly quote: '' | "'" | '"';
}

/** `breaks`: the characters after which bash's line editor begins a word (`COMP_WORDBREAKS`). */
export function parseBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let value: string | undefined;
  let kept = '';
  let quote: BashLine['quote'] = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (value !== undefined) words.push(value);
      [value, kept] = [undefined, ''];
      continue;
    }
    value ??= '';
    if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
      kept = value;
    } else if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'") {
      const next = line[at + 1] ?? '';
      // In double quotes, a backslash is literal unless the next character can be escaped.
      value += quote === '"' && !'"$`\\'.includes(next) ? `\\${next}` : next;
      at += 1;
    } else {
      value += character;
      if (quote === '' && breaks.includes(character)) kept = value;
    }
  }
  words.push(value ?? '');
  return { words, kept, quote };
}

/** The text to put after the kept part so that the word becomes `value`; undefined if no text does that safely. */
export function bashReplacement(value: string, { kept, quote }: Pick<BashLine, 'kept' | 'quote'>): string | undefined {
  if (!value.startsWith(kept)) return undefined;
  const rest = value.slice(kept.length);
  if (quote !== '') {
    // Bash closes the quote by itself, and nothing can escape the history character in double quotes.
    if (rest.includes(quote) || (quote === '"' && rest.includes('!'))) return undefined;
    return quote === "'" ? rest : rest.replace(/[$`\\]/g, '\\$&');
  }
  return rest.replace(/[^\p{L}\p{N}\p{M}_@%+=:,./-]/gu, '\\$&');
}
