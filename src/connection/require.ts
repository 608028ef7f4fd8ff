import { cliInvocation } from '../base/cli-invocation.ts';
import type { Secret } from '../base/secret.ts';
import { decideProxy, type ProxyDecision } from '../network/proxy.ts';
import { CLIENT_ID } from '../settings/keys.ts';
import { requireSettings, type ResolvedSettings } from '../settings/precedence.ts';
import { readPemFile } from './certificate.ts';
import { CORRECT_AND_RETRY } from './flags.ts';
import type { ConnectionSettings } from './resolve.ts';
import type { Environment } from '../settings/environment.ts';

/** One step of advice, without a period. */
export const WHERE_CREDENTIALS_ARE = 'Find the client ID and secret in the KuFlow app: Settings > Applications';

/** A connection whose settings are complete and valid. */
export type Connection = Awaited<ReturnType<typeof requireConnection>>;

export interface RestConnection {
  readonly endpoint: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: Secret };
  readonly tenantId?: string | undefined;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly proxy: ProxyDecision;
  readonly env: Environment;
}

/**
 * The connection, with the keychain opened if the client secret is there. Rejects with one KnownError that lists every problem, except those of
 * keys that start with a text of `ignore`: the command is about to set them, or does not use them.
 */
export async function requireConnection(connection: ConnectionSettings, ignore: readonly string[] = []) {
  // Other problems are reported before a person is asked to unlock a keychain.
  requireConnectionSettings(connection, ignore);
  const settings = requireConnectionSettings(await connection.unlock(), ignore);
  const { env } = connection.context;
  return {
    settings,
    warnings: connection.warnings,
    /** Reads the CA file and decides on the proxy. Rejects with a KnownError when either fails. */
    rest: () => restConnection(settings, env),
  };
}

/** The settings, without the client secret while it is locked. Throws a KnownError that lists every problem. */
export function requireConnectionSettings(
  { result, context }: ConnectionSettings,
  ignore: readonly string[] = [],
): ResolvedSettings {
  const problems = result.problems.filter(({ key }) => !ignore.some((start) => key.startsWith(start)));
  const isMissing = problems.some(({ code }) => code === 'missing' || code === 'placeholder');
  const isHalf = problems.some(({ code, source }) => code === 'missing' && source !== undefined);
  const next = isMissing
    ? [
        WHERE_CREDENTIALS_ARE,
        // A stored profile would not be used while another source has one of the two.
        ...(isHalf ? [] : [`Store the credentials once: ${cliInvocation(context.cwd)} login`]),
        `${isHalf ? 'Pass' : 'Or pass'} --client-id with --client-secret-file or --client-secret-stdin`,
      ]
    : [...(problems.some(({ key }) => key === CLIENT_ID) ? [WHERE_CREDENTIALS_ARE] : []), CORRECT_AND_RETRY];
  return requireSettings({ ...result, problems }, next);
}

async function restConnection(settings: ResolvedSettings, env: Environment): Promise<RestConnection> {
  const endpoint = settings['kuflow.api.endpoint']?.value;
  const clientId = settings['kuflow.api.client-id']?.value;
  const clientSecret = settings['kuflow.api.client-secret']?.value;
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined)
    throw new Error('required settings are missing after they were checked');
  const caFile = settings['kuflow.api.ca']?.value;
  return {
    endpoint,
    credentials: { clientId, clientSecret },
    tenantId: settings['kuflow.api.tenant-id']?.value,
    ca: caFile === undefined ? undefined : await readPemFile('The CA of the REST API', caFile),
    proxy: decideProxy({ url: endpoint, env }),
    env,
  };
}
