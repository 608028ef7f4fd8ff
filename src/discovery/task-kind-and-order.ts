import { groupBy } from '../base/group-by.ts';
import type { TaskKind } from '../process/definition.ts';
import type { KindReason } from './types.ts';
import type { SeenItem } from './read-lists.ts';

/**
 * Infers the kind of a task from its items. A task owned by applications is a system task. Every task is created by the worker's application,
 * so if principals cannot be listed, an owner who is also the creator is an application. An owner who is the creator but is not in the list may
 * be an application that no longer exists.
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
    if (byApplications > owned.length / 2) return { kind: 'system', reason: 'owned-by-applications' };
    const byPeople = owned.filter(
      ({ ownerId = '', createdBy }) => !applications.has(ownerId) && ownerId !== createdBy,
    ).length;
    return { kind: 'human', reason: byPeople > owned.length / 2 ? 'owned-by-people' : 'owners-differ' };
  }
  const byCreator = owned.filter((item) => item.ownerId === item.createdBy).length;
  return byCreator === owned.length
    ? { kind: 'system', reason: 'owned-by-its-creator' }
    : { kind: 'human', reason: 'owner-unknown' };
}

/** When the first item of a code was created in a process, in milliseconds since the epoch. */
export type FirstItem = Pick<SeenItem, 'processId' | 'createdAt'> & { readonly code: string };

/**
 * The usual order of task codes: a code comes before those that it precedes in most of the processes that have both, because tasks are optional
 * and branches differ. Ties are broken by the median rank within a process, then by the code. `agreement`: share of task pairs within a process
 * that were created in that order, 0 to 1; 1 if there are no pairs.
 */
export function orderTasks(firstItems: readonly FirstItem[]) {
  const byProcess = groupBy(firstItems, ({ processId }) => processId);
  const ranks = new Map<string, number[]>(firstItems.map(({ code }) => [code, []]));
  // The key is a JSON array of the two codes, so no code can look like two.
  const before = new Map<string, number>();
  const pair = (a: string, b: string): string => JSON.stringify([a, b]);
  for (const items of byProcess.values()) {
    const known = items.filter((item) => !Number.isNaN(item.createdAt)).sort((a, b) => a.createdAt - b.createdAt);
    known.forEach((item, rank) => {
      ranks.get(item.code)?.push(rank);
      for (const later of known.slice(rank + 1)) {
        if (later.createdAt === item.createdAt) continue;
        before.set(pair(item.code, later.code), (before.get(pair(item.code, later.code)) ?? 0) + 1);
      }
    });
  }
  const count = (a: string, b: string): number => before.get(pair(a, b)) ?? 0;
  const all = [...ranks.keys()];
  const score = new Map(
    all.map((code) => [code, all.reduce((sum, other) => sum + Math.sign(count(code, other) - count(other, code)), 0)]),
  );
  const median = new Map([...ranks].map(([code, own]) => [code, medianOf(own)]));
  const codes = all.sort(
    (a, b) =>
      (score.get(b) ?? 0) - (score.get(a) ?? 0) ||
      (median.get(a) ?? 0) - (median.get(b) ?? 0) ||
      (a < b ? -1 : Number(a > b)),
  );
  let agreeing = 0;
  let pairs = 0;
  codes.forEach((code, index) => {
    for (const later of codes.slice(index + 1)) {
      agreeing += count(code, later);
      pairs += count(code, later) + count(later, code);
    }
  });
  return { codes, agreement: pairs === 0 ? 1 : agreeing / pairs };
}

// A code without known times comes last among ties.
function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.MAX_SAFE_INTEGER;
}
