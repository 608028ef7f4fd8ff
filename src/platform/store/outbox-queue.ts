import type { Json } from '../../base/json.ts';
import { textColumn, type Sql } from './sql.ts';
import { defineTable } from './table.ts';

/**
 * A command for the engine. Added in the transaction that causes it, and removed when the engine has acknowledged it.
 */
export type EngineCommand =
  | { readonly kind: 'start-workflow'; readonly workflowType: string; readonly taskQueue: string; readonly input: Json }
  | { readonly kind: 'signal-workflow'; readonly signalName: string; readonly payload?: Json | undefined }
  | { readonly kind: 'cancel-workflow'; readonly reason: string };

export interface PendingCommand {
  readonly seq: number;
  readonly processId: string;
  readonly command: EngineCommand;
}

export function enqueueCommand(sql: Sql, processId: string, command: EngineCommand, now: string): void {
  sql.run('INSERT INTO outbox (process_id, command, created_at) VALUES (?, ?, ?)', [
    processId,
    JSON.stringify(command),
    now,
  ]);
}

const OUTBOX = defineTable<PendingCommand>('outbox', { seq: 'integer', processId: 'text', command: 'json' });

/** The oldest pending command of a process. */
export function nextCommand(sql: Sql, processId: string): PendingCommand | undefined {
  return OUTBOX.findOne(sql, 'WHERE process_id = ? ORDER BY seq LIMIT 1', [processId]);
}

export function removeCommand(sql: Sql, seq: number): void {
  sql.run('DELETE FROM outbox WHERE seq = ?', [seq]);
}

/** Ids of the processes with pending commands, the longest waiting first. */
export function processesWithCommands(sql: Sql): string[] {
  return sql
    .all('SELECT process_id, min(seq) AS first FROM outbox GROUP BY process_id ORDER BY first')
    .map((row) => textColumn(row, 'process_id'));
}
