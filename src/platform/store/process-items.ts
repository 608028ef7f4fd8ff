import type { JsonObject } from '../../base/json.ts';
import type { ProcessItemTaskLog, ProcessItemTaskState, ProcessItemType } from '../../kuflow/contract/process-items.ts';
import { AUDIT_COLUMNS, DELETION_COLUMNS } from './audit.ts';
import { DEFINITION_REF } from './processes.ts';
import type { Sql } from './sql.ts';
import { defineTable, group, jsonText, optional, text, type RowOf } from './table.ts';

const COLUMNS = {
  id: text(),
  processId: text(),
  tenantId: text(),
  type: text<ProcessItemType>(),
  /** Undefined for a message without its own definition. */
  definition: optional(DEFINITION_REF),
  ownerId: optional(text()),
  /** The thread that a task or message is attached to. */
  threadId: optional(text()),
  /** Set if `type` is TASK. */
  task: optional(
    group({
      state: text<ProcessItemTaskState>(),
      data: jsonText<JsonObject>(),
      contextData: optional(jsonText<JsonObject>()),
      claimedAt: optional(text()),
      completedAt: optional(text()),
      cancelledAt: optional(text()),
    }),
  ),
  /** Set if `type` is MESSAGE. */
  message: optional(
    group({ text: optional(text()), data: optional(jsonText<JsonObject>()), dataCode: optional(text()) }, 'message_'),
  ),
  ...AUDIT_COLUMNS,
};
export const PROCESS_ITEMS = defineTable('process_items', COLUMNS);

/** The process items with columns of their process: who deleted it and when, and its definition. */
export const PROCESS_ITEMS_WITH_PROCESS = `(
  SELECT i.*, p.deleted_by, p.deleted_at, p.definition_id AS process_definition_id, p.definition_code AS process_definition_code
  FROM process_items i JOIN processes p ON p.id = i.process_id)`;

const ITEMS_WITH_PROCESS = defineTable(PROCESS_ITEMS_WITH_PROCESS, { ...COLUMNS, ...DELETION_COLUMNS });
export type ProcessItemRow = RowOf<typeof ITEMS_WITH_PROCESS>;
export type TaskFields = NonNullable<ProcessItemRow['task']>;
export type MessageFields = NonNullable<ProcessItemRow['message']>;

export const { read: readProcessItem, findById: findProcessItemById } = ITEMS_WITH_PROCESS;

/** The tasks of a process that are READY or CLAIMED, oldest first. */
export function findActiveTasks(sql: Sql, processId: string): ProcessItemRow[] {
  return PROCESS_ITEMS.find(sql, "WHERE process_id = ? AND state IN ('READY', 'CLAIMED') ORDER BY seq", [processId]);
}

/** All items of a process, oldest first. */
export function findItemsOfProcess(sql: Sql, processId: string): ProcessItemRow[] {
  return PROCESS_ITEMS.find(sql, 'WHERE process_id = ? ORDER BY seq', [processId]);
}

const TASK_LOGS = defineTable('task_logs', {
  id: text(),
  processItemId: text(),
  timestamp: text(),
  level: text<ProcessItemTaskLog['level']>(),
  message: text(),
});

export function findTaskLogs(sql: Sql, processItemId: string): ProcessItemTaskLog[] {
  const rows = TASK_LOGS.find(sql, 'WHERE process_item_id = ? ORDER BY seq', [processItemId]);
  return rows.map(({ id, timestamp, message, level }) => ({ id, timestamp, message, level }));
}

/** Adds an entry and removes the oldest ones beyond `limit`. */
export function insertTaskLog(sql: Sql, processItemId: string, log: ProcessItemTaskLog, limit: number): void {
  TASK_LOGS.insert(sql, { ...log, processItemId });
  // LIMIT -1 means no limit. The offset skips the entries to keep.
  sql.run(
    'DELETE FROM task_logs WHERE seq IN (SELECT seq FROM task_logs WHERE process_item_id = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)',
    [processItemId, limit],
  );
}
