import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Secret } from '../../base/secret.ts';
import type { CredentialSet } from './set.ts';
import { credentialEnvironment } from './formats/environment.ts';
import type { SetPaths } from './store/layout.ts';

/** Credentials for KuFlow's REST API, as settings have them. */
export interface RestCredentials {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly tenantId?: string;
  /** Absolute path of a PEM file. */
  readonly caFile?: string;
}

/** Names that would contradict ours, or win over them, where they were left in a caller's environment. */
const IN_THE_WAY =
  /^(TEMPORAL_TLS(_.*)?|TEMPORAL_MUTUALTLS_.*|TEMPORAL_(CONFIG_FILE|PROFILE|ENV|ENV_FILE|API_KEY)|TEMPORAL_GRPC_META_AUTHORIZATION|KUFLOW_API_.*)$/i;

/**
 * The environment of one command: the caller's, with the credentials under the names that KuFlow's workers and Temporal's tools read. With
 * `paths` certificate and key stay in their files; without, they are in the environment themselves.
 */
export function childEnvironment(
  base: NodeJS.ProcessEnv,
  rest: RestCredentials,
  set: CredentialSet,
  paths?: SetPaths,
): NodeJS.ProcessEnv {
  const kept = Object.entries(base).filter(([name]) => !IN_THE_WAY.test(name));
  const ours: Readonly<Record<string, string | undefined>> = {
    KUFLOW_API_ENDPOINT: rest.endpoint,
    KUFLOW_API_CLIENTID: rest.clientId,
    KUFLOW_API_CLIENTSECRET: rest.clientSecret.reveal(),
    KUFLOW_API_TENANTID: rest.tenantId,
    KUFLOW_API_CA: rest.caFile,
    ...credentialEnvironment(set, paths),
    TEMPORAL_CONFIG_FILE: noConfigFile('temporal.toml'),
    // What Temporal's command says of itself; 1.9.1 looks only in the home folder, which is not ours to move.
    TEMPORAL_ENV_FILE: noConfigFile('temporal.yaml'),
  };
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(Object.entries(ours).filter(([, value]) => value !== undefined)),
  };
}

/**
 * A file that is not there, which Temporal's tools take for an empty one. Else the default profile of the user's own lies under these variables:
 * its `tls.disabled` sends the token in clear, its paths contradict our PEM. Its name can't be foreseen, so that nobody puts a file there.
 */
function noConfigFile(name: string): string {
  return resolve(tmpdir(), `no-temporal-config-${randomUUID()}`, name);
}
