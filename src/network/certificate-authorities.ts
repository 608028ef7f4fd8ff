import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/**
 * The certificate authorities to trust when some are given (PEM, one or more): the runtime's own roots, NODE_EXTRA_CA_CERTS and the
 * given ones, since Node drops its own as soon as a list is set. Undefined when none are given: the runtime's default is right then.
 * An unreadable NODE_EXTRA_CA_CERTS is passed over, as Node does (with a warning at start).
 */
export function trustedAuthorities(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  if (given === undefined || given.trim() === '') return undefined;
  // Newer runtimes can state their default, which includes the system's store when Node was started with it.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => readonly string[] };
  const own =
    getCACertificates === undefined
      ? [...tls.rootCertificates, ...extra(env['NODE_EXTRA_CA_CERTS'])]
      : getCACertificates('default');
  return [...own, given];
}

function extra(path: string | undefined): readonly string[] {
  if (path === undefined || path === '') return [];
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    return [];
  }
}
