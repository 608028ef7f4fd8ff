import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, auditOf, auditValues, type Audit } from './audit.ts';
import type { DefinitionRef } from './processes.ts';
import { integer, optionalText, text, type Row, type Sql, type SqlValue } from './sql.ts';

export type ProcessItemKind = 'TASK' | 'MESSAGE' | 'THREAD';
export type TaskState = 'READY' | 'CLAIMED' | 'COMPLETED' | 'CANCELLED';
export type LogLevel = 'INFO' | 'WARN' | 'ERROR';

export interface TaskRecord {
  readonly state: TaskState;
  readonly data: JsonObject;
  readonly contextData?: JsonObject;
  readonly claimedAt?: string;
  readonly completedAt?: string;
  readonly cancelledAt?: string;
}

export interface MessageRecord {
  readonly text?: string;
  readonly data?: JsonObject;
  readonly dataCode?: string;
}

export interface ProcessItemRecord extends Audit {
  readonly id: string;
  readonly processId: string;
  readonly tenantId: string;
  readonly type: ProcessItemKind;
  /** Absent for a message without a definition of its own. */
  readonly definition?: DefinitionRef;
  readonly ownerId?: string;
  /** Present when `type` is TASK. */
  readonly task?: TaskRecord;
  /** Present when `type` is MESSAGE. */
  readonly message?: MessageRecord;
}

export interface LogRecord {
  readonly id: string;
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly message: string;
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function jsonAt(row: Row, column: string): JsonObject | undefined {
  const value = optionalText(row, column);
  return value === undefined ? undefined : (JSON.parse(value) as JsonObject);
}

function definitionOf(row: Row): DefinitionRef | undefined {
  const id = optionalText(row, 'definition_id');
  return id === undefined
    ? undefined
    : { id, version: text(row, 'definition_version'), code: text(row, 'definition_code') };
}

function taskOf(row: Row): TaskRecord {
  return {
    state: text(row, 'state') as TaskState,
    data: jsonAt(row, 'data') ?? {},
    ...given('contextData', jsonAt(row, 'context_data')),
    ...given('claimedAt', optionalText(row, 'claimed_at')),
    ...given('completedAt', optionalText(row, 'completed_at')),
    ...given('cancelledAt', optionalText(row, 'cancelled_at')),
  };
}

function messageOf(row: Row): MessageRecord {
  return {
    ...given('text', optionalText(row, 'message_text')),
    ...given('data', jsonAt(row, 'message_data')),
    ...given('dataCode', optionalText(row, 'message_data_code')),
  };
}

export function processItemOf(row: Row): ProcessItemRecord {
  const type = text(row, 'type') as ProcessItemKind;
  return {
    id: text(row, 'id'),
    processId: text(row, 'process_id'),
    tenantId: text(row, 'tenant_id'),
    type,
    ...given('definition', definitionOf(row)),
    ...given('ownerId', optionalText(row, 'owner_id')),
    ...(type === 'TASK' ? { task: taskOf(row) } : {}),
    ...(type === 'MESSAGE' ? { message: messageOf(row) } : {}),
    ...auditOf(row),
  };
}

export function findProcessItemById(sql: Sql, id: string): ProcessItemRecord | undefined {
  const row = sql.get('SELECT * FROM process_items WHERE id = ?', [id]);
  return row === undefined ? undefined : processItemOf(row);
}

/** The tasks of a process that are READY or CLAIMED, oldest first. */
export function findActiveTasks(sql: Sql, processId: string): ProcessItemRecord[] {
  return sql
    .all(`SELECT * FROM process_items WHERE process_id = ? AND state IN ('READY', 'CLAIMED') ORDER BY seq`, [processId])
    .map(processItemOf);
}

const asJson = (value: JsonObject | undefined): SqlValue => (value === undefined ? null : JSON.stringify(value));

function changing(item: ProcessItemRecord): SqlValue[] {
  return [
    item.ownerId ?? null,
    item.task?.state ?? null,
    asJson(item.task?.data),
    asJson(item.task?.contextData),
    item.task?.claimedAt ?? null,
    item.task?.completedAt ?? null,
    item.task?.cancelledAt ?? null,
  ];
}

export function insertProcessItem(sql: Sql, item: ProcessItemRecord): void {
  sql.run(
    `INSERT INTO process_items (id, process_id, tenant_id, type, definition_id, definition_version, definition_code, message_text, message_data, message_data_code,
       owner_id, state, data, context_data, claimed_at, completed_at, cancelled_at, ${AUDIT_COLUMNS})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      item.id,
      item.processId,
      item.tenantId,
      item.type,
      item.definition?.id ?? null,
      item.definition?.version ?? null,
      item.definition?.code ?? null,
      item.message?.text ?? null,
      asJson(item.message?.data),
      item.message?.dataCode ?? null,
      ...changing(item),
      ...auditValues(item),
    ],
  );
}

export function updateProcessItem(sql: Sql, item: ProcessItemRecord): void {
  sql.run(
    `UPDATE process_items SET owner_id = ?, state = ?, data = ?, context_data = ?, claimed_at = ?, completed_at = ?, cancelled_at = ?,
       last_modified_by = ?, last_modified_at = ? WHERE id = ?`,
    [...changing(item), item.lastModifiedBy, item.lastModifiedAt, item.id],
  );
}

export function findLogs(sql: Sql, processItemId: string): LogRecord[] {
  return sql.all('SELECT * FROM task_logs WHERE process_item_id = ? ORDER BY seq', [processItemId]).map((row) => ({
    id: text(row, 'id'),
    timestamp: text(row, 'timestamp'),
    level: text(row, 'level') as LogLevel,
    message: text(row, 'message'),
  }));
}

/** Adds an entry and removes the oldest ones beyond `limit`. */
export function appendLog(sql: Sql, processItemId: string, log: LogRecord, limit: number): void {
  sql.run('INSERT INTO task_logs (id, process_item_id, timestamp, level, message) VALUES (?, ?, ?, ?, ?)', [
    log.id,
    processItemId,
    log.timestamp,
    log.level,
    log.message,
  ]);
  const count = integer(
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
