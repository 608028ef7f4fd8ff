import type { CredentialSet } from '../set.ts';
import type { SetPaths } from '../store/layout.ts';

const PARTS = [
  ['CERT', 'CLIENT_CERT', 'cert'],
  ['KEY', 'CLIENT_KEY', 'key'],
  ['CA', 'SERVER_CA_CERT', 'ca'],
] as const;

/**
 * The variables that a worker, Temporal's command and its SDKs read, as they name them, secrets in clear; undefined for those that would
 * contradict the others. `TEMPORAL_TLS` is not among them: with some versions of Temporal's SDK it turns TLS off. No client id: beside a
 * secret from elsewhere it would be a mixture. With `paths` they name the files of the set instead of holding their content.
 */
export function credentialEnvironment(
  set: CredentialSet,
  paths?: SetPaths,
): Readonly<Record<string, string | undefined>> {
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
    ...(set.token !== undefined && { TEMPORAL_API_KEY: set.token.value.reveal() }),
  };
}
