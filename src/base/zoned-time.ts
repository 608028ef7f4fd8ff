const ZONED_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/i;

/** A date and time with a time zone, as milliseconds since the epoch. Undefined for any other text. */
export function parseZonedTime(text: string): number | undefined {
  const time = ZONED_TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
