import { usageError, type KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';

/** The value of an option as a message quotes it. */
export function formatOptionValue(text: string): string {
  return escapeForTerminal(text, 80);
}

/** The usage error for options with these problems: one problem is the message, several follow it, one per line. */
export function invalidOptionsError(
  message: string,
  problems: readonly string[],
  next: readonly string[] = [],
): KnownError {
  const [first = '', ...others] = problems;
  if (others.length === 0) return usageError(first, next);
  return usageError(`${message}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, next);
}
