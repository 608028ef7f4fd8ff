export type Dialect = '7' | '2019-09' | '2020-12';

/** The dialect of a schema with this `$schema`: draft 7 if it does not have one, undefined if the dialect is not supported. */
export function detectDialect(declared: unknown): Dialect | undefined {
  if (declared === undefined) return '7';
  if (typeof declared !== 'string') return undefined;
  if (/json-schema\.org\/draft-0[4-7]\/schema/.test(declared)) return '7';
  const year = /json-schema\.org\/draft\/(2019-09|2020-12)\/schema/.exec(declared)?.[1];
  return year === '2019-09' || year === '2020-12' ? year : undefined;
}
