import { wrapAnsi } from 'fast-wrap-ansi';

/** Lines of at most `columns` characters, broken between words. For sentences only: a command broken in two can't be copied. */
export function wrapped(text: string, columns: number): string {
  // The last column stays free, since some terminals break a full line by themselves.
  return wrapAnsi(text, Math.max(20, columns - 1), { trim: false });
}
