import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import type { PlatformEndpoints } from './types.ts';
import type { Secret } from '../../base/secret.ts';

/** What a worker needs to reach a platform, in this process or another one. */
export interface PlatformAccess {
  readonly endpoints: PlatformEndpoints;
  readonly application: { readonly id: string; readonly secret: Pick<Secret, 'reveal'> };
  readonly tenantId: string;
  readonly caFile: string;
  /** PEM file with the public root certificates and the local CA, for runtimes that replace their roots with a file. */
  readonly caBundleFile: string;
}

/** Writes the file for `caBundleFile` to `stateDir` and returns its path. */
export async function writeCaBundle(stateDir: string, caFile: string): Promise<string> {
  const path = join(stateDir, 'ca-bundle.pem');
  const own = readFileSync(caFile, 'utf8');
  await writeFile(path, [...tls.rootCertificates, own].map((pem) => pem.trim()).join('\n') + '\n', { mode: 0o644 });
  return path;
}

/**
 * The environment variables that connect a worker to the platform: KuFlow's and Temporal's settings, with the client secret in plain text, and the
 * local CA for the runtimes of all KuFlow SDKs. Merge them into the caller's environment, and pass that as `base`: if it sets a proxy, loopback
 * addresses are excluded from it.
 */
export function platformEnvironment(
  access: PlatformAccess,
  base: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  return {
    KUFLOW_API_ENDPOINT: access.endpoints.https,
    KUFLOW_API_CLIENTID: access.application.id,
    KUFLOW_API_CLIENTSECRET: access.application.secret.reveal(),
    KUFLOW_API_TENANTID: access.tenantId,
    KUFLOW_API_CA: access.caFile,
    TEMPORAL_TARGET: access.endpoints.engine,
    NODE_EXTRA_CA_CERTS: access.caFile,
    REQUESTS_CA_BUNDLE: access.caBundleFile,
    SSL_CERT_FILE: access.caBundleFile,
    ...proxyExceptions(base),
  };
}

/** Excludes loopback from a proxy, for runtimes that do not do so themselves. */
function proxyExceptions(base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((name) => (base[name] ?? '') !== '');
  if (!proxied) return {};
  const given = base.NO_PROXY ?? base.no_proxy ?? '';
  const value = [given, 'localhost', '127.0.0.1', '::1'].filter((entry) => entry !== '').join(',');
  return { NO_PROXY: value, no_proxy: value };
}
