import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { codeOf } from '../base/errors.ts';

/**
 * The certificate authorities to trust: the runtime's own roots, NODE_EXTRA_CA_CERTS and `given` (PEM, one or more). Node drops its own
 * roots as soon as a list is set, so without `given` this returns undefined to keep Node's default.
 * Ignores an unreadable NODE_EXTRA_CA_CERTS, as Node does (with a warning at start).
 */
export function trustedAuthorities(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  if (given === undefined || given.trim() === '') return undefined;
  // Newer versions of Node return their default, which includes the system's store if Node was started with it. It contains
  // NODE_EXTRA_CA_CERTS of this process, not of `env`.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => readonly string[] };
  const own = getCACertificates?.('default') ?? tls.rootCertificates;
  const { text } = readExtraAuthorities(env['NODE_EXTRA_CA_CERTS']);
  return [...own, ...(text === undefined ? [] : [text]), given];
}

/** The file in NODE_EXTRA_CA_CERTS if it cannot be read, with the code of the error. */
export function unreadableExtraAuthorities(env: Readonly<Record<string, string | undefined>>) {
  const { path, why } = readExtraAuthorities(env['NODE_EXTRA_CA_CERTS']);
  return path === undefined || why === undefined ? undefined : { path, why };
}

function readExtraAuthorities(path: string | undefined) {
  if (path === undefined || path === '') return {};
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { path, why: codeOf(error) ?? 'unknown error' };
  }
}
