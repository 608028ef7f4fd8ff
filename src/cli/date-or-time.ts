import { InvalidArgumentError } from 'commander';
import { parseZonedTime } from '../base/zoned-time.ts';

/** The value of an option: a date, or a time with a time zone. Returns ISO 8601 in UTC. */
export function parseDateOrTime(text: string): string {
  const time = parseZonedTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00Z` : text);
  if (time === undefined)
    throw new InvalidArgumentError('a date such as 2027-01-31, or a time with a time zone such as 2027-01-31T09:00Z');
  return new Date(time).toISOString();
}
