import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, auditValues, mapAudit, mapDeletion, type Audit, type Deletion } from './audit.ts';
import type { DefinitionRef } from './processes.ts';
import { integerColumn, optionalTextColumn, textColumn, type SqlRow, type Sql, type SqlValue } from './sql.ts';

export type ProcessItemKind = 'TASK' | 'MESSAGE' | 'THREAD';
export type TaskState = 'READY' | 'CLAIMED' | 'COMPLETED' | 'CANCELLED';
export type LogLevel = 'INFO' | 'WARN' | 'ERROR';

export interface TaskFields {
  readonly state: TaskState;
  readonly data: JsonObject;
  readonly contextData?: JsonObject | undefined;
  readonly claimedAt?: string | undefined;
  readonly completedAt?: string | undefined;
  readonly cancelledAt?: string | undefined;
}

export interface MessageFields {
  readonly text?: string | undefined;
  readonly data?: JsonObject | undefined;
  readonly dataCode?: string | undefined;
}

/** An item is deleted with its process. */
export interface ProcessItemRow extends Audit, Deletion {
  readonly id: string;
  readonly processId: string;
  readonly tenantId: string;
  readonly type: ProcessItemKind;
  /** Undefined for a message without its own definition. */
  readonly definition?: DefinitionRef | undefined;
  readonly ownerId?: string | undefined;
  /** The thread that a task or message is attached to. */
  readonly threadId?: string | undefined;
  /** Set if `type` is TASK. */
  readonly task?: TaskFields | undefined;
  /** Set if `type` is MESSAGE. */
  readonly message?: MessageFields | undefined;
}

export interface TaskLogRow {
  readonly id: string;
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly message: string;
}

function optionalJsonColumn(row: SqlRow, column: string): JsonObject | undefined {
  const value = optionalTextColumn(row, column);
  return value === undefined ? undefined : (JSON.parse(value) as JsonObject);
}

function mapDefinitionRef(row: SqlRow): DefinitionRef | undefined {
  const id = optionalTextColumn(row, 'definition_id');
  return id === undefined
    ? undefined
    : { id, version: textColumn(row, 'definition_version'), code: textColumn(row, 'definition_code') };
}

function mapTaskFields(row: SqlRow): TaskFields {
  return {
    state: textColumn(row, 'state') as TaskState,
    data: optionalJsonColumn(row, 'data') ?? {},
    contextData: optionalJsonColumn(row, 'context_data'),
    claimedAt: optionalTextColumn(row, 'claimed_at'),
    completedAt: optionalTextColumn(row, 'completed_at'),
    cancelledAt: optionalTextColumn(row, 'cancelled_at'),
  };
}

function mapMessageFields(row: SqlRow): MessageFields {
  return {
    text: optionalTextColumn(row, 'message_text'),
    data: optionalJsonColumn(row, 'message_data'),
    dataCode: optionalTextColumn(row, 'message_data_code'),
  };
}

export function mapProcessItemRow(row: SqlRow): ProcessItemRow {
  const type = textColumn(row, 'type') as ProcessItemKind;
  return {
    id: textColumn(row, 'id'),
    processId: textColumn(row, 'process_id'),
    tenantId: textColumn(row, 'tenant_id'),
    type,
    definition: mapDefinitionRef(row),
    ownerId: optionalTextColumn(row, 'owner_id'),
    threadId: optionalTextColumn(row, 'thread_id'),
    task: type === 'TASK' ? mapTaskFields(row) : undefined,
    message: type === 'MESSAGE' ? mapMessageFields(row) : undefined,
    ...mapAudit(row),
    ...mapDeletion(row),
  };
}

/** The process items with columns of their process: who deleted it and when, and its definition. */
export const PROCESS_ITEMS_WITH_PROCESS = `(
  SELECT i.*, p.deleted_by, p.deleted_at, p.definition_id AS process_definition_id, p.definition_code AS process_definition_code
  FROM process_items i JOIN processes p ON p.id = i.process_id)`;

export function findProcessItemById(sql: Sql, id: string): ProcessItemRow | undefined {
  const row = sql.get(`SELECT * FROM ${PROCESS_ITEMS_WITH_PROCESS} WHERE id = ?`, [id]);
  return row === undefined ? undefined : mapProcessItemRow(row);
}

/** The tasks of a process that are READY or CLAIMED, oldest first. */
export function findActiveTasks(sql: Sql, processId: string): ProcessItemRow[] {
  return sql
    .all(`SELECT * FROM process_items WHERE process_id = ? AND state IN ('READY', 'CLAIMED') ORDER BY seq`, [processId])
    .map(mapProcessItemRow);
}

const toJsonColumn = (value: JsonObject | undefined): SqlValue => (value === undefined ? null : JSON.stringify(value));

function mutableValues(item: ProcessItemRow): SqlValue[] {
  return [
    item.ownerId ?? null,
    item.task?.state ?? null,
    toJsonColumn(item.task?.data),
    toJsonColumn(item.task?.contextData),
    item.task?.claimedAt ?? null,
    item.task?.completedAt ?? null,
    item.task?.cancelledAt ?? null,
  ];
}

export function insertProcessItem(sql: Sql, item: ProcessItemRow): void {
  sql.run(
    `INSERT INTO process_items (id, process_id, tenant_id, type, definition_id, definition_version, definition_code, message_text, message_data, message_data_code,
       thread_id, owner_id, state, data, context_data, claimed_at, completed_at, cancelled_at, ${AUDIT_COLUMNS})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      item.id,
      item.processId,
      item.tenantId,
      item.type,
      item.definition?.id ?? null,
      item.definition?.version ?? null,
      item.definition?.code ?? null,
      item.message?.text ?? null,
      toJsonColumn(item.message?.data),
      item.message?.dataCode ?? null,
      item.threadId ?? null,
      ...mutableValues(item),
      ...auditValues(item),
    ],
  );
}

export function updateProcessItem(sql: Sql, item: ProcessItemRow): void {
  sql.run(
    `UPDATE process_items SET owner_id = ?, state = ?, data = ?, context_data = ?, claimed_at = ?, completed_at = ?, cancelled_at = ?,
       last_modified_by = ?, last_modified_at = ? WHERE id = ?`,
    [...mutableValues(item), item.lastModifiedBy, item.lastModifiedAt, item.id],
  );
}

export function findTaskLogs(sql: Sql, processItemId: string): TaskLogRow[] {
  return sql.all('SELECT * FROM task_logs WHERE process_item_id = ? ORDER BY seq', [processItemId]).map((row) => ({
    id: textColumn(row, 'id'),
    timestamp: textColumn(row, 'timestamp'),
    level: textColumn(row, 'level') as LogLevel,
    message: textColumn(row, 'message'),
  }));
}

/** Adds an entry and removes the oldest ones beyond `limit`. */
export function insertTaskLog(sql: Sql, processItemId: string, log: TaskLogRow, limit: number): void {
  sql.run('INSERT INTO task_logs (id, process_item_id, timestamp, level, message) VALUES (?, ?, ?, ?, ?)', [
    log.id,
    processItemId,
    log.timestamp,
    log.level,
    log.message,
  ]);
  const count = integerColumn(
    sql.get('SELECT count(*) AS total FROM task_logs WHERE process_item_id = ?', [processItemId]) ?? {},
    'total',
  );
  if (count > limit) {
    sql.run(
      'DELETE FROM task_logs WHERE seq IN (SELECT seq FROM task_logs WHERE process_item_id = ? ORDER BY seq LIMIT ?)',
      [processItemId, count - limit],
    );
  }
}
