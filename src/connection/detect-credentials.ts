import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configFolder } from '../base/user-folders.ts';
import { readDefaultProfileName } from '../profiles/file.ts';
import { APPLICATION_FILES } from '../settings/keys.ts';
import type { ConnectionContext } from './resolve-connection.ts';

/** A place on this machine that may have a client ID and secret. */
export interface DetectedCredentials {
  readonly kind: 'environment' | 'profile' | 'file';
  /** `the environment`, or the name of the profile or file. */
  readonly name: string;
}

type Place = Pick<ConnectionContext, 'env' | 'cwd'>;

/** Places that may have a client ID and secret, in order of precedence. Files are not opened. */
export function detectCredentials({ env, cwd }: Place): readonly DetectedCredentials[] {
  const set = (variable: string): string => env[variable]?.trim() ?? '';
  const named = set('KUFLOW_PROFILE');
  const stored = named === '' ? readDefaultProfileName(configFolder(env)) : undefined;
  const files = APPLICATION_FILES.filter((name) => existsSync(join(cwd, name)));
  return [
    ...(set('KUFLOW_API_CLIENTID') === '' ? [] : [{ kind: 'environment', name: 'the environment' } as const]),
    ...(named === '' ? [] : [{ kind: 'profile', name: named } as const]),
    ...files.map((name) => ({ kind: 'file', name }) as const),
    ...(stored === undefined ? [] : [{ kind: 'profile', name: stored } as const]),
  ];
}

/** The place whose client ID and secret would be used. A file counts only if it has one of the two, valid or not. */
export async function findDetectedCredentials(context: Place): Promise<DetectedCredentials | undefined> {
  const places = detectCredentials(context);
  const file = places.some(({ kind }) => kind === 'file') ? await findCredentialsFile(context.cwd) : undefined;
  return places.flatMap((place) => (place.kind === 'file' ? (file ?? []) : place))[0];
}

async function findCredentialsFile(cwd: string): Promise<DetectedCredentials | undefined> {
  const { resolveSettings } = await import('../settings/precedence.ts');
  const { settings, problems } = await resolveSettings({ env: {}, files: { dir: cwd } });
  const keys = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;
  const valid = keys.flatMap((key) => settings[key]?.source ?? []);
  const invalid = problems.flatMap(({ key, code, source }) =>
    keys.some((one) => one === key) && code === 'invalid' && source !== undefined ? [source] : [],
  );
  const path = [...valid, ...invalid].map(({ file }) => file).find((file) => file !== undefined);
  return path === undefined ? undefined : { kind: 'file', name: basename(path) };
}
