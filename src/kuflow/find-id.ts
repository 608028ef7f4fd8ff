import { usageError } from '../base/errors.ts';
import { isUuid } from '../base/is-uuid.ts';

const SHORTEST_END = 6;

const NOTHING = {
  process: 'No process has been started',
  task: 'No open tasks',
  event: 'No event for a webhook has happened',
} as const;

export interface IdLookup {
  readonly what: 'process' | 'task' | 'event';
  /** The IDs that the end of an ID or `latest` is looked up in, the newest first. Not called for a whole ID. */
  readonly listIds: (text: 'latest' | 'end') => Promise<readonly string[]>;
  /** The IDs of the open tasks with a code. Only tasks have one. */
  readonly listByCode?: (code: string) => Promise<readonly string[]>;
  /** The next step when an ID is not found. */
  readonly hint: string;
}

/** Whether this is `latest`, or looks like an ID or the end of one. Some codes, such as FACE, look like that too. */
export function isIdOrLatest(text: string): boolean {
  return /^(latest|[\da-f-]+)$/i.test(text);
}

/**
 * Resolves `text` to an ID: a whole ID, the last 6 or more characters of one, in any case, `latest`, or the code of the only open task that has
 * it. Rejects with a usage error if no ID matches, or if several do.
 */
export async function resolveId(text: string, { what, listIds, listByCode, hint }: IdLookup): Promise<string> {
  const end = text.toLowerCase();
  if (isUuid(end)) return end;
  if (end === 'latest') {
    const [latest] = await listIds('latest');
    if (latest !== undefined) return latest;
    throw usageError(NOTHING[what], [hint]);
  }
  const isHex = isIdOrLatest(end);
  const isLong = end.length >= SHORTEST_END;
  const matches = isHex && isLong ? (await listIds('end')).filter((id) => id.endsWith(end)) : [];
  const [match] = matches;
  if (matches.length > 1) throw usageError(`Several IDs end with ${text}: ${matches.join(', ')}`);
  if (match !== undefined) return match;
  const [withCode, ...more] = (await listByCode?.(text)) ?? [];
  if (withCode !== undefined && more.length === 0) return withCode;
  if (withCode !== undefined)
    throw usageError(`Several open tasks have the code ${text}: pass the ID of one`, [withCode, ...more]);
  if (!isHex && listByCode !== undefined) throw usageError(`No open task has the code ${text}`, [hint]);
  if (isHex && isLong) throw usageError(`No recent ${what} has an ID that ends with ${text}`, [hint]);
  throw usageError(
    isHex
      ? `${text} is too short: pass at least the last ${SHORTEST_END} characters of the ID`
      : `${text} is not an ID: IDs contain only digits, hyphens and the letters a to f`,
    [`Pass the ${what} ID (at least the last ${SHORTEST_END} characters), or latest`, hint],
  );
}
