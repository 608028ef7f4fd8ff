import type { Secret } from '../base/secret.ts';
import type { CredentialSet } from './credential-set.ts';
import { environmentOf } from './formats/environment.ts';
import type { SetPaths } from './formats/formatted.ts';

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
  /^(TEMPORAL_TLS(_.*)?|TEMPORAL_MUTUALTLS_.*|TEMPORAL_(PROFILE|ENV|API_KEY)|TEMPORAL_GRPC_META_AUTHORIZATION|KUFLOW_API_.*)$/i;

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
    ...environmentOf(set, paths),
  };
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(Object.entries(ours).filter(([, value]) => value !== undefined)),
  };
}
