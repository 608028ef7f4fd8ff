import type { TaskKind } from '../process/definition.ts';
import type { KindReason } from './types.ts';
import type { SeenItem } from './lists.ts';

/**
 * The kind of a task by its items. A task that applications own is the work of a system. Every task is created by the worker's
 * application, so where principals can't be listed, an owner that is the creator tells the same.
 */
export function inferTaskKind(
  items: readonly SeenItem[],
  applications: ReadonlySet<string> | undefined,
): { readonly kind: TaskKind; readonly reason: KindReason } {
  const type = items[0]?.type;
  if (type === 'MESSAGE') return { kind: 'message', reason: 'item-type' };
  if (type === 'THREAD') return { kind: 'thread', reason: 'item-type' };
  const owned = items.filter((item) => item.ownerId !== undefined);
  if (owned.length === 0) return { kind: 'human', reason: 'never-owned' };
  if (applications !== undefined) {
    const byApplications = owned.filter((item) => applications.has(item.ownerId ?? '')).length;
    return byApplications > owned.length / 2
      ? { kind: 'system', reason: 'owned-by-applications' }
      : { kind: 'human', reason: 'owned-by-people' };
  }
  const byCreator = owned.filter((item) => item.ownerId === item.createdBy).length;
  return byCreator === owned.length
    ? { kind: 'system', reason: 'owned-by-its-creator' }
    : { kind: 'human', reason: 'owner-unknown' };
}
