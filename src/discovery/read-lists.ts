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
