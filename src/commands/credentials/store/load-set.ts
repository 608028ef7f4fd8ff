import { join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { CredentialSet } from '../set.ts';
import type { SetPaths } from './layout.ts';
import { createCredentialSet, type EngineScope } from '../material/make-set.ts';
import { verifyMaterial } from '../material.ts';
import { SET_FILES, storeLayout } from './layout.ts';
import type { SetRecord } from './set-record.ts';
import { withContext } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { readSet } from './sets.ts';

export interface LoadedSet {
  readonly set: CredentialSet;
  readonly paths: SetPaths;
}

/**
 * The set of a record as it stands in the store of a project, verified anew; `withToken` with the token beside it. `now` in milliseconds since
 * the epoch. Rejects with a KnownError.
 */
export async function loadSet(
  files: StoreFiles,
  project: string,
  record: SetRecord,
  place: EngineScope,
  options: { readonly withToken: boolean; readonly now: number },
): Promise<LoadedSet> {
  const layout = storeLayout(project);
  const {
    folder,
    text,
    token: value,
    problems,
  } = await withContext('Reading the credentials here', layout.store, () => readSet(files, layout, record.id));
  const verdict = verifyMaterial({ namespace: record.namespace, text }, options.now);
  const wrong = [
    ...problems.map((problem) => problem.text),
    ...(verdict.ok ? [] : verdict.problems.map(({ message }) => message)),
  ];
  if (!verdict.ok || wrong.length > 0)
    throw new KnownError({ message: 'The credentials here can not be used', tried: folder, seen: wrong.join('; ') });
  const { tokenExpiresAt, renewBefore } = record;
  const token =
    options.withToken && value !== undefined && tokenExpiresAt !== undefined
      ? { value, expiresAt: tokenExpiresAt }
      : undefined;
  const paths = {
    cert: join(folder, SET_FILES.cert),
    key: join(folder, SET_FILES.key),
    ca: join(folder, SET_FILES.ca),
  };
  return { set: { ...createCredentialSet(place, verdict.verified, token), renewBefore }, paths };
}
