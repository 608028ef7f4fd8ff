import { isAbsolute } from 'node:path';
import { usageError } from '../../../base/errors.ts';
import { isRecord, textAtPath } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { editToml, parseTomlTable, type TomlData } from '../../../files/toml-edit.ts';

const HEADER = '# Profiles of the Temporal CLI and SDKs.';

/**
 * The text of a Temporal configuration file with the set as a profile: the paths of the certificate's files, never
 * their content, so that the file never contains a private key; also the token of the set, if it has one. Throws a
 * KnownError, also for missing and for relative paths, which Temporal would resolve against the current folder.
 */
export function formatTemporalToml({ set, existing, name, paths, profile }: FormatInput): Formatted {
  if (paths === undefined || ![paths.ca, paths.cert, paths.key].every((path) => isAbsolute(path)))
    throw usageError('A Temporal configuration file needs absolute paths of the certificate files');
  if (profile === '') throw usageError('The profile name is empty');
  const { mark, text, lineEnd } = splitTextFile(existing);
  const at = ['profile', profile] as const;
  const values = new Map<string, string | undefined>([
    ['address', set.target],
    ['namespace', set.namespace],
    ...(set.token === undefined ? [] : [['api_key', set.token.value.reveal()] as const]),
    ['tls.server_ca_cert_path', paths.ca],
    ['tls.client_cert_path', paths.cert],
    ['tls.client_key_path', paths.key],
    ['tls.server_name', set.serverName],
    ['tls.server_ca_cert_data', undefined],
    ['tls.client_cert_data', undefined],
    ['tls.client_key_data', undefined],
  ]);
  const pathOf = (key: string): readonly string[] => [...at, ...key.split('.')];
  const edits = [...values].map(([key, value]) => ({ path: pathOf(key), value }));
  const old = parseTomlTable(text, name);
  const changes = listKeyChanges(values, (key) => textAtPath(old, pathOf(key)));
  const start = existing === undefined ? `${HEADER}\n` : text;
  const edited = editToml(start, edits, name, lineEnd);
  return {
    text: new Secret(mark + edited),
    changes: changes.map(({ kind, key }) => ({ kind, key: pathOf(key).join('.') })),
    notes: listNotes(old, at, set.token !== undefined),
  };
}

function listNotes(data: TomlData, at: readonly string[], withToken: boolean): readonly string[] {
  const value = at.reduce<unknown>((parent, key) => (isRecord(parent) ? parent[key] : undefined), data);
  const profile = isRecord(value) ? value : {};
  const { tls, grpc_meta: meta } = profile;
  const notes: string[] = [];
  if (isRecord(tls) && tls['disabled'] === true)
    notes.push(`${at.join('.')}.tls.disabled is true, so the certificate is not used. Remove that line`);
  if (withToken && isRecord(meta) && Object.keys(meta).some((key) => key.toLowerCase() === 'authorization'))
    notes.push(`${at.join('.')}.grpc_meta sets an authorization in addition to api_key. Remove one of them`);
  if (!withToken && typeof profile['api_key'] === 'string')
    notes.push(`${at.join('.')}.api_key is unchanged; add --with-token to renew the token`);
  return notes;
}
