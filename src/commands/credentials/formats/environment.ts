import type { CredentialSet } from '../credential-set.ts';
import type { SetPaths } from '../store/sets.ts';
import type { Environment } from '../../../settings/environment.ts';

const PARTS = [
  ['CERT', 'CLIENT_CERT', 'cert'],
  ['KEY', 'CLIENT_KEY', 'key'],
  ['CA', 'SERVER_CA_CERT', 'ca'],
] as const;

/**
 * The variables that a worker, the Temporal CLI and the Temporal SDKs read, with secrets in clear text; undefined for
 * variables that would contradict the others. With `paths` they contain the paths of the set's files instead of their
 * content.
 *
 * `TEMPORAL_TLS` is never set, because some versions of the Temporal SDK turn TLS off when they see it. The client ID
 * is not set either, because it must come from the same source as the client secret.
 */
export function credentialEnvironment(set: CredentialSet, paths?: SetPaths): Environment {
  const data = { cert: set.certificate, key: set.privateKey.reveal(), ca: set.authorities };
  const worker = PARTS.flatMap(([name, , part]) => [
    [`TEMPORAL_MUTUALTLS_${name}`, paths?.[part]] as const,
    [`TEMPORAL_MUTUALTLS_${name}DATA`, paths === undefined ? data[part] : undefined] as const,
  ]);
  const temporal = PARTS.flatMap(([, name, part]) => [
    [`TEMPORAL_TLS_${name}_PATH`, paths?.[part]] as const,
    [`TEMPORAL_TLS_${name}_DATA`, paths === undefined ? data[part] : undefined] as const,
  ]);
  return {
    TEMPORAL_TARGET: set.target,
    TEMPORAL_NAMESPACE: set.namespace,
    ...Object.fromEntries(worker),
    TEMPORAL_MUTUALTLS_SERVERNAME: set.serverName,
    TEMPORAL_ADDRESS: set.target,
    ...Object.fromEntries(temporal),
    TEMPORAL_TLS_SERVER_NAME: set.serverName,
    // Absent without a token, so that a token in an existing file is not removed.
    ...(set.token !== undefined && { TEMPORAL_API_KEY: set.token.value.reveal() }),
  };
}
