import { usageError } from '../base/errors.ts';
import { isUuid } from '../base/is-uuid.ts';

const SHORTEST_END = 6;

const NOTHING = {
  process: 'No process has been started',
  task: 'No task is open',
  event: 'No event for a webhook has happened',
} as const;

export interface IdLookup {
  readonly what: 'process' | 'task' | 'event';
  /** The IDs that the end of an ID or `latest` is looked up in, the newest first. Not called for a whole ID. */
  readonly listIds: (text: 'latest' | 'end') => Promise<readonly string[]>;
  /** The next step when an ID is not found. */
  readonly hint: string;
}

/**
 * Resolves `text` to an ID: a whole ID, the last 6 or more characters of one, in any case, or `latest`. Rejects with a usage error if no ID
 * matches, or if several do.
 */
export async function resolveId(text: string, { what, listIds, hint }: IdLookup): Promise<string> {
  const end = text.toLowerCase();
  if (isUuid(end)) return end;
  if (end === 'latest') {
    const [latest] = await listIds('latest');
    if (latest !== undefined) return latest;
    throw usageError(NOTHING[what], [hint]);
  }
  if (end.length < SHORTEST_END)
    throw usageError(
      `${text} is too short: pass the ID of the ${what}, or at least its last ${SHORTEST_END} characters`,
      [hint],
    );
  const matches = (await listIds('end')).filter((id) => id.endsWith(end));
  const [match] = matches;
  if (match === undefined) throw usageError(`No recent ${what} has an ID that ends with ${text}`, [hint]);
  if (matches.length > 1) throw usageError(`Several IDs end with ${text}: ${matches.join(', ')}`);
  return match;
}
