import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS } from './audit.ts';
import type { Sql } from './sql.ts';
import { defineTable, jsonText, text, type RowOf } from './table.ts';

const WORKERS = defineTable('workers', {
  id: text(),
  identity: text(),
  taskQueue: text(),
  /** The other fields of the registration, with the names in KuFlow's API. */
  registration: jsonText<JsonObject>(),
  ...AUDIT_COLUMNS,
});
export type WorkerRow = RowOf<typeof WORKERS>;

export function findWorker(sql: Sql, identity: string, taskQueue: string): WorkerRow | undefined {
  return WORKERS.findOne(sql, 'WHERE identity = ? AND task_queue = ?', [identity, taskQueue]);
}

/** Every worker that ever registered, the most recent registration first. */
export function findWorkers(sql: Sql): WorkerRow[] {
  return WORKERS.find(sql, 'ORDER BY last_modified_at DESC, seq DESC');
}

export function saveWorker(sql: Sql, worker: WorkerRow): void {
  WORKERS.insert(
    sql,
    worker,
    `ON CONFLICT (identity, task_queue) DO UPDATE SET registration = excluded.registration,
       last_modified_by = excluded.last_modified_by, last_modified_at = excluded.last_modified_at`,
  );
}
