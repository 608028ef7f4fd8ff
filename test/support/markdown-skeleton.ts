import { lexer, type Token } from 'marked';

const FORMATTED = new Set(['text', 'escape', 'space']);

/**
 * The structure of a Markdown text: the kinds of its parts, each with its children. Text is left out; code
 * in backticks and in `<code>` is the same.
 */
export function skeletonOf(markdown: string): string {
  return lexer(markdown)
    .map((token) => skeleton([token]))
    .join('\n');
}

function skeleton(tokens: readonly Token[]): string {
  const kinds: string[] = [];
  let inCode = false;
  for (const token of tokens) {
    if (token.type === 'html' && token.raw === '<code>') inCode = true;
    else if (inCode && token.type === 'html' && token.raw === '</code>') {
      inCode = false;
      kinds.push('codespan()');
    } else if (inCode || FORMATTED.has(token.type)) {
      if (!FORMATTED.has(token.type)) kinds.push(`${token.type} in code`);
      else if ('tokens' in token && token.tokens !== undefined) kinds.push(skeleton(token.tokens));
    } else kinds.push(`${token.type}(${partsOf(token)})`);
  }
  return kinds.filter((kind) => kind !== '').join(' ');
}

function partsOf(token: Token): string {
  if (token.type === 'table') {
    const { header, rows } = token as { readonly header: readonly Cell[]; readonly rows: readonly (readonly Cell[])[] };
    return [header, ...rows].map((row) => row.map(({ tokens }) => `[${skeleton(tokens)}]`).join('')).join('/');
  }
  if (token.type === 'list')
    return (token as { items: readonly Cell[] }).items.map(({ tokens }) => skeleton(tokens)).join('/');
  if (token.type === 'codespan') return '';
  return 'tokens' in token && token.tokens !== undefined ? skeleton(token.tokens) : '';
}

interface Cell {
  readonly tokens: readonly Token[];
}
