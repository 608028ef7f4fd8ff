import { isAbsolute, relative } from 'node:path';
import { isRecord, parseJsonText } from '../base/json.ts';

const MAX_REASON_LENGTH = 200;

/** How a worker ended: `status 1`, or the name of a signal. */
export const formatExit = (code: number | null, name: NodeJS.Signals | null): string =>
  code === null ? (name ?? 'ended') : `status ${code}`;

/** A line with an error from Node, a JVM, a bundler or the worker's log. Stack traces and the Node version follow it. */
const ERROR_LINE = /(?:^|\s)(?:[\w.]*[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: \S|\bERROR\b.*\S/;

/** A warning of Node and how to trace it, or the version that it prints after an error. */
const NODE_LINE = /^(?:\(node:\d+\) |\(Use `node --trace-|Node\.js v\d)/;

/** The last line with an error, or else the last line, after a comma. Empty if the text is. */
export function findReason(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NODE_LINE.test(line));
  const line = lines.findLast((one) => ERROR_LINE.test(one)) ?? lines.at(-1);
  return line === undefined ? '' : `, ${(parseLoggedError(line) ?? line).slice(0, MAX_REASON_LENGTH)}`;
}

/** `file:line` or `File "…", line 3`, as Node, bundlers and Python write it. */
const PLACE = /(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\s:'"(),]+\.(?:[cm]?[jt]sx?|py|java))(?::|", line |:\[)(\d+)/g;

/** The first place in the folder's own code that an error message names. */
export function findPlace(text: string, folder: string): string | undefined {
  for (const [, path = '', line = ''] of text.matchAll(PLACE)) {
    const own = relative(folder, path);
    if (!own.startsWith('..') && !isAbsolute(own) && !/(?:^|[\\/])(?:node_modules|\.venv)[\\/]/.test(own))
      return `${own}:${line}`;
  }
  return undefined;
}

/** The message of a log entry; the worker logs in JSON. */
function parseLoggedError(line: string): string | undefined {
  const value = parseJsonText(line);
  const { message, error } = isRecord(value) ? value : {};
  return typeof message === 'string' ? `${message}${typeof error === 'string' ? `: ${error}` : ''}` : undefined;
}
