import type { ProcessItem, ProcessItemPageItem, ProcessItemTask } from '../../kuflow/contract/process-items.ts';
import { withoutUndefined } from '../../base/json.ts';
import { findTaskLogs, findProcessItemById, type ProcessItemRow, type TaskFields } from '../store/process-items.ts';
import type { ProcessRow } from '../store/processes.ts';
import { conflict, notFound } from './api-error.ts';
import type { Domain } from './context.ts';
import type { ServedTask } from './definitions.ts';
import { acceptAnyValue } from './json-values.ts';
import { requireProcess } from './process-view.ts';

export const formatProcessItemUri = (id: string): string => `ku:process-item/${id}`;

export function requireProcessItem(ctx: Domain, id: string): ProcessItemRow {
  const item = findProcessItemById(ctx.store.sql, id);
  if (item === undefined) throw notFound('process item', id);
  return item;
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
  return {
    ...commonFields(item),
    ...(task === undefined ? {} : { task: toTask(ctx, item.id, task, served) }),
    ...(message === undefined
      ? {}
      : {
          message: {
            ...(message.text === undefined ? {} : { text: message.text }),
            ...(message.data === undefined ? {} : { data: (served?.data ?? acceptAnyValue)(message.data) }),
            ...(message.dataCode === undefined ? {} : { dataStructureDataDefinitionCode: message.dataCode }),
          },
        }),
  };
}

function toTask(ctx: Domain, id: string, task: TaskFields, served: ServedTask | undefined): ProcessItemTask {
  return {
    state: task.state,
    data: (served?.data ?? acceptAnyValue)(task.data),
    ...(task.contextData === undefined
      ? {}
      : { contextData: (served?.contextData ?? acceptAnyValue)(task.contextData) }),
    logs: findTaskLogs(ctx.store.sql, id).map(({ id: logId, timestamp, message, level }) => ({
      id: logId,
      timestamp,
      message,
      level,
    })),
  };
}

export function toProcessItemPageItem(item: ProcessItemRow): ProcessItemPageItem {
  const { task, message } = item;
  return {
    ...commonFields(item),
    ...(task === undefined ? {} : { task: { state: task.state } }),
    ...(message === undefined
      ? {}
      : {
          message: {
            ...(message.text === undefined ? {} : { text: message.text }),
            ...(message.dataCode === undefined ? {} : { dataStructureDataDefinitionCode: message.dataCode }),
          },
        }),
  };
}

function commonFields(item: ProcessItemRow): Omit<ProcessItemPageItem, 'task' | 'message'> {
  return {
    id: item.id,
    uri: formatProcessItemUri(item.id),
    type: item.type,
    processId: item.processId,
    tenantId: item.tenantId,
    ...(item.ownerId === undefined ? {} : { ownerId: item.ownerId }),
    ...(item.threadId === undefined ? {} : { processItemThreadId: item.threadId }),
    ...(item.definition === undefined ? {} : { processItemDefinitionRef: item.definition }),
    createdBy: item.createdBy,
    createdAt: item.createdAt,
    lastModifiedBy: item.lastModifiedBy,
    lastModifiedAt: item.lastModifiedAt,
    ...withoutUndefined({ deletedBy: item.deletedBy, deletedAt: item.deletedAt }),
  };
}
