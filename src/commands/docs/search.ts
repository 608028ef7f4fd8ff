import { readFileSync } from 'node:fs';
import { docsPath, listDocsPages, type DocsPage } from '../../cli/docs-pages.ts';

/** A part of a page, under one heading. */
export interface Section {
  readonly topic: string;
  readonly heading: string;
  readonly text: string;
}

/** The text of a page, without comments, pictures and the lines around the tabs of the site. */
export function readPage({ file }: DocsPage): string {
  return readFileSync(docsPath(...file.split('/')), 'utf8')
    .replace(/<!--[^]*?-->\n*/g, '')
    .replace(/^<picture>[^]*?<\/picture>\n*/gm, '')
    .replace(/^:::.*\n+/gm, '')
    .replace(/^!\[[^\]]*\]\([^)]*\)\n*/gm, '');
}

/** The sections that contain all words, those with the words in their heading first. */
export function searchPages(words: readonly string[]): readonly Section[] {
  const wanted = words.flatMap((word) => word.toLowerCase().split(/\s+/)).filter((word) => word !== '');
  const contains = (text: string): boolean => wanted.every((word) => text.toLowerCase().includes(word));
  const found = listDocsPages()
    .flatMap(sectionsOf)
    .filter(({ heading, text }) => contains(`${heading}\n${text}`));
  return [...found.filter(({ heading }) => contains(heading)), ...found.filter(({ heading }) => !contains(heading))];
}

function sectionsOf(page: DocsPage): readonly Section[] {
  const sections: { topic: string; heading: string; text: string }[] = [];
  let isCode = false;
  for (const line of readPage(page).split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    const heading = isCode ? undefined : /^#{1,4} (.*)$/.exec(line)?.[1];
    const last = sections.at(-1);
    if (heading !== undefined) sections.push({ topic: page.topic, heading, text: '' });
    else if (last !== undefined) last.text += `${line}\n`;
  }
  return sections.map((section) => ({ ...section, text: section.text.trim() }));
}
