import { InvalidArgumentError } from 'commander';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The value of an option such as `30s`, `5m`, `1h` or `7d`, in seconds. */
export function parseSeconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)([smhd]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('a duration such as 30s, 5m, 1h or 7d');
  return Number(digits) * (UNIT_SECONDS[unit === '' ? 's' : unit] ?? 1);
}

/** As `parseSeconds`, of at least one second. */
export function parseLife(text: string): number {
  const value = parseSeconds(text);
  if (value === 0) throw new InvalidArgumentError('a duration of at least one second');
  return value;
}
