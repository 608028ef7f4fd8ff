import { join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { ConfiguredCertificate } from '../material.ts';
import type { CredentialScope } from '../set.ts';
import { assessCertificate, assessSet, type CertificateAssessment } from './assess.ts';
import { SET_FILES, setIdFromPath, storeLayout, type SetPaths, type StoreLayout } from './layout.ts';
import { readPointers } from './pointers.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import { listSets, readSet, type SetRecord } from './sets.ts';

/**
 * The certificate in the resolved settings. `requested`: there is no certificate, so a worker requests one from KuFlow.
 * `unusable`: the certificate is incomplete; `overridden` if part of it comes from a flag or a variable and not from
 * the application files.
 */
export type UsedMaterial =
  | { readonly kind: 'requested' }
  | { readonly kind: 'unusable'; readonly overridden: boolean }
  | ({ readonly kind: 'given' } & ConfiguredCertificate);

/** A set as found in the store. Times are in ISO 8601. */
export interface SetStatus extends CertificateAssessment {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  readonly namespace?: string | undefined;
  readonly pulledAt?: string | undefined;
  readonly token?: SetRecord['token'];
  readonly provenByEngine?: boolean | undefined;
  readonly previous?: string | undefined;
}

/** A certificate that was not pulled by this tool: there is no lock file to compare it with. */
export interface ForeignStatus extends CertificateAssessment {
  readonly source: string;
}

export type StoreStatus = (
  | { readonly kind: 'none' | 'unusable' }
  | ({ readonly kind: 'inline' | 'other' } & ForeignStatus)
  | { readonly kind: 'set'; readonly set: SetStatus }
) & {
  /** The set that the application files point to, if something else overrides it. */
  readonly shadows?: { readonly id: string; readonly folder: string };
  /** Ids of the sets that are not in use. */
  readonly others: readonly string[];
};

export interface StatusRequest {
  /** Absolute. */
  readonly project: string;
  readonly used: UsedMaterial;
  /** Scope and namespace in the settings. */
  readonly wanted: CredentialScope & { readonly namespace?: string | undefined };
  readonly files: FileSystem;
  readonly now: number;
}

/**
 * The certificate in use in a project, checked offline. A set in the store is compared with its lock file and with the
 * settings.
 */
export async function storeStatus(request: StatusRequest): Promise<StoreStatus> {
  const { files, used } = request;
  const layout = storeLayout(request.project);
  return await withContext('Reading the stored credentials', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const pointedTo = pointers.to.kind === 'set' ? pointers.to.id : undefined;
    const ids = await listSets(files, layout);
    const id = used.kind === 'given' ? findSetId(layout, used.paths) : isOverridden(used) ? undefined : pointedTo;
    const rest = {
      ...(pointedTo !== undefined &&
        pointedTo !== id && { shadows: { id: pointedTo, folder: join(layout.store, pointedTo) } }),
      others: ids.filter((other) => other !== id),
    };
    if (id !== undefined) return { kind: 'set', set: await getSetStatus(request, layout, id), ...rest };
    if (used.kind !== 'given') return { kind: used.kind === 'requested' ? 'none' : 'unusable', ...rest };
    return { kind: used.paths === undefined ? 'inline' : 'other', ...(await getForeignStatus(used, request)), ...rest };
  });
}

function isOverridden(used: UsedMaterial): boolean {
  return used.kind === 'unusable' && used.overridden;
}

/** The id of the set that contains all of these files. */
function findSetId(layout: StoreLayout, paths: SetPaths | undefined): string | undefined {
  if (paths === undefined) return undefined;
  const ids = (['cert', 'key', 'ca'] as const).map((part) => setIdFromPath(layout, paths[part], SET_FILES[part]));
  return new Set(ids).size === 1 ? ids[0] : undefined;
}

async function getSetStatus(
  { files, wanted, now }: StatusRequest,
  layout: StoreLayout,
  id: string,
): Promise<SetStatus> {
  const { record, ...assessment } = assessSet(await readSet(files, layout, id), wanted, now);
  return {
    id,
    folder: join(layout.store, id),
    namespace: record?.namespace,
    pulledAt: record?.pulledAt,
    provenByEngine: record?.proven,
    token: record?.token,
    previous: record?.previous,
    ...assessment,
  };
}

async function getForeignStatus(
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
