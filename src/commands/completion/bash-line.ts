/** A command line as bash would split it, without expanding anything, up to the cursor. */
export interface BashLine {
  /** Without quotes; the last one is at the cursor and may be empty. */
  readonly words: readonly string[];
  /** What bash replaces: the part of the last word behind `kept`, where its line editor lets a word begin. */
  readonly kept: string;
  /** The quote that is open at the cursor. */
  readonly quote: '' | "'" | '"';
}

/** `breaks`: the characters at which bash's line editor lets a word begin (`COMP_WORDBREAKS`). */
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
      // Within double quotes a backslash is one unless something follows that it can quote.
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

/** The text that bash must put behind what is kept so that the word becomes `value`; undefined when no text does that safely. */
export function bashReplacement(value: string, { kept, quote }: Pick<BashLine, 'kept' | 'quote'>): string | undefined {
  if (!value.startsWith(kept)) return undefined;
  const rest = value.slice(kept.length);
  if (quote !== '') {
    // Bash closes the quote unless it sees one at the end already, and no quoting keeps the history character from working in double quotes.
    if (rest.includes(quote) || (quote === '"' && rest.includes('!'))) return undefined;
    return quote === "'" ? rest : rest.replace(/[$`\\]/g, '\\$&');
  }
  return rest.replace(/[^\p{L}\p{N}\p{M}_@%+=:,./-]/gu, '\\$&');
}
