import type { Json } from '../../base/json.ts';
import type { Sql } from './sql.ts';
import { defineTable, integer, jsonText, text, type RowOf } from './table.ts';

/** A command for the engine. Added in the transaction that causes it, removed when the engine has acknowledged it. */
export type EngineCommand =
  | { readonly kind: 'start-workflow'; readonly workflowType: string; readonly taskQueue: string; readonly input: Json }
  /** Without a payload, the signal does not have an argument. */
  | { readonly kind: 'signal-workflow'; readonly signalName: string; readonly payload?: Json | undefined }
  | { readonly kind: 'cancel-workflow'; readonly reason: string };

/** The workflow of a process has the id of the process; that of an action has its own. */
export interface WorkflowOfProcess {
  readonly workflowId: string;
  readonly processId: string;
}

const COLUMNS = { workflowId: text(), processId: text(), command: jsonText<EngineCommand>() };
export const OUTBOX = defineTable('outbox', { ...COLUMNS, createdAt: text() });
const PENDING = defineTable('outbox', { ...COLUMNS, seq: integer() });
export type PendingCommand = RowOf<typeof PENDING>;

/** The oldest pending command of a workflow. */
export function nextCommand(sql: Sql, workflowId: string): PendingCommand | undefined {
  return PENDING.findOne(sql, 'WHERE workflow_id = ? ORDER BY seq LIMIT 1', [workflowId]);
}

export function removeCommand(sql: Sql, seq: number): void {
  sql.run('DELETE FROM outbox WHERE seq = ?', [seq]);
}

/** Ids of the workflows with pending commands, the longest waiting first. */
export function workflowsWithCommands(sql: Sql): string[] {
  return sql.texts('SELECT workflow_id FROM outbox GROUP BY workflow_id ORDER BY min(seq)');
}
