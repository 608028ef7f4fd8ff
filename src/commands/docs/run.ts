import { spawn } from 'node:child_process';
import { KnownError, usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import type { CommandContext } from '../../cli/context.ts';
import { listDocsPages, readPage } from '../../cli/docs-pages.ts';
import { searchDocs } from './search-docs.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import { formatPage, formatSections, formatTopics } from './view.ts';

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
  const print = async (data: object, text: string): Promise<void> => {
    if (json) terminal.out.json(data);
    else await showInPager(text, context);
  };
  if (search !== undefined) {
    if (topic !== undefined) throw usageError('--search cannot be combined with a topic', ['Pass one of them']);
    const sections = searchDocs(search);
    if (sections.length === 0)
      throw new KnownError({
        message: `No section contains ${search.join(' ')}`,
        next: [`Try fewer words, or list the topics: ${invocation} docs`],
      });
    await print({ sections }, formatSections(sections, terminal.out, invocation));
    return;
  }
  const topics = listDocsPages();
  if (topic === undefined) {
    await print({ topics }, formatTopics(topics, terminal.out, invocation));
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
  await print({ topic: page.topic, title: page.title, text }, formatPage(text, terminal.out));
}

/** Shows a text in the user's pager, if this is a terminal and there is one. Otherwise prints it. */
async function showInPager(text: string, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const [name = '', ...args] = (env['PAGER'] ?? 'less').split(' ').filter((word) => word !== '');
  const program = terminal.out.isTTY && name !== '' ? findOnPath(name, env) : undefined;
  if (program === undefined) {
    terminal.out.write(text);
    return;
  }
  // As git does: less ends at once if the text fits on the screen, and shows colors.
  const pager = spawn(program, args, { env: { LESS: 'FRX', ...env }, stdio: ['pipe', 'inherit', 'inherit'] });
  context.passSignals((signal) => {
    // The terminal sends Ctrl-C to the pager as well, and the pager keeps running.
    if (signal !== 'SIGTERM' && signal !== 'SIGHUP') return;
    pager.kill(signal);
    context.setStatus(130);
  });
  await new Promise<void>((resolve, reject) => {
    // The user may end the pager before it has read everything.
    pager.stdin.on('error', () => undefined).end(text);
    pager.once('error', reject).once('close', () => resolve());
  });
}
