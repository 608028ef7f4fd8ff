import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteConfig } from 'vitepress';

const docs = join(import.meta.dirname, '..');

/** Adds what programs read to the built site: each page as Markdown, the dashboard, and `llms.txt` (https://llmstxt.org), which lists them. */
export function writeMarkdown({ outDir, site, pages }: SiteConfig): void {
  for (const file of [...pages, 'how-to/grafana-dashboard.json']) cpSync(join(docs, file), join(outDir, file));
  const [, ...sections] = readFileSync(join(docs, 'index.md'), 'utf8').split(/^(?=## )/m);
  writeFileSync(join(outDir, 'llms.txt'), [`# ${site.title}\n\n> ${site.description}\n\n`, ...sections].join(''));
}
