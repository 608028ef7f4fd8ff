import { withoutUndefined, type JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type {
  ProcessItem,
  ProcessItemCreateParams,
  ProcessItemPageItem,
  ProcessItemTaskLog,
  ProcessItemType,
} from '../../kuflow/contract/process-items.ts';
import type { TaskKind } from '../../process/definition.ts';
import { newAudit, withModification } from '../store/audit.ts';
import type { EventRow } from '../store/events.ts';
import { PRINCIPALS, type PrincipalRow } from '../store/people.ts';
import {
  findProcessItemById,
  findTaskLogs,
  insertTaskLog,
  readProcessItem,
  PROCESS_ITEMS,
  PROCESS_ITEMS_WITH_PROCESS,
  type MessageFields,
  type ProcessItemRow,
  type TaskFields,
} from '../store/process-items.ts';
import type { ProcessRow } from '../store/processes.ts';
import { badRequest, conflict, forbidden, orNotFound } from './api-error.ts';
import { requireCandidate, requireOwnerIsCandidate } from './task-candidates.ts';
import { enqueueForProcess, recordEvent, reportChange, type Domain, type OperationContext } from './context.ts';
import { BUILT_IN_MESSAGE_CODE, builtInMessage, type ServedTask } from './definitions.ts';
import { copyDocuments, linkDocuments } from './documents.ts';
import { applyJsonPatch } from './json-patch.ts';
import { acceptAnyValue } from './json-values.ts';
import { AUDIT_SORT_COLUMNS, filterDeleted, findResultPage, lowerCaseIds, type ListQuery } from './paging.ts';
import { resolvePrincipal, type NamedPrincipal } from './people.ts';
import { requireProcess, requireRunning } from './process-view.ts';
import { formatRequestTime } from './request-time.ts';
import { enqueueItemEvent } from './webhook-events.ts';

/** The signal that tells a process workflow about its items: for a task, that it is completed. */
const PROCESS_ITEM_SIGNAL = 'KuFlow_Engine_Signal_Process_Item';

/** How many log entries a task keeps; the oldest are removed first. */
const TASK_LOG_LIMIT = 100;

const SORT_COLUMNS = {
  ...AUDIT_SORT_COLUMNS,
  claimedAt: 'claimed_at',
  completedAt: 'completed_at',
  cancelledAt: 'cancelled_at',
} as const;

export function findProcessItems(ctx: OperationContext, query: ListQuery<'findProcessItems'>) {
  return findResultPage<ProcessItemPageItem>(ctx, query, {
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
    toItem: (row) => toProcessItemPageItem(readProcessItem(row)),
  });
}

export function retrieveProcessItem(ctx: OperationContext, id: string): ProcessItem {
  return toProcessItem(ctx, requireProcessItem(ctx, id));
}

const TASK_KINDS: Readonly<Record<ProcessItemType, readonly TaskKind[]>> = {
  TASK: ['human', 'system'],
  MESSAGE: ['message'],
  THREAD: ['thread'],
};

/** Creates an item in a running process, as CLAIMED if it has an owner. Returns an existing item with the requested id. */
export function createProcessItem(ctx: OperationContext, params: ProcessItemCreateParams) {
  return ctx.store.transaction(() => {
    const id = params.id?.toLowerCase() ?? uuid7(ctx.clock.now());
    const existing = findProcessItemById(ctx.store.sql, id);
    if (existing !== undefined) return { created: false, processItem: toProcessItem(ctx, existing) };
    const process = requireProcess(ctx, params.processId.toLowerCase());
    requireRunning(process);
    const served = requireItemDefinition(ctx, process, params);
    const owner = resolvePrincipal(ctx, params, 'owner');
    if (owner !== undefined) requireOwnerIsCandidate(ctx, process, served.ref.code, owner, params);
    const threadId = requireThread(ctx, process, params);
    const item = { ...buildItem(ctx, id, process, served, owner, params), threadId };
    PROCESS_ITEMS.insert(ctx.store.sql, item);
    enqueueItemEvent(ctx, item, 'PROCESS_ITEM.CREATED');
    recordItemEvent(ctx, item, 'item-created', { detail: item.type });
    if (item.task !== undefined && owner !== undefined) {
      enqueueItemEvent(ctx, item, 'PROCESS_ITEM.TASK_STATE_CHANGED');
      recordItemEvent(ctx, item, 'item-claimed', { principalId: owner.id });
    }
    // A worker knows what it creates, but the workflow does not know what a person writes.
    if (item.type !== 'TASK' && ctx.principal.type === 'USER') signalProcessItem(ctx, process, item);
    return { created: true, processItem: toProcessItem(ctx, item) };
  });
}

/** The id of the thread that the item is attached to, or undefined. */
function requireThread(
  ctx: OperationContext,
  process: ProcessRow,
  { type, processItemThreadId }: ProcessItemCreateParams,
): string | undefined {
  if (processItemThreadId === undefined) return undefined;
  if (type === 'THREAD')
    throw badRequest('processItemThreadId is only allowed for a TASK or a MESSAGE', 'body.processItemThreadId');
  const thread = findProcessItemById(ctx.store.sql, processItemThreadId.toLowerCase());
  if (thread?.type !== 'THREAD' || thread.processId !== process.id)
    throw badRequest(`processItemThreadId is not a THREAD of process ${process.id}`, 'body.processItemThreadId');
  return thread.id;
}

function buildItem(
  ctx: OperationContext,
  id: string,
  process: ProcessRow,
  served: ServedTask,
  owner: PrincipalRow | undefined,
  params: ProcessItemCreateParams,
): ProcessItemRow {
  const now = ctx.store.now();
  const copyValue = (value: { readonly value: unknown } | undefined): JsonObject | undefined =>
    value === undefined ? undefined : copyDocuments(ctx, value.value as JsonObject, process, formatProcessItemUri(id));
  const base = {
    id,
    processId: process.id,
    tenantId: process.tenantId,
    type: params.type,
    definition: served.ref,
    ownerId: owner?.id,
    ...newAudit(ctx.principal.id, now),
  };
  if (params.type === 'TASK') {
    const task = { data: copyValue(params.task?.data) ?? {}, contextData: copyValue(params.task?.contextData) };
    return {
      ...base,
      task: owner === undefined ? { ...task, state: 'READY' } : { ...task, state: 'CLAIMED', claimedAt: now },
    };
  }
  if (params.type === 'THREAD') return base;
  const { text, data, dataStructureDataDefinitionCode: dataCode } = params.message ?? {};
  return { ...base, message: { text, data: copyValue(data), dataCode } };
}

function requireItemDefinition(ctx: OperationContext, process: ProcessRow, params: ProcessItemCreateParams) {
  for (const [field, type] of [
    ['task', 'TASK'],
    ['message', 'MESSAGE'],
  ] as const) {
    if (params[field] !== undefined && params.type !== type)
      throw badRequest(`${field} is only allowed for a ${type}, not for a ${params.type}`, `body.${field}`);
  }
  if (params.type === 'MESSAGE') requireMessageContent(params);
  const code = params.processItemDefinitionCode ?? (params.type === 'MESSAGE' ? BUILT_IN_MESSAGE_CODE : undefined);
  if (code === undefined)
    throw badRequest(`A ${params.type} needs processItemDefinitionCode`, 'body.processItemDefinitionCode');
  if (params.type === 'MESSAGE' && code === BUILT_IN_MESSAGE_CODE) return builtInMessage(process.definition.id);
  const definition = ctx.definitions.forProcess(process.definition);
  const served = ctx.definitions.taskOf(process.definition, code);
  const codes = [...(definition?.tasks.values() ?? [])]
    .filter((task) => TASK_KINDS[params.type].includes(task.definition.kind))
    .map((task) => task.ref.code);
  const list = codes.length === 0 ? 'none' : codes.join(', ');
  if (served === undefined) {
    throw badRequest(
      `Process definition ${process.definition.code} does not have a process item definition ${code}; those of type ${params.type}: ${list}`,
      'body.processItemDefinitionCode',
    );
  }
  if (!TASK_KINDS[params.type].includes(served.definition.kind)) {
    throw badRequest(
      `${code} is of kind ${served.definition.kind} and can't be created as ${params.type}; those of type ${params.type}: ${list}`,
      'body.type',
    );
  }
  return served;
}

function requireMessageContent({ message }: ProcessItemCreateParams): void {
  if (message?.text === undefined && message?.data === undefined)
    throw badRequest('A MESSAGE needs message.text or message.data', 'body.message');
  if (message.data !== undefined && message.dataStructureDataDefinitionCode === undefined) {
    throw badRequest(
      'message.data needs message.dataStructureDataDefinitionCode',
      'body.message.dataStructureDataDefinitionCode',
    );
  }
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
export function appendTaskLog(ctx: OperationContext, id: string, log: Pick<ProcessItemTaskLog, 'message' | 'level'>) {
  return changeRunning(ctx, id, ({ item, task }) => {
    const { message, level } = log;
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

/** Does not enforce the shape. Others may also change a task that somebody has claimed, as KuFlow's robots do; the timeline then has a notice. */
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

function changeTask(ctx: OperationContext, id: string, kind: string, change: (task: TaskFields) => TaskFields) {
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

function saveItem(ctx: OperationContext, item: ProcessItemRow, task: TaskFields, ownerId: string | undefined) {
  const changed: ProcessItemRow = {
    ...item,
    ...withModification(item, ctx.principal.id, ctx.store.now()),
    task,
    ownerId,
  };
  PROCESS_ITEMS.update(ctx.store.sql, changed);
  if (task.state !== item.task?.state) enqueueItemEvent(ctx, changed, 'PROCESS_ITEM.TASK_STATE_CHANGED');
  return changed;
}

/** Adds what happened to an item to the timeline of its process. By default, the caller did it. */
function recordItemEvent(
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
function signalProcessItem(ctx: Domain, process: ProcessRow, item: ProcessItemRow): void {
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

const formatProcessItemUri = (id: string): string => `ku:process-item/${id}`;

function requireProcessItem(ctx: Domain, id: string): ProcessItemRow {
  return orNotFound(findProcessItemById(ctx.store.sql, id), 'process item', id);
}

type LoadedTask = ReturnType<typeof requireTask>;

/** Loads a process item that must be a task: 404 if it does not exist, 409 if it is a message or a thread. */
function requireTask(ctx: Domain, id: string) {
  const item = requireProcessItem(ctx, id);
  if (item.task === undefined) throw conflict(`Process item ${id} is a ${item.type}, not a task`);
  return { item, task: item.task, process: requireProcess(ctx, item.processId) };
}

function toProcessItem(ctx: Domain, item: ProcessItemRow): ProcessItem {
  const { task, message, definition } = item;
  const served = definition && ctx.definitions.taskOf(requireProcess(ctx, item.processId).definition, definition.code);
  const { data: checkData, contextData: checkContextData } = served ?? ANY_DATA;
  return withoutUndefined({
    ...commonFields(item),
    task:
      task &&
      withoutUndefined({
        state: task.state,
        data: checkData(task.data),
        contextData: task.contextData && checkContextData(task.contextData),
        logs: findTaskLogs(ctx.store.sql, item.id),
      }),
    message: message && withoutUndefined({ ...messageFields(message), data: message.data && checkData(message.data) }),
  });
}

/** For an item whose definition is not known. */
const ANY_DATA = { data: acceptAnyValue, contextData: acceptAnyValue };

function toProcessItemPageItem(item: ProcessItemRow): ProcessItemPageItem {
  const { task, message } = item;
  return withoutUndefined({
    ...commonFields(item),
    task: task && { state: task.state },
    message: message && withoutUndefined(messageFields(message)),
  });
}

const messageFields = ({ text, dataCode }: MessageFields) => ({ text, dataStructureDataDefinitionCode: dataCode });

function commonFields(item: ProcessItemRow) {
  const { id, type, processId, tenantId, ownerId, threadId, definition } = item;
  const { createdBy, createdAt, lastModifiedBy, lastModifiedAt, deletedBy, deletedAt } = item;
  return {
    ...{ id, uri: formatProcessItemUri(id), type, processId, tenantId, ownerId },
    ...{ processItemThreadId: threadId, processItemDefinitionRef: definition },
    ...{ createdBy, createdAt, lastModifiedBy, lastModifiedAt, deletedBy, deletedAt },
  };
}
