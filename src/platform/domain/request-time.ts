/** The time of a request as workflows get it: ISO 8601 with milliseconds and offset, and the IANA zone. `at`: milliseconds since the epoch. */
export function formatRequestTime(at: number, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  // `GMT` alone is UTC; otherwise it is `GMT+02:00`. Offsets with seconds are only historic.
  const offset = /^GMT([+-])(\d{2}):(\d{2})/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '');
  const minutes = offset === null ? 0 : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
  const local = new Date(at + minutes * 60_000).toISOString().slice(0, -1);
  return { requestTime: `${local}${offset === null ? 'Z' : offset[0].slice(3)}`, requestTimeZone: timeZone };
}

/** The time zone of this machine, or UTC if it is not set. */
export function localTimeZone(): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined;
  return zone === undefined || zone === '' || zone === 'Etc/Unknown' ? 'UTC' : zone;
}
