import type { JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { ProcessItem, ProcessItemTaskLog } from '../../kuflow/contract/process-items.ts';
import { withModification } from '../store/audit.ts';
import type { EventRow } from '../store/events.ts';
import { PRINCIPALS } from '../store/people.ts';
import {
  insertTaskLog,
  mapProcessItemRow,
  PROCESS_ITEMS_WITH_PROCESS,
  updateProcessItem,
  type ProcessItemRow,
  type TaskFields,
} from '../store/process-items.ts';
import type { ProcessRow } from '../store/processes.ts';
import { badRequest, conflict, forbidden } from './api-error.ts';
import { requireCandidate, requireOwnerIsCandidate } from './candidates.ts';
import { enqueueForProcess, recordEvent, reportChange, type Domain, type OperationContext } from './context.ts';
import { linkDocuments } from './documents.ts';
import { applyJsonPatch } from './json-patch.ts';
import {
  AUDIT_SORT_COLUMNS,
  filterDeleted,
  findResultPage,
  lowerCaseIds,
  type ListQuery,
  type ResultPage,
} from './paging.ts';
import { resolvePrincipal, type NamedPrincipal } from './people.ts';
import {
  toProcessItemPageItem,
  formatProcessItemUri,
  toProcessItem,
  requireProcessItem,
  requireTask,
  type LoadedTask,
} from './process-item-view.ts';
import { requireRunning } from './process-view.ts';
import { formatRequestTime } from './request-time.ts';
import { enqueueTaskState } from './webhook-events.ts';

/** The signal that tells a process workflow about its items: for a task, that it is completed. */
const PROCESS_ITEM_SIGNAL = 'KuFlow_Engine_Signal_Process_Item';

/** How many log entries a task keeps; the oldest are removed first. */
export const TASK_LOG_LIMIT = 100;

const SORT_COLUMNS = {
  ...AUDIT_SORT_COLUMNS,
  claimedAt: 'claimed_at',
  completedAt: 'completed_at',
  cancelledAt: 'cancelled_at',
} as const;

export function findProcessItems(
  ctx: OperationContext,
  query: ListQuery<'findProcessItems'>,
): ResultPage<ReturnType<typeof toProcessItemPageItem>> {
  return findResultPage(
    ctx,
    query,
    {
      from: PROCESS_ITEMS_WITH_PROCESS,
      where: [
        { column: 'process_id', values: lowerCaseIds(query.processId) },
        { column: 'type', values: query.type },
        { column: 'state', values: query.taskState },
        { column: 'definition_code', values: query.processItemDefinitionCode },
        { column: 'process_definition_id', values: lowerCaseIds(query.processDefinitionId) },
        { column: 'process_definition_code', values: query.processDefinitionCode },
        { column: 'tenant_id', values: lowerCaseIds(query.tenantId) },
        ...filterDeleted(query),
      ],
      sort: SORT_COLUMNS,
      tieBreaker: 'seq',
    },
    (row) => toProcessItemPageItem(mapProcessItemRow(row)),
  );
}

export function retrieveProcessItem(ctx: OperationContext, id: string): ProcessItem {
  return toProcessItem(ctx, requireProcessItem(ctx, id));
}

/** Changes READY to CLAIMED by the caller, who must be a candidate. Everybody is if the definition does not name any. */
export function claimTask(ctx: OperationContext, id: string): ProcessItem {
  return changeRunning(ctx, id, ({ item, task, process }) => {
    if (task.state !== 'READY') throw conflict(`Task ${id} is ${task.state} and can't be claimed`);
    requireCandidate(ctx, item, process);
    const claimed = saveItem(ctx, item, { ...task, state: 'CLAIMED', claimedAt: ctx.store.now() }, ctx.principal.id);
    recordItemEvent(ctx, claimed, 'item-claimed');
    return claimed;
  });
}

/** Changes READY or CLAIMED to CLAIMED by the named principal, who must be a candidate. Anybody may do so. */
export function assignTask(ctx: OperationContext, id: string, params: NamedPrincipal): ProcessItem {
  return changeRunning(ctx, id, ({ item, task, process }) => {
    const owner = resolvePrincipal(ctx, params, 'owner');
    if (owner === undefined) throw badRequest('ownerId or ownerEmail is required');
    requireOpen(id, task, 'be assigned');
    requireOwnerIsCandidate(ctx, process, item.definition?.code, owner, params);
    const assigned = saveItem(ctx, item, { ...task, state: 'CLAIMED', claimedAt: ctx.store.now() }, owner.id);
    recordItemEvent(ctx, assigned, 'item-assigned', { detail: owner.name });
    return assigned;
  });
}

/** Changes CLAIMED by the caller to READY, so that others can claim the task. KuFlow's API does not have this. */
export function releaseTask(ctx: OperationContext, id: string): ProcessItem {
  return changeRunning(ctx, id, ({ item, task }) => {
    if (task.state !== 'CLAIMED') throw conflict(`Task ${id} is ${task.state} and can't be released`);
    requireOwner(ctx, item);
    const released = saveItem(ctx, item, { ...task, state: 'READY', claimedAt: undefined }, undefined);
    recordItemEvent(ctx, released, 'item-released');
    return released;
  });
}

/** Changes CLAIMED by the caller to COMPLETED, and signals the workflow. */
export function completeTask(ctx: OperationContext, id: string): ProcessItem {
  return changeRunning(ctx, id, ({ item, task, process }) => {
    if (task.state !== 'CLAIMED')
      throw conflict(
        `Task ${id} is ${task.state} and can't be completed${task.state === 'READY' ? ': claim it first' : ''}`,
      );
    requireOwner(ctx, item);
    const done = saveItem(ctx, item, { ...task, state: 'COMPLETED', completedAt: ctx.store.now() }, item.ownerId);
    signalProcessItem(ctx, process, done);
    const isInvalid = toProcessItem(ctx, done).task?.data?.valid === false;
    recordItemEvent(ctx, done, 'item-completed', { detail: isInvalid ? 'with invalid data' : undefined });
    return done;
  });
}

/** Cancels a task that is READY or CLAIMED, in the current transaction. */
export function cancelTask(ctx: OperationContext, item: ProcessItemRow): void {
  if (item.task === undefined) return;
  const task: TaskFields = { ...item.task, state: 'CANCELLED', cancelledAt: ctx.store.now() };
  recordItemEvent(ctx, saveItem(ctx, item, task, item.ownerId), 'item-cancelled');
}

/** Adds a log entry, whatever the state of the task and whoever has claimed it. */
export function appendTaskLog(
  ctx: OperationContext,
  id: string,
  params: Pick<ProcessItemTaskLog, 'message' | 'level'>,
): ProcessItem {
  return changeRunning(ctx, id, ({ item, task }) => {
    const { message, level } = params;
    const entry = { id: uuid7(ctx.clock.now()), timestamp: ctx.store.now(), level, message };
    insertTaskLog(ctx.store.sql, id, entry, TASK_LOG_LIMIT);
    const changed = saveItem(ctx, item, task, item.ownerId);
    const notice = describeOtherOwner(ctx, changed);
    if (notice !== undefined) recordItemEvent(ctx, changed, 'log-appended', { detail: notice });
    // A log has its own times, so the timeline does not repeat it.
    else reportChange(ctx, { ...eventOf(changed), kind: 'log-appended' });
    return changed;
  });
}

/** Changes a task of a running process in a transaction. `change` returns the task as it has saved it. */
function changeRunning(ctx: OperationContext, id: string, change: (loaded: LoadedTask) => ProcessItemRow): ProcessItem {
  return ctx.store.transaction(() => {
    const loaded = requireTask(ctx, id);
    requireRunning(loaded.process);
    return toProcessItem(ctx, change(loaded));
  });
}

/**
 * Replaces the data without enforcing its shape; the answer lists what is invalid. A task that somebody else has claimed
 * may be changed too, as KuFlow's robots do: the timeline then has a notice.
 */
export function updateTaskData(ctx: OperationContext, id: string, value: JsonValue): ProcessItem {
  return changeTask(ctx, id, 'data-saved', (task) => ({ ...task, data: value.value as JsonObject }));
}

/** Changes the data with an RFC 6902 patch. */
export function patchTaskData(ctx: OperationContext, id: string, patch: JsonPatch): ProcessItem {
  return changeTask(ctx, id, 'data-saved', (task) => ({ ...task, data: applyJsonPatch(task.data, patch) }));
}

/** Replaces the context data, which the process provides for the owner. Anybody may do so while the task is open. */
export function updateTaskContextData(ctx: OperationContext, id: string, value: JsonValue): ProcessItem {
  return changeTask(ctx, id, 'context-data-saved', (task) => ({ ...task, contextData: value.value as JsonObject }));
}

function changeTask(
  ctx: OperationContext,
  id: string,
  kind: string,
  change: (task: TaskFields) => TaskFields,
): ProcessItem {
  return changeRunning(ctx, id, ({ item, task: before }) => {
    requireOpen(id, before, 'be changed');
    const task = change(before);
    linkDocuments(ctx, task.data, formatProcessItemUri(id));
    if (task.contextData !== undefined) linkDocuments(ctx, task.contextData, formatProcessItemUri(id));
    const changed = saveItem(ctx, item, task, item.ownerId);
    recordItemEvent(ctx, changed, kind, { detail: describeOtherOwner(ctx, changed) });
    return changed;
  });
}

function requireOpen(id: string, task: TaskFields, what: string): void {
  if (task.state === 'COMPLETED' || task.state === 'CANCELLED')
    throw conflict(`Task ${id} is ${task.state} and can't ${what}`);
}

/** A notice for the timeline if somebody else has claimed the task that the caller changes. */
function describeOtherOwner(ctx: OperationContext, item: ProcessItemRow): string | undefined {
  if (item.task?.state !== 'CLAIMED' || item.ownerId === undefined || item.ownerId === ctx.principal.id)
    return undefined;
  return `the task is claimed by ${PRINCIPALS.findById(ctx.store.sql, item.ownerId)?.name ?? item.ownerId}`;
}

function requireOwner(ctx: OperationContext, item: ProcessItemRow): void {
  if (item.ownerId !== ctx.principal.id)
    throw forbidden(`Task ${item.id} is claimed by another principal (${item.ownerId ?? 'nobody'})`);
}

function saveItem(
  ctx: OperationContext,
  item: ProcessItemRow,
  task: TaskFields,
  ownerId: string | undefined,
): ProcessItemRow {
  const changed: ProcessItemRow = {
    ...item,
    ...withModification(item, ctx.principal.id, ctx.store.now()),
    task,
    ownerId,
  };
  updateProcessItem(ctx.store.sql, changed);
  if (task.state !== item.task?.state) enqueueTaskState(ctx, changed);
  return changed;
}

/** Adds what happened to an item to the timeline of its process. By default, the caller did it. */
export function recordItemEvent(
  ctx: OperationContext,
  item: ProcessItemRow,
  kind: string,
  more: Pick<EventRow, 'principalId' | 'detail'> = {},
): void {
  recordEvent(ctx, { ...eventOf(item), kind, principalId: ctx.principal.id, ...more });
}

const eventOf = (item: ProcessItemRow): Pick<EventRow, 'processId' | 'processItemId' | 'code'> => ({
  processId: item.processId,
  processItemId: item.id,
  code: item.definition?.code,
});

/** Queues the signal for the workflow of the item's process, in the current transaction. */
export function signalProcessItem(ctx: Domain, process: ProcessRow, item: ProcessItemRow): void {
  enqueueForProcess(ctx, process, {
    kind: 'signal-workflow',
    signalName: PROCESS_ITEM_SIGNAL,
    payload: {
      id: item.id,
      type: item.type,
      payload: {
        processItemDefinitionCode: item.definition?.code ?? null,
        dataStructureDataDefinitionCode: item.message?.dataCode ?? null,
      },
      ...formatRequestTime(ctx.clock.now(), ctx.timeZone),
    },
  });
}
