import type { ProcessItemPageItem } from '../kuflow/contract/process-items.ts';
import type { ProcessPageItem } from '../kuflow/contract/processes.ts';

/** A process in a list. Lists do not contain values. */
export type SeenProcess = ReturnType<typeof seenProcess>;

/** A process item in a list, without its text. */
export type SeenItem = ReturnType<typeof seenItem>;

export function seenProcess({ id, processDefinitionRef: ref, tenantId, createdAt, state }: ProcessPageItem) {
  return {
    id,
    code: ref.code,
    definitionId: ref.id,
    version: ref.version,
    tenant: tenantId,
    createdAt: timeOf(createdAt),
    completed: state === 'COMPLETED',
  };
}

export function seenItem(item: ProcessItemPageItem) {
  const { id, processId, tenantId, type, createdAt, createdBy, ownerId, task } = item;
  return {
    id,
    processId,
    tenant: tenantId,
    type,
    /** Code of the item's definition; undefined for items that people added by hand. */
    code: item.processItemDefinitionRef?.code,
    createdAt: timeOf(createdAt),
    createdBy,
    ownerId,
    completed: task?.state === 'COMPLETED',
  };
}

/** Milliseconds since the epoch; NaN if unknown. */
function timeOf(text: string | undefined): number {
  return Date.parse(text ?? '');
}

/** The version of the definition that a process was started with, compared with the newest one that was seen. */
export type VersionClass = 'newest' | 'older' | 'unknown';

export type SeenVersions = ReturnType<typeof classifyVersions>;

/**
 * Sorts processes of one definition, newest first, by version. If no process is visible, versions cannot be told apart, and every process counts
 * as one of the newest version. `listedSince` is when the oldest listed item was created, in milliseconds since the epoch, if the list was cut off.
 */
export function classifyVersions(processes: readonly SeenProcess[], listedSince: number | undefined) {
  const newest = processes[0]?.version;
  const versions = new Map(processes.map(({ id, version }) => [id, version]));
  const classOf = (processId: string): VersionClass => {
    if (newest === undefined) return 'newest';
    const version = versions.get(processId);
    return version === undefined ? 'unknown' : version === newest ? 'newest' : 'older';
  };
  // A process that started before the oldest listed item may have items that are not in the list. NaN is never later.
  const complete = processes.filter(
    ({ completed, createdAt }) => completed && (listedSince === undefined || createdAt >= listedSince),
  );
  const idsOf = (wanted: VersionClass): ReadonlySet<string> =>
    new Set(complete.flatMap(({ id }) => (classOf(id) === wanted ? [id] : [])));
  return {
    classOf,
    /** Completed processes all of whose items are in the list, by version. */
    complete: { newest: idsOf('newest'), older: idsOf('older') },
  };
}

/** When the oldest of these items was created, in milliseconds since the epoch; NaN if that is unknown. */
export function oldestCreation(items: readonly SeenItem[]): number {
  return Math.min(...items.map(({ createdAt }) => createdAt));
}
