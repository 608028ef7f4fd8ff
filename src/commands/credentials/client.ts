import type { Clock } from '../../base/clock.ts';
import { KnownError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { RestCredentials } from './child-environment.ts';
import type { EngineScope } from './material/make-set.ts';
import type { UnverifiedMaterial, UnverifiedToken } from './material.ts';
import type { KuFlowClient } from '../../kuflow/client.ts';
import { connectToKuFlow } from '../../connection/client.ts';
import type { ResolvedSettings } from '../../settings/resolve.ts';
import { resolveConnection, type ConnectionContext } from '../../connection/resolve.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { requireConnection, requireConnectionSettings, type Connection } from '../../connection/require.ts';

const REST_MS = 30_000;

/** KuFlow as these commands use it: whose credentials, and what is asked for. The client secret is read, where that opens a keychain, by the first call. */
export interface CredentialClient {
  readonly place: EngineScope;
  /** All but the secret, which may not have been read. */
  readonly settings: ResolvedSettings;
  readonly warnings: readonly string[];
  readonly restCredentials: () => Promise<RestCredentials>;
  readonly requestMaterial: () => Promise<UnverifiedMaterial>;
  readonly requestToken: () => Promise<UnverifiedToken>;
  close(): Promise<void>;
}

export interface CredentialContext extends ConnectionContext {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds for one request to KuFlow, its tries included; 30,000 by default. */
  readonly restMs?: number;
}

/** Settings that only a worker needs. */
export const WORKER_SETTINGS = ['temporal.kuflow-queue', 'worker.'];
/** Settings that don't matter for asking KuFlow, and which most of these commands are there to put right. */
const SET_HERE = ['temporal.mutual-tls', 'temporal.namespace', ...WORKER_SETTINGS];

/**
 * Resolves the settings; rejects with a KnownError that lists what is missing or wrong, `unneeded` settings aside (names, or how they begin).
 * Close it when done.
 */
export async function openCredentialClient(
  flags: ConnectionFlags,
  world: CredentialContext,
  unneeded: readonly string[] = SET_HERE,
): Promise<CredentialClient> {
  const connection = await resolveConnection(flags, world);
  const options = { ignore: unneeded };
  const settings = requireConnectionSettings(connection, options);
  let opening: Promise<OpenedRest> | undefined;
  const opened = (): Promise<OpenedRest> =>
    (opening ??= requireConnection(connection, options).then((complete) => openRest(complete, world)));
  return {
    place: placeOf(settings),
    settings,
    warnings: connection.warnings,
    restCredentials: async () => (await opened()).rest,
    requestMaterial: async () => certificateOf((await opened()).client),
    requestToken: async () => tokenOf((await opened()).client),
    // One that could not be opened was said to whoever asked.
    close: async () => (await opening?.catch(() => undefined))?.client.close(),
  };
}

function placeOf(settings: ResolvedSettings): EngineScope {
  const tenantId = settings['kuflow.api.tenant-id']?.value;
  const serverName = settings['temporal.mutual-tls.server-name']?.value;
  return {
    endpoint: settings['kuflow.api.endpoint']?.value ?? '',
    principal: settings['kuflow.api.client-id']?.value ?? '',
    ...(tenantId !== undefined && { tenantId }),
    target: settings['temporal.target']?.value ?? '',
    ...(serverName !== undefined && { serverName }),
  };
}

interface OpenedRest {
  readonly client: KuFlowClient;
  readonly rest: RestCredentials;
}

async function openRest({ settings, rest }: Connection, world: CredentialContext): Promise<OpenedRest> {
  const connection = await rest();
  const { endpoint, credentials, tenantId } = connection;
  const caFile = settings['kuflow.api.ca']?.value;
  return {
    client: connectToKuFlow(connection, {
      timeoutMs: world.restMs ?? REST_MS,
      clock: world.clock,
      signal: world.signal,
    }),
    rest: {
      endpoint,
      ...credentials,
      ...(tenantId !== undefined && { tenantId }),
      ...(caFile !== undefined && { caFile }),
    },
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
