import type { JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { ProcessItem, ProcessItemCreateParams, ProcessItemType } from '../../kuflow/contract/process-items.ts';
import type { TaskKind } from '../../process/definition.ts';
import { newAudit } from '../store/audit.ts';
import { findProcessItemById, insertProcessItem, type ProcessItemRow } from '../store/process-items.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { ProcessRow } from '../store/processes.ts';
import { badRequest } from './api-error.ts';
import { requireOwnerIsCandidate } from './candidates.ts';
import type { OperationContext } from './context.ts';
import { BUILT_IN_MESSAGE_CODE, builtInMessage, type ServedTask } from './definitions.ts';
import { copyDocuments } from './documents.ts';
import { resolvePrincipal } from './people.ts';
import { formatProcessItemUri, toProcessItem } from './process-item-view.ts';
import { requireProcess, requireRunning } from './process-view.ts';
import { recordItemEvent, signalProcessItem } from './process-items.ts';
import { enqueueItemCreated, enqueueTaskState } from './webhook-events.ts';

const TASK_KINDS: Readonly<Record<ProcessItemType, readonly TaskKind[]>> = {
  TASK: ['human', 'system'],
  MESSAGE: ['message'],
  THREAD: ['thread'],
};

/**
 * Creates a task, message or thread in a running process. A task with an owner is CLAIMED from the start.
 * If an item with the requested id exists, returns that one and does nothing else.
 */
export function createProcessItem(
  ctx: OperationContext,
  params: ProcessItemCreateParams,
): { readonly created: boolean; readonly processItem: ProcessItem } {
  const result = ctx.store.transaction(() => {
    const id = params.id?.toLowerCase() ?? uuid7(ctx.clock.now());
    const existing = findProcessItemById(ctx.store.sql, id);
    if (existing !== undefined) return { created: false, item: existing };
    const process = requireProcess(ctx, params.processId.toLowerCase());
    requireRunning(process);
    const served = requireItemDefinition(ctx, process, params);
    const owner = resolvePrincipal(ctx, params, 'owner');
    if (owner !== undefined) requireOwnerIsCandidate(ctx, process, served.ref.code, owner, params);
    const threadId = requireThread(ctx, process, params);
    const item = { ...buildItem(ctx, id, process, served, owner, params), threadId };
    insertProcessItem(ctx.store.sql, item);
    enqueueItemCreated(ctx, process, item);
    recordItemEvent(ctx, item, 'item-created', { detail: item.type });
    if (item.task !== undefined && owner !== undefined) {
      enqueueTaskState(ctx, item);
      recordItemEvent(ctx, item, 'item-claimed', { principalId: owner.id });
    }
    // A worker knows what it creates, but the workflow does not know what a person writes.
    if (item.type !== 'TASK' && ctx.principal.type === 'USER') signalProcessItem(ctx, process, item);
    return { created: true, item };
  });
  return { created: result.created, processItem: toProcessItem(ctx, result.item) };
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

function requireItemDefinition(
  ctx: OperationContext,
  process: ProcessRow,
  params: ProcessItemCreateParams,
): ServedTask {
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
