import { documentationFor } from '../base/documentation.ts';
import { KnownError, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { palette } from './palette.ts';
import { stringifyForTerminal } from './json.ts';
import type { Terminal } from './terminal.ts';
import { wrapForChannel } from './wrap.ts';

export interface PrintErrorOptions {
  /** Also print the stack, including causes. */
  readonly debug: boolean;
  /** Also print `{ error: { message, tried?, seen?, next, status } }` to stdout in one line, for `--json`. */
  readonly json: boolean;
  readonly status: number;
  /** Address of the documentation site, for tests. */
  readonly siteUrl?: string | undefined;
}

/** Prints an error: what failed, what was tried, what was seen, and what to do next. */
export function printError(terminal: Terminal, error: unknown, options: PrintErrorOptions): void {
  const colors = palette(terminal.err);
  const known = error instanceof KnownError ? error : undefined;
  const [first = '', ...rest] = messageOf(error).split('\n');
  const { err } = terminal;
  const printWrapped = (text: string): void => err.line(wrapForChannel(err, text));
  printWrapped(`${colors.red(err.marks.failed)} ${colors.bold(escapeForTerminal(first, 2000))}`);
  for (const line of rest) err.line(`  ${escapeForTerminal(line, 2000)}`);
  const detail = (label: string, text: string, limit = 2000): void => {
    const [firstLine = '', ...moreLines] = text.split('\n');
    terminal.err.line(`  ${colors.dim(label.padEnd(7))}${escapeForTerminal(firstLine, limit)}`);
    for (const line of moreLines) terminal.err.line(`  ${' '.repeat(7)}${escapeForTerminal(line, limit)}`);
  };
  if (known?.tried !== undefined) detail('tried', known.tried);
  if (known?.seen !== undefined) detail('seen', known.seen);
  // Steps contain commands, which must not be truncated.
  known?.next.forEach((step, index) => detail(index === 0 ? 'next' : '', step, Infinity));
  const page = known?.page && documentationFor(known.page, { siteUrl: options.siteUrl });
  if (page !== undefined) detail('docs', page, Infinity);
  if (known === undefined && !options.debug)
    detail('next', 'This is a bug. Run the command again with --debug to see the stack trace, and report it');
  if (options.debug) printStacks(terminal, error);
  if (options.json) terminal.out.line(stringifyForTerminal({ error: errorToJson(error, options.status) }, 0));
}

function printStacks(terminal: Terminal, error: unknown): void {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    for (const line of (at.stack ?? messageOf(at)).split('\n')) terminal.err.line(`  ${escapeForTerminal(line, 2000)}`);
  }
}

function errorToJson(error: unknown, status: number): object {
  const known = error instanceof KnownError ? error : undefined;
  return {
    message: messageOf(error),
    ...(known?.tried === undefined ? {} : { tried: known.tried }),
    ...(known?.seen === undefined ? {} : { seen: known.seen }),
    next: known?.next ?? [],
    status,
  };
}
