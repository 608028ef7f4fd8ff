import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';

/** A page of the documentation. Its topic is the name of its file, for pages of commands with `commands/` before it. */
export interface DocsPage {
  readonly topic: string;
  readonly title: string;
  /** What the index says about it; empty for pages of commands. */
  readonly about: string;
  /** The part of the index, such as `Write workflows`. */
  readonly section: string;
  /** Relative to the folder of the documentation, with slashes. */
  readonly file: string;
}

const COMMANDS = 'reference/commands';

const docsPath = (path: string): string => join(packageRoot(), 'docs', path);

/** The pages that the index lists, and after the index of the commands the pages of the commands. */
export function listDocsPages(): readonly DocsPage[] {
  return readFileSync(docsPath('index.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const [section = ''] = part.split('\n');
      const links = [...part.matchAll(/^- \[([^\]]+)\]\(([\w/-]+\.md)\)(?:: (.*))?$/gm)];
      return links.flatMap(([, title = '', file = '', about = '']) =>
        file === `${COMMANDS}/index.md`
          ? [{ topic: 'commands', title, about, section, file }, ...listCommands(section)]
          : [{ topic: topicOf(file), title, about, section, file }],
      );
    });
}

function listCommands(section: string): readonly DocsPage[] {
  return readdirSync(docsPath(COMMANDS))
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .sort()
    .map((file) => {
      const topic = `commands/${topicOf(file)}`;
      return { topic, title: `kuflow ${topicOf(file)}`, about: '', section, file: `${COMMANDS}/${file}` };
    });
}

const topicOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1).replace(/\.md$/, '');

/** The text of a page without comments, pictures and the `:::` lines that mark tabs on the website. */
export function readPage({ file }: DocsPage): string {
  return readFileSync(docsPath(file), 'utf8')
    .replace(/<!--[^]*?-->\n*/g, '')
    .replace(/^<picture>[^]*?<\/picture>\n*/gm, '')
    .replace(/^:::.*\n+/gm, '')
    .replace(/^!\[[^\]]*\]\([^)]*\)\n*/gm, '');
}
