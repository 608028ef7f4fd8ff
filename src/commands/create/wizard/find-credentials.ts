import { basename } from 'node:path';
import { credentialsElsewhere, type CallPlace, type FoundCredentials } from '../call.ts';

/** The place that would give client id and secret; a file only when it holds any, which the one of a project that was just made does not. */
export async function findCredentials(place: CallPlace): Promise<FoundCredentials | undefined> {
  const places = credentialsElsewhere(place);
  const file = places.some(({ kind }) => kind === 'file') ? await fileWithCredentials(place.cwd) : undefined;
  return places.flatMap((one) => (one.kind === 'file' ? (file ?? []) : one))[0];
}

async function fileWithCredentials(cwd: string): Promise<FoundCredentials | undefined> {
  const { resolveSettings } = await import('../../../settings/resolve.ts');
  const { settings, problems } = await resolveSettings({ env: {}, files: { dir: cwd } });
  const keys = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;
  const there = keys.flatMap((key) => settings[key]?.source ?? []);
  // A value that won't do is one that somebody wants to be used.
  const wrong = problems.flatMap(({ key, code, source }) =>
    keys.some((one) => one === key) && code === 'invalid' && source !== undefined ? [source] : [],
  );
  const path = [...there, ...wrong].map(({ file }) => file).find((file) => file !== undefined);
  return path === undefined ? undefined : { kind: 'file', name: basename(path) };
}
