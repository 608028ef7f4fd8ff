import { join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { TlsMaterialText } from '../../../engine/material/tls-material.ts';
import type { CertificateFacts, CredentialScope } from '../set.ts';
import type { SetPaths } from './layout.ts';
import { assessCertificate, assessSet, type Staleness } from './assess.ts';
import { SET_FILES, setIdFromPath, storeLayout, type StoreLayout } from './layout.ts';
import { readPointers } from './pointers.ts';
import { withContext } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { listSets, readSet } from './sets.ts';

/** A certificate that the settings give, as a worker takes it. */
export interface ConfiguredCertificate {
  readonly source: string;
  /** Absolute; absent for one that stands inline. */
  readonly paths?: SetPaths;
  /** Rejects with a KnownError for a file that can't be read. */
  readonly read: () => Promise<TlsMaterialText>;
}

/**
 * What the settings say as they resolve. `requested`: nothing, so that a worker asks KuFlow. `unusable`: something that is no whole certificate;
 * `overridden` when a flag or a variable says it, and not the application files alone.
 */
export type UsedMaterial =
  | { readonly kind: 'requested' }
  | { readonly kind: 'unusable'; readonly overridden: boolean }
  | ({ readonly kind: 'given' } & ConfiguredCertificate);

/** A set of the store as it stands on the disk. Times are milliseconds since the epoch. */
export interface SetStatus {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  readonly namespace?: string;
  readonly certificate?: CertificateFacts;
  readonly renewBefore?: number;
  readonly pulledAt?: number;
  readonly tokenExpiresAt?: number;
  readonly provenByEngine?: boolean;
  readonly previous?: string;
  /** Everything that speaks against it. */
  readonly stale: readonly Staleness[];
}

/** A certificate that no run of ours wrote: there is nothing to compare it with. */
export interface ForeignStatus {
  readonly source: string;
  readonly certificate?: CertificateFacts;
  readonly renewBefore?: number;
  /** Everything that speaks against it. */
  readonly stale: readonly Staleness[];
}

export type StoreStatus = (
  | { readonly kind: 'none' | 'unusable' }
  | ({ readonly kind: 'inline' | 'other' } & ForeignStatus)
  | { readonly kind: 'set'; readonly set: SetStatus }
) & {
  /** The set that the application files point to, when something stands over them. */
  readonly shadows?: { readonly id: string; readonly folder: string };
  /** Ids of the sets that are not in use. */
  readonly others: readonly string[];
};

export interface StatusRequest {
  /** Absolute. */
  readonly project: string;
  readonly used: UsedMaterial;
  /** Of the settings, like the namespace. */
  readonly wanted: CredentialScope & { readonly namespace?: string };
  readonly files: StoreFiles;
  readonly now: number;
}

/** The certificate that is in use in a project, without a network; a set of the store against its lock file and against the settings. */
export async function storeStatus(request: StatusRequest): Promise<StoreStatus> {
  const { files, used } = request;
  const layout = storeLayout(request.project);
  return await withContext('Looking at the credentials here', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const pointed = pointers.to.kind === 'set' ? pointers.to.id : undefined;
    const ids = await listSets(files, layout);
    const id = used.kind === 'given' ? setOf(layout, used.paths) : isOverridden(used) ? undefined : pointed;
    const about = {
      ...(pointed !== undefined && pointed !== id && { shadows: { id: pointed, folder: join(layout.store, pointed) } }),
      others: ids.filter((other) => other !== id),
    };
    if (id !== undefined) return { kind: 'set', set: await setStatus(request, layout, id), ...about };
    if (used.kind !== 'given') return { kind: used.kind === 'requested' ? 'none' : 'unusable', ...about };
    return { kind: used.paths === undefined ? 'inline' : 'other', ...(await foreignStatus(used, request)), ...about };
  });
}

function isOverridden(used: UsedMaterial): boolean {
  return used.kind === 'unusable' && used.overridden;
}

/** The set whose files these are. */
function setOf(layout: StoreLayout, paths: SetPaths | undefined): string | undefined {
  if (paths === undefined) return undefined;
  const ids = (['cert', 'key', 'ca'] as const).map((part) => setIdFromPath(layout, paths[part], SET_FILES[part]));
  return new Set(ids).size === 1 ? ids[0] : undefined;
}

async function setStatus({ files, wanted, now }: StatusRequest, layout: StoreLayout, id: string): Promise<SetStatus> {
  const judged = assessSet(await readSet(files, layout, id), wanted, now);
  const { record, verified, stale } = judged;
  const certificate = verified?.leaf ?? record?.certificate;
  return {
    id,
    folder: join(layout.store, id),
    ...(record && {
      namespace: record.namespace,
      pulledAt: record.pulledAt,
      provenByEngine: record.proven,
      ...(record.tokenExpiresAt !== undefined && { tokenExpiresAt: record.tokenExpiresAt }),
      ...(record.previous !== undefined && { previous: record.previous }),
    }),
    ...(certificate && { certificate }),
    ...(judged.renewBefore !== undefined && { renewBefore: judged.renewBefore }),
    stale,
  };
}

async function foreignStatus(
  { source, read }: ConfiguredCertificate,
  { wanted, now }: StatusRequest,
): Promise<ForeignStatus> {
  try {
    return { source, ...assessCertificate({ namespace: wanted.namespace, text: await read() }, now) };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const { message, tried, seen } = error;
    return { source, stale: [{ reason: 'files', text: `${message}: ${[tried, seen].filter(Boolean).join(', ')}` }] };
  }
}
