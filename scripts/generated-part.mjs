/**
 * A page with the lines between its comments `<name>:start` and `<name>:end` replaced.
 * @param {string} page
 * @param {string} name
 * @param {readonly string[]} lines
 * @returns {string}
 */
export function replaceGeneratedPart(page, name, lines) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`The page has no ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${lines.join('\n')}\n\n${page.slice(to)}`;
}

/**
 * The lines of a table. A row is a list of cells, or the text between the outer bars.
 * @param {readonly string[]} head
 * @param {readonly (string | readonly string[])[]} rows
 */
export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${[cells].flat().join(' | ')} |`);
}

// Outside code, `<` would start a tag, and `{{` an expression of Vue on the documentation site. A bar would end the cell.
export function tableCell(text) {
  return escapeProse(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** Text for a page, with code in backquotes left alone. */
export function escapeProse(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      index % 2 === 0
        ? part
            .replaceAll('&', '&amp;')
            .replace(/<(?=[A-Za-z/!])/g, '&lt;')
            .replaceAll('{{', '&#123;&#123;')
        : part,
    )
    .join('');
}
