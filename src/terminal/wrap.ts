import { wrapAnsi } from 'fast-wrap-ansi';
import type { Channel } from './terminal.ts';

/**
 * Wraps text between words to lines of at most `columns` characters, all with the indent of the first. For sentences only, because a wrapped
 * command cannot be copied.
 */
export function wrapText(text: string, columns: number): string {
  const indent = /^ */.exec(text)?.[0] ?? '';
  // Keep the last column free, because some terminals wrap a full line.
  const width = Math.max(20, columns - 1 - indent.length);
  return wrapAnsi(text.slice(indent.length), width, { trim: true })
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}

/** Cuts text to `columns`, counting the display width of each character, and ends it with `…` if it was cut. */
export function truncateToWidth(text: string, columns: number): string {
  const cut = (width: number): string =>
    wrapAnsi(text, width, { hard: true, wordWrap: false, trim: false }).split('\n')[0] ?? '';
  return cut(columns) === text ? text : `${cut(columns - 1)}…`;
}

/** `text` wrapped to the width of a terminal; unchanged for a file or a pipe. */
export function wrapForChannel(channel: Pick<Channel, 'isTTY' | 'columns'>, text: string): string {
  return channel.isTTY ? wrapText(text, channel.columns) : text;
}
