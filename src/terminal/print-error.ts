import { documentationFor } from '../base/documentation.ts';
import { KnownError, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { capitalize } from '../base/identifiers.ts';
import { withoutUndefined } from '../base/json.ts';
import { palette } from './palette.ts';
import type { Channel, Terminal } from './terminal.ts';
import { wrapForChannel } from './wrap.ts';

interface PrintErrorOptions {
  /** Also print the stack, including causes. */
  readonly debug?: boolean;
  /** For `--json`, also print `{ error: { message, tried?, seen?, next, status } }` to stdout in one line. */
  readonly jsonStatus?: number | undefined;
  /** Address of the documentation site, for tests. */
  readonly siteUrl?: string | undefined;
}

/** Prints an error: what failed, what was tried and seen, and what to do next. */
export function printError(
  terminal: Terminal,
  error: unknown,
  { debug = false, jsonStatus, siteUrl }: PrintErrorOptions = {},
): void {
  const colors = palette(terminal.err);
  const known = error instanceof KnownError ? error : undefined;
  const [first = '', ...rest] = messageOf(error).split('\n');
  const { err } = terminal;
  const printWrapped = (text: string): void => err.line(wrapForChannel(err, text));
  printWrapped(`${colors.red(err.marks.failed)} ${colors.bold(escapeForTerminal(first, 2000))}`);
  for (const line of rest) err.line(`  ${escapeForTerminal(line, 2000)}`);
  for (const line of describeAttempt(known)) err.line(`  ${escapeForTerminal(line, 2000)}`);
  printSteps(
    err,
    known?.next ??
      (debug ? [] : ['This is a bug. Run the command again with --debug to see the stack trace, and report it']),
  );
  const page = known?.page && documentationFor(known.page, { siteUrl });
  if (page !== undefined) printSteps(err, [`See ${page}`]);
  if (debug) printStacks(terminal, error);
  if (jsonStatus === undefined) return;
  const { tried, seen, next = [] } = known ?? {};
  const data = withoutUndefined({ message: messageOf(error), tried, seen, next, status: jsonStatus });
  terminal.out.json({ error: data }, 0);
}

/** Prints what the user can do next. Steps contain commands, so they are not truncated or wrapped. */
export function printSteps(channel: Channel, steps: readonly string[]): void {
  for (const step of steps) {
    const [first = '', ...rest] = step.split('\n');
    channel.line(`  ${palette(channel).dim(channel.marks.step)} ${escapeForTerminal(first, Infinity)}`);
    for (const line of rest) channel.line(`    ${escapeForTerminal(line, Infinity)}`);
  }
}

/** "GET https://example.com: 401 Unauthorized", or only one of the two. */
function describeAttempt(error: KnownError | undefined): readonly string[] {
  const { tried, seen } = error ?? {};
  if (tried !== undefined) return `${tried}${seen === undefined ? '' : `: ${seen}`}`.split('\n');
  return seen === undefined ? [] : seen.replace(/^[a-z]+ /, capitalize).split('\n');
}

function printStacks(terminal: Terminal, error: unknown): void {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    for (const line of (at.stack ?? messageOf(at)).split('\n')) terminal.err.line(`  ${escapeForTerminal(line, 2000)}`);
  }
}
