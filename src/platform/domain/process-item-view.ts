import type { ProcessItem, ProcessItemPageItem, ProcessItemTask } from '../../kuflow/contract/process-items.ts';
import { findLogs, findProcessItemById, type ProcessItemRecord, type TaskRecord } from '../store/process-items.ts';
import type { ProcessRecord } from '../store/processes.ts';
import { conflict, notFound } from './api-error.ts';
import type { Domain } from './context.ts';
import type { ServedTask } from './definitions.ts';
import { valueCheck } from './json-values.ts';
import { requireProcess } from './process-view.ts';

export const processItemUri = (id: string): string => `ku:process-item/${id}`;

const open = valueCheck(undefined, '');

export function requireProcessItem(ctx: Domain, id: string): ProcessItemRecord {
  const item = findProcessItemById(ctx.store.sql, id);
  if (item === undefined) throw notFound('process item', id);
  return item;
}

export interface Task {
  readonly item: ProcessItemRecord;
  readonly task: TaskRecord;
  readonly process: ProcessRecord;
}

/** A process item that must be a task: 404 when there is none, 409 when it is a message or a thread. */
export function requireTask(ctx: Domain, id: string): Task {
  const item = requireProcessItem(ctx, id);
  if (item.task === undefined) throw conflict(`Process item ${id} is a ${item.type}, not a task`);
  return { item, task: item.task, process: requireProcess(ctx, item.processId) };
}

function servedTask(ctx: Domain, item: ProcessItemRecord): ServedTask | undefined {
  if (item.definition === undefined) return undefined;
  const process = requireProcess(ctx, item.processId);
  return ctx.definitions.ofProcess(process.definition)?.tasks.get(item.definition.code);
}

export function processItemView(ctx: Domain, item: ProcessItemRecord): ProcessItem {
  const { task, message } = item;
  const served = servedTask(ctx, item);
  return {
    ...commonOf(item),
    ...(task === undefined ? {} : { task: taskView(ctx, item.id, task, served) }),
    ...(message === undefined
      ? {}
      : {
          message: {
            ...(message.text === undefined ? {} : { text: message.text }),
            ...(message.data === undefined ? {} : { data: (served?.data ?? open)(message.data) }),
            ...(message.dataCode === undefined ? {} : { dataStructureDataDefinitionCode: message.dataCode }),
          },
        }),
  };
}

function taskView(ctx: Domain, id: string, task: TaskRecord, served: ServedTask | undefined): ProcessItemTask {
  return {
    state: task.state,
    data: (served?.data ?? open)(task.data),
    ...(task.contextData === undefined ? {} : { contextData: (served?.contextData ?? open)(task.contextData) }),
    logs: findLogs(ctx.store.sql, id).map(({ id: logId, timestamp, message, level }) => ({
      id: logId,
      timestamp,
      message,
      level,
    })),
  };
}

export function processItemPageItem(item: ProcessItemRecord): ProcessItemPageItem {
  const { task, message } = item;
  return {
    ...commonOf(item),
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

function commonOf(item: ProcessItemRecord): Omit<ProcessItemPageItem, 'task' | 'message'> {
  return {
    id: item.id,
    type: item.type,
    processId: item.processId,
    tenantId: item.tenantId,
    ...(item.ownerId === undefined ? {} : { ownerId: item.ownerId }),
    ...(item.definition === undefined ? {} : { processItemDefinitionRef: item.definition }),
    createdBy: item.createdBy,
    createdAt: item.createdAt,
    lastModifiedBy: item.lastModifiedBy,
    lastModifiedAt: item.lastModifiedAt,
  };
}
