import { listDocsPages, readPage, type DocsPage } from '../../cli/docs-pages.ts';

/** A part of a page, under one heading. */
export interface PageSection {
  readonly topic: string;
  readonly heading: string;
  readonly text: string;
}

/** The sections that contain all words, those with the words in their heading first. */
export function searchDocs(words: readonly string[]): readonly PageSection[] {
  const wanted = words.flatMap((word) => word.toLowerCase().split(/\s+/)).filter((word) => word !== '');
  const contains = (text: string): boolean => wanted.every((word) => text.toLowerCase().includes(word));
  const found = listDocsPages()
    .flatMap(sectionsOf)
    .filter(({ heading, text }) => contains(`${heading}\n${text}`));
  return [...found.filter(({ heading }) => contains(heading)), ...found.filter(({ heading }) => !contains(heading))];
}

function sectionsOf(page: DocsPage): readonly PageSection[] {
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
