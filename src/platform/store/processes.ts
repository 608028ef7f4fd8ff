import type { JsonObject } from '../../base/json.ts';
import type { ProcessState } from '../../kuflow/contract/processes.ts';
import { AUDIT_COLUMNS, DELETION_COLUMNS } from './audit.ts';
import type { Sql } from './sql.ts';
import { defineTable, group, jsonText, optional, text, type RowOf } from './table.ts';

/** The version of a definition that a process or an item was created with. */
export const DEFINITION_REF = group({ id: text(), version: text(), code: text() }, 'definition_');
export type DefinitionRef = ProcessRow['definition'];

export const PROCESSES = defineTable('processes', {
  id: text(),
  tenantId: text(),
  definition: DEFINITION_REF,
  state: text<ProcessState>(),
  initiatorId: text(),
  relatedProcessId: optional(text()),
  metadata: jsonText<JsonObject>(),
  entity: jsonText<JsonObject>(),
  /** How the workflow ended, once it has: the kind of a `WorkflowOutcome`, and its message unless it completed. */
  workflowOutcome: optional(text()),
  workflowMessage: optional(text()),
  /** The key of a process that was confidential when it was started; it stays confidential. */
  encryptionKeyId: optional(text()),
  ...AUDIT_COLUMNS,
  ...DELETION_COLUMNS,
});
export type ProcessRow = RowOf<typeof PROCESSES>;

/** Whether one of these IDs is of a confidential process, or of an item in one. */
export function includesConfidential(sql: Sql, ids: readonly string[]): boolean {
  const wanted = 'SELECT value FROM json_each(?)';
  const list = JSON.stringify(ids);
  const found = sql.get(
    `SELECT 1 FROM processes WHERE encryption_key_id IS NOT NULL
       AND id IN (${wanted} UNION ALL SELECT process_id FROM process_items WHERE id IN (${wanted}))`,
    [list, list],
  );
  return found !== undefined;
}

/** Ids of the processes that were created with `id` as their `relatedProcessId`, oldest first. */
export function findProcessIdsRelatedTo(sql: Sql, id: string): string[] {
  return sql.texts('SELECT id FROM processes WHERE related_process_id = ? ORDER BY seq', [id]);
}

/** The processes that don't have the outcome of a workflow, oldest first. */
export function findProcessesWithoutOutcome(sql: Sql): Pick<ProcessRow, 'id' | 'definition'>[] {
  const columns = 'id, definition_id, definition_version, definition_code';
  return sql.all(`SELECT ${columns} FROM processes WHERE workflow_outcome IS NULL ORDER BY seq`).map(PROCESSES.read);
}
