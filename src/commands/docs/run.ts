import { KnownError, usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import type { CommandContext } from '../../cli/context.ts';
import { listDocsPages } from '../../cli/docs-pages.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { showInPager } from './pager.ts';
import { readPage, searchPages } from './search.ts';
import { formatPage, formatSections, formatTopics } from './view.ts';

/** Options of `kuflow docs`, as commander parses them. */
export interface DocsFlags {
  readonly search?: readonly string[];
  readonly json?: boolean;
}

/**
 * `kuflow docs [topic]`. With `--json`: `{ topics }`, `{ sections }` with `--search`, or `{ topic, title, text }`.
 * Exit status: 0 printed, 1 no section contains the words, 2 unknown topic.
 */
export async function runDocs(topic: string | undefined, flags: DocsFlags, context: CommandContext): Promise<void> {
  const { terminal, invocation } = context;
  const { search, json = false } = flags;
  if (search !== undefined) {
    if (topic !== undefined) throw usageError('--search cannot be combined with a topic', ['Pass one of them']);
    const sections = searchPages(search);
    if (sections.length === 0)
      throw new KnownError({
        message: `No section contains ${search.join(' ')}`,
        next: [`Try fewer words, or list the topics: ${invocation} docs`],
      });
    if (json) terminal.out.line(stringifyForTerminal({ sections }));
    else await showInPager(formatSections(sections, terminal.out, invocation), context);
    return;
  }
  const topics = listDocsPages();
  if (topic === undefined) {
    if (json) terminal.out.line(stringifyForTerminal({ topics }));
    else await showInPager(formatTopics(topics, terminal.out, invocation), context);
    return;
  }
  const names = topics.map((one) => one.topic);
  const page = topics[names.indexOf(topic.replace(/\.md$/, ''))];
  if (page === undefined)
    throw usageError(`There is no topic "${topic}"${didYouMean(topic, names)}`, [
      `List the topics: ${invocation} docs`,
      `Search all pages: ${invocation} docs --search ${topic}`,
    ]);
  const text = readPage(page);
  if (json) terminal.out.line(stringifyForTerminal({ topic: page.topic, title: page.title, text }));
  else await showInPager(formatPage(text, terminal.out), context);
}
