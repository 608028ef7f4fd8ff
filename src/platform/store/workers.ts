import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, mapAudit, auditValues, type Audit } from './audit.ts';
import { textColumn, type SqlRow, type Sql } from './sql.ts';

export interface WorkerRow extends Audit {
  readonly id: string;
  readonly identity: string;
  readonly taskQueue: string;
  /** The other fields of the registration, with the names in KuFlow's API. */
  readonly registration: JsonObject;
}

function mapWorkerRow(row: SqlRow): WorkerRow {
  return {
    id: textColumn(row, 'id'),
    identity: textColumn(row, 'identity'),
    taskQueue: textColumn(row, 'task_queue'),
    registration: JSON.parse(textColumn(row, 'registration')) as JsonObject,
    ...mapAudit(row),
  };
}

export function findWorker(sql: Sql, identity: string, taskQueue: string): WorkerRow | undefined {
  const row = sql.get('SELECT * FROM workers WHERE identity = ? AND task_queue = ?', [identity, taskQueue]);
  return row === undefined ? undefined : mapWorkerRow(row);
}

/** Every worker that ever registered, the most recent registration first. */
export function findWorkers(sql: Sql): WorkerRow[] {
  return sql.all('SELECT * FROM workers ORDER BY last_modified_at DESC, seq DESC').map(mapWorkerRow);
}

export function saveWorker(sql: Sql, worker: WorkerRow): void {
  sql.run(
    `INSERT INTO workers (id, identity, task_queue, registration, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (identity, task_queue) DO UPDATE SET registration = excluded.registration,
       last_modified_by = excluded.last_modified_by, last_modified_at = excluded.last_modified_at`,
    [worker.id, worker.identity, worker.taskQueue, JSON.stringify(worker.registration), ...auditValues(worker)],
  );
}
