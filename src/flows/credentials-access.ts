import type { Clock } from '../base/clock.ts';
import { KnownError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { RestCredentials } from '../credentials/child-environment.ts';
import type { SetPlace } from '../credentials/material/make-set.ts';
import type { UnverifiedMaterial, UnverifiedToken } from '../credentials/material/verify.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import type { ResolvedSettings } from '../settings/resolve.ts';
import { connectionSettings, type ConnectionFlags, type ConnectionWorld } from './connection-flags.ts';
import { restSettings } from './rest-access.ts';

const REST_MS = 30_000;

/** KuFlow as these commands use it: whose credentials, and the two things that are asked for. */
export interface CredentialAccess {
  readonly place: SetPlace;
  readonly rest: RestCredentials;
  readonly settings: ResolvedSettings;
  readonly warnings: readonly string[];
  readonly requestMaterial: () => Promise<UnverifiedMaterial>;
  readonly requestToken: () => Promise<UnverifiedToken>;
  close(): Promise<void>;
}

export interface CredentialWorld extends ConnectionWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds for one request to KuFlow, its tries included; 30,000 by default. */
  readonly restMs?: number;
}

/** Settings that only a worker needs. */
export const OF_WORKER = ['temporal.kuflow-queue', 'worker.'];
/** Settings that don't matter for asking KuFlow, and which most of these commands are there to put right. */
const SET_HERE = ['temporal.mutual-tls', 'temporal.namespace', ...OF_WORKER];

/**
 * Resolves the settings and opens a client; rejects with a KnownError that lists what is missing or wrong, `unneeded` settings aside (names, or
 * how they begin). Close it when done.
 */
export async function openCredentialAccess(
  flags: ConnectionFlags,
  world: CredentialWorld,
  unneeded: readonly string[] = SET_HERE,
): Promise<CredentialAccess> {
  const { settings, warnings } = await connectionSettings(flags, world, unneeded);
  const prepared = await restSettings(settings, world.env);
  const { endpoint, credentials, tenantId } = prepared;
  const client = createKuFlowClient({
    ...prepared,
    timeoutMs: world.restMs ?? REST_MS,
    clock: world.clock,
    signal: world.signal,
  });
  const serverName = settings['temporal.mutual-tls.server-name']?.value;
  const caFile = settings['kuflow.api.ca']?.value;
  return {
    place: {
      endpoint,
      principal: credentials.clientId,
      ...(tenantId !== undefined && { tenantId }),
      target: settings['temporal.target']?.value ?? '',
      ...(serverName !== undefined && { serverName }),
    },
    rest: {
      endpoint,
      ...credentials,
      ...(tenantId !== undefined && { tenantId }),
      ...(caFile !== undefined && { caFile }),
    },
    settings,
    warnings,
    requestMaterial: () => certificateOf(client),
    requestToken: () => tokenOf(client),
    close: () => client.close(),
  };
}

async function certificateOf(client: KuFlowClient): Promise<UnverifiedMaterial> {
  const { engineCertificate: issued } = await client.createAuthentication({ type: 'ENGINE_CERTIFICATE' });
  if (issued === undefined) throw answeredWithout('engine certificate', client);
  const { clientCertificate: cert, clientPrivateKey: key, serverRootCaCertificate: ca } = issued.tls;
  return { namespace: issued.namespace, text: { cert, key, ca } };
}

async function tokenOf(client: KuFlowClient): Promise<UnverifiedToken> {
  const { engineToken: issued } = await client.createAuthentication({ type: 'ENGINE_TOKEN' });
  if (issued === undefined) throw answeredWithout('engine token', client);
  return { token: new Secret(issued.token), expiredAt: issued.expiredAt };
}

function answeredWithout(what: string, client: KuFlowClient): KnownError {
  return new KnownError({
    message: `KuFlow answered without an ${what}`,
    tried: `POST ${client.endpoint}/authentications`,
    next: ['Check that the endpoint is KuFlow, and try again'],
  });
}
