const REDACTED = '[redacted]';

/** Tokens and secrets of the local platform, JSON Web Tokens and private keys. Parts of them count too, because bodies are cut. */
const SECRETS = [
  /kfdev_[\w-]+/g,
  /\beyJ[\w-]+(?:\.[\w-]*){0,2}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END )[^])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
] as const;

const SECRET_FIELDS = /("(?:token|clientPrivateKey|[A-Z_]*SECRET)"\s*:\s*)"(?:[^"\\]|\\[^])*(?:"|$)/g;

const SECRET_HEADERS: ReadonlySet<string> = new Set(['cookie', 'proxy-authorization', 'set-cookie']);

/** The text without the secrets that can be recognized by their form. */
export function redactByPattern(text: string): string {
  return SECRETS.reduce((redacted, secret) => redacted.replace(secret, REDACTED), text);
}

/** As `redactByPattern`, for JSON that contains secrets in known fields, in whatever format. */
export function redactSecretFields(json: string): string {
  return redactByPattern(json.replace(SECRET_FIELDS, `$1"${REDACTED}"`));
}

/** For text that is a secret as a whole. */
export const redactAll = (): string => REDACTED;

/** A URL whose query is a secret. */
export function redactQuery(url: string): string {
  const path = redactByPattern(url.split('?', 1)[0] ?? '');
  return url.includes('?') ? `${path}?${REDACTED}` : path;
}

/** The value of a header. `Authorization` keeps its scheme. */
export function redactHeader(name: string, value: string): string {
  if (name === 'authorization') return `${/^(?:basic|bearer)(?= )/i.exec(value)?.[0] ?? ''} ${REDACTED}`.trim();
  return SECRET_HEADERS.has(name) ? REDACTED : redactByPattern(value);
}

/** What is secret in a successful answer: `fields` that are known, or `all` of it. */
export type AnswerSecrets = 'fields' | 'all';

/** Operations and routes whose answers contain credentials in known fields, and those whose answers are secrets as a whole. */
export const SECRET_ROUTES: ReadonlyMap<string, AnswerSecrets> = new Map([
  ['createAuthentication', 'fields'],
  ['/_dev/environment', 'fields'],
  ['/_dev/users', 'fields'],
  ['retrieveKmsKey', 'all'],
]);

/** Routes that read the list of requests, which would only show themselves, and those whose paths and answers are codes that sign in. */
export const UNLOGGED_ROUTE = /^\/_dev\/(requests|open-codes)(\/|$)/;
