import { palette } from '../../terminal/palette.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Channel } from '../../terminal/terminal.ts';
import { truncateToWidth, wrapForChannel } from '../../terminal/wrap.ts';
import type { DocsPage } from '../../cli/docs-pages.ts';
import type { PageSection } from './search-docs.ts';

export function formatTopics(topics: readonly DocsPage[], out: Channel, invocation: string): string {
  const sections = [...new Set(topics.map(({ section }) => section))];
  const rows = formatTable(
    topics.map(({ topic, title, about }) => [topic, about === '' ? title : `${title}: ${about}`]),
  );
  const lines = sections.flatMap((section) => [
    palette(out).bold(section),
    ...rows.filter((_, at) => topics[at]?.section === section).map((row) => `  ${plain(row)}`),
    '',
  ]);
  return [...lines.map((line) => cut(line, out)), `Read one: ${invocation} docs <topic>`, ''].join('\n');
}

export function formatSections(sections: readonly PageSection[], out: Channel, invocation: string): string {
  const { bold } = palette(out);
  const lines = sections.flatMap(({ topic, heading, text }) => {
    const first = text.split('\n').find((line) => /^[\p{L}`*]/u.test(line)) ?? '';
    return [`${bold(topic)}  ${heading}`, ...(first === '' ? [] : [cut(`  ${plain(first)}`, out)])];
  });
  return [...lines, '', `Read one: ${invocation} docs <topic>`, ''].join('\n');
}

/** In a terminal, headings are bold and paragraphs are wrapped to its width. Otherwise, the Markdown as it is. */
export function formatPage(text: string, out: Channel): string {
  if (!out.isTTY) return text;
  const { bold } = palette(out);
  const blocks = text.split(/^(```[^]*?^```)$/m);
  return blocks
    .map((block, at) => {
      if (at % 2 === 1) return block;
      // A line that begins with a letter, code or emphasis continues the one before it.
      return block
        .replace(/(?<=[^\n|])\n(?:  )?(?=[\p{L}\d`*[(](?! ))/gu, ' ')
        .split('\n')
        .map((line) => (/^#{1,4} /.test(line) ? bold(line) : line.startsWith('|') ? line : wrapForChannel(out, line)))
        .join('\n');
    })
    .join('');
}

const plain = (line: string): string => line.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');

const cut = (line: string, out: Channel): string => (out.isTTY ? truncateToWidth(line, out.columns - 1) : line);
