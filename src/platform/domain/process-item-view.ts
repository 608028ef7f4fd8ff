import type { ProcessItem, ProcessItemPageItem, ProcessItemTask } from '../../kuflow/contract/process-items.ts';
import { withoutUndefined } from '../../base/json.ts';
import {
  findTaskLogs,
  findProcessItemById,
  type MessageFields,
  type ProcessItemRow,
  type TaskFields,
} from '../store/process-items.ts';
import type { ProcessRow } from '../store/processes.ts';
import { conflict, orNotFound } from './api-error.ts';
import type { Domain } from './context.ts';
import type { ServedTask } from './definitions.ts';
import { acceptAnyValue } from './json-values.ts';
import { requireProcess } from './process-view.ts';

export const formatProcessItemUri = (id: string): string => `ku:process-item/${id}`;

export function requireProcessItem(ctx: Domain, id: string): ProcessItemRow {
  return orNotFound(findProcessItemById(ctx.store.sql, id), 'process item', id);
}

export interface LoadedTask {
  readonly item: ProcessItemRow;
  readonly task: TaskFields;
  readonly process: ProcessRow;
}

/** Loads a process item that must be a task: 404 if it does not exist, 409 if it is a message or a thread. */
export function requireTask(ctx: Domain, id: string): LoadedTask {
  const item = requireProcessItem(ctx, id);
  if (item.task === undefined) throw conflict(`Process item ${id} is a ${item.type}, not a task`);
  return { item, task: item.task, process: requireProcess(ctx, item.processId) };
}

function servedTask(ctx: Domain, item: ProcessItemRow): ServedTask | undefined {
  if (item.definition === undefined) return undefined;
  const process = requireProcess(ctx, item.processId);
  return ctx.definitions.taskOf(process.definition, item.definition.code);
}

export function toProcessItem(ctx: Domain, item: ProcessItemRow): ProcessItem {
  const { task, message } = item;
  const served = servedTask(ctx, item);
  const checkData = served?.data ?? acceptAnyValue;
  return withoutUndefined({
    ...commonFields(item),
    task: task && toTask(ctx, item.id, task, served),
    message:
      message &&
      withoutUndefined({
        ...messageFields(message),
        data: message.data === undefined ? undefined : checkData(message.data),
      }),
  });
}

function toTask(ctx: Domain, id: string, task: TaskFields, served: ServedTask | undefined): ProcessItemTask {
  const { state, data, contextData } = task;
  const checkContextData = served?.contextData ?? acceptAnyValue;
  return withoutUndefined({
    state,
    data: (served?.data ?? acceptAnyValue)(data),
    contextData: contextData && checkContextData(contextData),
    logs: findTaskLogs(ctx.store.sql, id),
  });
}

export function toProcessItemPageItem(item: ProcessItemRow): ProcessItemPageItem {
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
