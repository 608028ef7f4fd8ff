import { readFile } from 'node:fs/promises';
import { KnownError, codeOf } from '../base/errors.ts';
import { decideProxy } from '../network/proxy.ts';
import type { Secret } from '../base/secret.ts';
import type { ProxyDecision } from '../network/proxy.ts';
import type { ResolvedSettings } from '../settings/resolve.ts';

/** What a client of KuFlow's REST API needs to know. */
export interface RestConnection {
  readonly endpoint: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: Secret };
  readonly tenantId?: string;
  /** PEM. */
  readonly ca?: string;
  readonly proxy: ProxyDecision;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The settings whose absence is a missing answer for `restSettings`. */
export const REST_REQUIRED = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;

/** Settings of the REST plane made ready for a client: authorities read, proxy decided. Rejects with a KnownError. */
export async function restSettings(
  settings: ResolvedSettings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RestConnection> {
  const endpoint = settings['kuflow.api.endpoint']?.value;
  const clientId = settings['kuflow.api.client-id']?.value;
  const clientSecret = settings['kuflow.api.client-secret']?.value;
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined) {
    throw new KnownError({ message: 'The credentials of the application are missing', status: 2 });
  }
  const tenantId = settings['kuflow.api.tenant-id']?.value;
  const caFile = settings['kuflow.api.ca']?.value;
  return {
    endpoint,
    credentials: { clientId, clientSecret },
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(caFile === undefined ? {} : { ca: await readAuthorities(caFile) }),
    proxy: decideProxy({ url: endpoint, env }),
    env,
  };
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KnownError({
      message: 'The file of certificate authorities cannot be read',
      tried: file,
      seen: codeOf(error) ?? 'unknown error',
      cause: error,
    });
  }
}
