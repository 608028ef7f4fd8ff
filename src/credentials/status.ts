import { join } from 'node:path';
import type { CertificateFacts, CredentialScope } from './credential-set.ts';
import { judgeSet, type Stale } from './judge.ts';
import { storeLayout } from './store/layout.ts';
import { readPointers } from './store/pointers.ts';
import { doing } from './store/store-error.ts';
import type { StoreFiles } from './store/store-files.ts';
import { listSets, readSet } from './store/store.ts';

/** The set that the settings point to, as it stands on the disk. Times are milliseconds since the epoch. */
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
  readonly stale: readonly Stale[];
}

export type StoreStatus =
  | { readonly kind: 'none' | 'inline'; readonly source?: string; readonly others: readonly string[] }
  | { readonly kind: 'other'; readonly source: string; readonly others: readonly string[] }
  | { readonly kind: 'set'; readonly set: SetStatus; readonly others: readonly string[] };

/** What is in use in a project, without a network: the disk against the lock file against the settings. */
export async function storeStatus(request: {
  readonly project: string;
  readonly wanted: CredentialScope;
  readonly files: StoreFiles;
  readonly now: number;
}): Promise<StoreStatus> {
  const { files, wanted, now } = request;
  const layout = storeLayout(request.project);
  return await doing('Looking at the credentials here', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const ids = await listSets(files, layout);
    if (pointers.inline !== undefined) return { kind: 'inline', source: pointers.inline, others: ids };
    if (pointers.to.kind !== 'set') return { ...pointers.to, others: ids };
    const { id } = pointers.to;
    const namespace = pointers.namespace;
    const judged = judgeSet(
      await readSet(files, layout, id),
      { ...wanted, ...(namespace !== undefined && { namespace }) },
      now,
    );
    const { record, verified, renewBefore, stale } = judged;
    const certificate = verified?.leaf ?? record?.certificate;
    const set: SetStatus = {
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
      ...(renewBefore !== undefined && { renewBefore }),
      stale,
    };
    return { kind: 'set', set, others: ids.filter((other) => other !== id) };
  });
}
