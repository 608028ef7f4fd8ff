import type { Clock } from '../../base/clock.ts';
import { KnownError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import {
  requireConnection,
  requireConnectionSettings,
  resolveConnection,
  type ConnectionContext,
} from '../../connection/resolve-connection.ts';
import { createKuFlowClient, type KuFlowClient } from '../../kuflow/client.ts';
import { connectionAsEnvironment, type ResolvedSettings } from '../../settings/precedence.ts';
import type { IssuedMaterial, IssuedToken } from '../../diagnostics/input.ts';
import type { EngineScope } from './credential-set.ts';

const REST_MS = 30_000;

/** Requests certificates and tokens from KuFlow with the resolved credentials. */
export type CredentialClient = Awaited<ReturnType<typeof openCredentialClient>>;

export interface CredentialsFlags extends ConnectionFlags {
  readonly json?: boolean;
  readonly local?: boolean;
  readonly debug?: boolean;
}

export interface CredentialContext extends ConnectionContext {
  readonly flags: CredentialsFlags;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds for one request to KuFlow including retries; 30,000 by default. */
  readonly restMs?: number | undefined;
}

export const WORKER_SETTINGS = ['temporal.kuflow-queue', 'worker.'];
/** Settings that requests to KuFlow do not need, and that most of these commands are meant to fix. */
const UNNEEDED_SETTINGS = ['temporal.mutual-tls', 'temporal.namespace', ...WORKER_SETTINGS];

/**
 * Resolves the settings. The client secret is read by the first request, because that may open a keychain. Rejects with
 * a KnownError that lists missing and invalid settings, except those in `unneeded` (names or prefixes). Close the client
 * after use.
 */
export async function openCredentialClient(
  context: CredentialContext,
  unneeded: readonly string[] = UNNEEDED_SETTINGS,
) {
  const connection = await resolveConnection(context.flags, context);
  const settings = requireConnectionSettings(connection, unneeded);
  const connect = async () => {
    const complete = await requireConnection(connection, unneeded);
    const { restMs: timeoutMs = REST_MS, clock, signal } = context;
    const client = createKuFlowClient({ ...(await complete.rest()), timeoutMs, clock, signal });
    return { client, settings: complete.settings };
  };
  let opening: ReturnType<typeof connect> | undefined;
  const open = () => (opening ??= connect());
  return {
    scope: engineScope(settings),
    /** Without the secret if it has not been read yet. */
    settings,
    warnings: connection.warnings,
    /** The settings of the REST API as environment variables, with the secret. */
    environment: async () => connectionAsEnvironment((await open()).settings),
    requestMaterial: async () => requestCertificate((await open()).client),
    requestToken: async () => requestToken((await open()).client),
    // The caller of `open` already got the error if opening failed.
    close: async () => (await opening?.catch(() => undefined))?.client.close(),
  };
}

export function engineScope(settings: ResolvedSettings): EngineScope {
  return {
    endpoint: settings['kuflow.api.endpoint']?.value ?? '',
    principal: settings['kuflow.api.client-id']?.value ?? '',
    tenantId: settings['kuflow.api.tenant-id']?.value,
    target: settings['temporal.target']?.value ?? '',
    serverName: settings['temporal.mutual-tls.server-name']?.value,
  };
}

async function requestCertificate(client: KuFlowClient): Promise<IssuedMaterial> {
  const { engineCertificate: issued } = await client.createAuthentication({ type: 'ENGINE_CERTIFICATE' });
  if (issued === undefined) throw incompleteAnswerError('engine certificate', client);
  const { clientCertificate: cert, clientPrivateKey: key, serverRootCaCertificate: ca } = issued.tls;
  return { namespace: issued.namespace, text: { cert, key, ca } };
}

async function requestToken(client: KuFlowClient): Promise<IssuedToken> {
  const { engineToken: issued } = await client.createAuthentication({ type: 'ENGINE_TOKEN' });
  if (issued === undefined) throw incompleteAnswerError('engine token', client);
  return { token: new Secret(issued.token), expiredAt: issued.expiredAt };
}

function incompleteAnswerError(what: string, client: KuFlowClient): KnownError {
  return new KnownError({
    message: `KuFlow's response does not contain an ${what}`,
    tried: `POST ${client.endpoint}/authentications`,
    next: ['Check that the endpoint is a KuFlow API, then try again'],
  });
}
