import type { JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { ProcessItem } from '../../kuflow/contract/process-items.ts';
import { withModification } from '../store/audit.ts';
import { findPage } from '../store/find.ts';
import {
  insertTaskLog,
  mapProcessItemRow,
  updateProcessItem,
  type LogLevel,
  type ProcessItemRow,
  type TaskFields,
} from '../store/process-items.ts';
import { badRequest, conflict, forbidden } from './api-error.ts';
import { recordEvent, type OperationContext } from './context.ts';
import { linkDocuments } from './documents.ts';
import { applyJsonPatch } from './json-patch.ts';
import { AUDIT_SORT_COLUMNS, parseSort, createPage, type ResultPage, type Paging } from './paging.ts';
import { resolvePrincipal } from './people.ts';
import {
  toProcessItemPageItem,
  formatProcessItemUri,
  toProcessItem,
  requireProcessItem,
  requireTask,
  type LoadedTask,
} from './process-item-view.ts';
import { requireRunning } from './process-view.ts';
import { signalProcessItem } from './signals.ts';

/** Entries that a task keeps; the oldest goes first. */
export const TASK_LOG_LIMIT = 100;

export interface ProcessItemFilter {
  readonly processId?: readonly string[];
  readonly type?: readonly string[];
  readonly taskState?: readonly string[];
  readonly processItemDefinitionCode?: readonly string[];
  readonly processDefinitionId?: readonly string[];
  readonly processDefinitionCode?: readonly string[];
  readonly tenantId?: readonly string[];
}

const SORT_COLUMNS = {
  ...AUDIT_SORT_COLUMNS,
  claimedAt: 'claimed_at',
  completedAt: 'completed_at',
  cancelledAt: 'cancelled_at',
} as const;

const lower = (ids: readonly string[] | undefined): string[] | undefined => ids?.map((id) => id.toLowerCase());

export function findProcessItems(
  ctx: OperationContext,
  query: Paging & ProcessItemFilter,
): ResultPage<ReturnType<typeof toProcessItemPageItem>> {
  const { rows, total } = findPage(
    ctx.store.sql,
    {
      from: '(SELECT i.*, p.definition_id AS process_definition_id, p.definition_code AS process_definition_code FROM process_items i JOIN processes p ON p.id = i.process_id)',
      where: [
        { column: 'process_id', values: lower(query.processId) },
        { column: 'type', values: query.type },
        { column: 'state', values: query.taskState },
        { column: 'definition_code', values: query.processItemDefinitionCode },
        { column: 'process_definition_id', values: lower(query.processDefinitionId) },
        { column: 'process_definition_code', values: query.processDefinitionCode },
        { column: 'tenant_id', values: lower(query.tenantId) },
      ],
      orders: parseSort(query, SORT_COLUMNS),
      tieBreaker: 'seq',
    },
    query,
  );
  return createPage(query, total, rows.map(mapProcessItemRow).map(toProcessItemPageItem));
}

export function retrieveProcessItem(ctx: OperationContext, id: string): ProcessItem {
  return toProcessItem(ctx, requireProcessItem(ctx, id));
}

/** READY becomes CLAIMED by the caller. Anybody here is a candidate. */
export function claimTask(ctx: OperationContext, id: string): ProcessItem {
  return ctx.store.transaction(() => {
    const { item, task, process } = requireTask(ctx, id);
    requireRunning(process);
    if (task.state !== 'READY') throw conflict(`Task ${id} is ${task.state} and can't be claimed`);
    const claimed = saveItem(ctx, item, { ...task, state: 'CLAIMED', claimedAt: ctx.store.now() }, ctx.principal.id);
    recordItemEvent(ctx, claimed, 'item-claimed');
    return toProcessItem(ctx, claimed);
  });
}

/** READY or CLAIMED becomes CLAIMED by the named principal. */
export function assignTask(
  ctx: OperationContext,
  id: string,
  params: { readonly ownerId?: string; readonly ownerEmail?: string },
): ProcessItem {
  return ctx.store.transaction(() => {
    const { item, task, process } = requireTask(ctx, id);
    requireRunning(process);
    const owner = resolvePrincipal(
      ctx,
      { id: params.ownerId, email: params.ownerEmail },
      { id: 'ownerId', email: 'ownerEmail' },
    );
    if (owner === undefined) throw badRequest('Give ownerId or ownerEmail');
    requireOpen(id, task, 'be assigned');
    const assigned = saveItem(ctx, item, { ...task, state: 'CLAIMED', claimedAt: ctx.store.now() }, owner.id);
    recordItemEvent(ctx, assigned, 'item-assigned', owner.name);
    return toProcessItem(ctx, assigned);
  });
}

/** CLAIMED by the caller becomes COMPLETED, and the workflow is signalled. */
export function completeTask(ctx: OperationContext, id: string): ProcessItem {
  const completed = ctx.store.transaction(() => {
    const { item, task, process } = requireTask(ctx, id);
    requireRunning(process);
    if (task.state !== 'CLAIMED')
      throw conflict(
        `Task ${id} is ${task.state} and can't be completed${task.state === 'READY' ? ': claim it first' : ''}`,
      );
    requireOwner(ctx, item);
    const done = saveItem(ctx, item, { ...task, state: 'COMPLETED', completedAt: ctx.store.now() }, item.ownerId);
    signalProcessItem(ctx, done);
    recordItemEvent(
      ctx,
      done,
      'item-completed',
      toProcessItem(ctx, done).task?.data?.valid === false ? 'with invalid data' : undefined,
    );
    return done;
  });
  ctx.wake();
  return toProcessItem(ctx, completed);
}

/** Adds a log entry in any state of the task. */
export function appendTaskLog(
  ctx: OperationContext,
  id: string,
  params: { readonly message: string; readonly level: LogLevel },
): ProcessItem {
  return ctx.store.transaction(() => {
    const { item, task, process } = requireTask(ctx, id);
    requireRunning(process);
    const entry = {
      id: uuid7(ctx.clock.now()),
      timestamp: ctx.store.now(),
      level: params.level,
      message: params.message,
    };
    insertTaskLog(ctx.store.sql, id, entry, TASK_LOG_LIMIT);
    return toProcessItem(ctx, saveItem(ctx, item, task, item.ownerId));
  });
}

/** Replaces the data whatever its shape; what is wrong with it stands in the answer. A claimed task's data is its owner's. */
export function updateTaskData(ctx: OperationContext, id: string, value: JsonValue): ProcessItem {
  return changeTaskData(ctx, id, () => value.value as JsonObject);
}

/** Changes the data by RFC 6902. */
export function patchTaskData(ctx: OperationContext, id: string, patch: JsonPatch): ProcessItem {
  return changeTaskData(ctx, id, (value) => applyJsonPatch(value, patch));
}

function changeTaskData(ctx: OperationContext, id: string, change: (value: JsonObject) => JsonObject): ProcessItem {
  return changeTask(ctx, id, 'data-saved', ({ item, task }) => {
    if (task.state === 'CLAIMED') requireOwner(ctx, item);
    return { ...task, data: change(task.data) };
  });
}

/** Replaces the context data, which anybody may do while the task is open: it is what the process tells the owner. */
export function updateTaskContextData(ctx: OperationContext, id: string, value: JsonValue): ProcessItem {
  return changeTask(ctx, id, 'context-data-saved', ({ task }) => ({ ...task, contextData: value.value as JsonObject }));
}

function changeTask(
  ctx: OperationContext,
  id: string,
  kind: string,
  change: (task: LoadedTask) => TaskFields,
): ProcessItem {
  return ctx.store.transaction(() => {
    const found = requireTask(ctx, id);
    requireRunning(found.process);
    requireOpen(id, found.task, 'be changed');
    const task = change(found);
    linkDocuments(ctx, task.data, formatProcessItemUri(id));
    if (task.contextData !== undefined) linkDocuments(ctx, task.contextData, formatProcessItemUri(id));
    const changed = saveItem(ctx, found.item, task, found.item.ownerId);
    recordItemEvent(ctx, changed, kind);
    return toProcessItem(ctx, changed);
  });
}

function requireOpen(id: string, task: TaskFields, what: string): void {
  if (task.state === 'COMPLETED' || task.state === 'CANCELLED')
    throw conflict(`Task ${id} is ${task.state} and can't ${what}`);
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
    ...(ownerId === undefined ? {} : { ownerId }),
  };
  updateProcessItem(ctx.store.sql, changed);
  return changed;
}

function recordItemEvent(ctx: OperationContext, item: ProcessItemRow, kind: string, detail?: string): void {
  recordEvent(ctx, {
    processId: item.processId,
    kind,
    processItemId: item.id,
    ...(item.definition === undefined ? {} : { code: item.definition.code }),
    principalId: ctx.principal.id,
    ...(detail === undefined ? {} : { detail }),
  });
}
