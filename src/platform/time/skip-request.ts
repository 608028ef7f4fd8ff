import { isoTime } from '../../base/clock.ts';
import { parseZonedTime } from '../../base/zoned-time.ts';
import { badRequest } from '../domain/api-error.ts';
import type { SkipRequest } from '../shared/contract.ts';

const LONGEST_SKIP_MS = 10 * 366 * 24 * 3600 * 1000;

/** Milliseconds since the epoch; undefined to skip until a process changes. */
export function parseSkip({ seconds, until }: SkipRequest = {}, now: number): number | undefined {
  if (seconds === undefined && until === undefined) return undefined;
  if (seconds !== undefined && until !== undefined) throw badRequest('seconds and until cannot be combined', 'body');
  const field = until === undefined ? 'body.seconds' : 'body.until';
  const wanted = until === undefined ? now + (seconds ?? 0) * 1000 : parseZonedTime(until);
  if (wanted === undefined) throw badRequest('Expected an ISO 8601 time with a time zone', field);
  if (wanted < now) throw badRequest(`The clock only moves forward: it is ${isoTime(now)} for the local KuFlow`, field);
  if (wanted > now + LONGEST_SKIP_MS) throw badRequest('At most 10 years can be skipped at once', field);
  return wanted;
}
