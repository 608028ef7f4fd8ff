import { isAbsolute } from 'node:path';
import { usageError } from '../../../base/errors.ts';
import { isRecord } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';
import { textFile } from '../../../files/text-file.ts';
import { editToml, tomlData, tomlText, type TomlData } from '../../../files/toml-edit.ts';

const HEADER = "# Profiles of Temporal's command and SDKs.";

/**
 * The text of a Temporal configuration file with the set as its profile: paths of the certificate's files, never their content, so that no private key
 * stands in it; a token where the set has one. Throws a KnownError, also when no paths are given or they are not absolute, since Temporal takes
 * them from the current folder.
 */
export function formatTemporalToml({ set, existing, name, paths, profile }: FormatInput): Formatted {
  if (paths === undefined || ![paths.ca, paths.cert, paths.key].every((path) => isAbsolute(path)))
    throw usageError(
      'A Temporal configuration file names the files of the certificate, so these have to exist by absolute paths',
    );
  if (profile === '') throw usageError('The name of the profile is empty');
  const { mark, text, lineEnd } = textFile(existing);
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
  const edits = [...values].map(([key, value]) => ({ path: [...at, ...key.split('.')], value }));
  const old = tomlData(text, name);
  const keyOf = (path: readonly string[]): string => path.join('.');
  const said = edits.map(({ path }) => [keyOf(path), tomlText(old, path)] as const);
  const before = new Map(said.filter((entry): entry is [string, string] => entry[1] !== undefined));
  const start = existing === undefined ? `${HEADER}\n` : text;
  const now = editToml(start, edits, name, lineEnd);
  const wanted = new Map(edits.map(({ path, value }) => [keyOf(path), value]));
  return {
    text: new Secret(mark + now),
    changes: listKeyChanges(before, wanted),
    notes: notesOf(old, at, set.token !== undefined),
  };
}

function notesOf(data: TomlData, at: readonly string[], withToken: boolean): readonly string[] {
  const found = at.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), data);
  const profile = isRecord(found) ? found : {};
  const { tls, grpc_meta: meta } = profile;
  const notes: string[] = [];
  if (isRecord(tls) && tls['disabled'] === true)
    notes.push(`${at.join('.')}.tls.disabled is true, so the certificate is not used: remove it`);
  if (withToken && isRecord(meta) && Object.keys(meta).some((key) => key.toLowerCase() === 'authorization'))
    notes.push(`${at.join('.')}.grpc_meta holds an authorization of its own beside api_key: remove one of them`);
  if (!withToken && typeof profile['api_key'] === 'string')
    notes.push(`${at.join('.')}.api_key is as it was: a token is only renewed with --with-token`);
  return notes;
}
