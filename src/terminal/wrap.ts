import { wrapAnsi } from 'fast-wrap-ansi';

/**
 * Lines of at most `columns` characters, broken between words, each as far in as the first. For sentences only: a command broken in two
 * can't be copied.
 */
export function wrapText(text: string, columns: number): string {
  const indent = /^ */.exec(text)?.[0] ?? '';
  // The last column stays free, since some terminals break a full line by themselves.
  const width = Math.max(20, columns - 1 - indent.length);
  return wrapAnsi(text.slice(indent.length), width, { trim: true })
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}

/** As much of the text as fits in `columns`, by the width that a terminal gives each character; `…` at the end of a part. */
export function truncateToWidth(text: string, columns: number): string {
  const cut = (width: number): string =>
    wrapAnsi(text, width, { hard: true, wordWrap: false, trim: false }).split('\n')[0] ?? '';
  return cut(columns) === text ? text : `${cut(columns - 1)}…`;
}
