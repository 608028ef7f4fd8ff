import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, auditOf, auditValues, type Audit } from './audit.ts';
import { text, type Row, type Sql } from './sql.ts';

export interface WorkerRecord extends Audit {
  readonly id: string;
  readonly identity: string;
  readonly taskQueue: string;
  /** The other fields of the registration as KuFlow's API names them. */
  readonly registration: JsonObject;
}

function workerOf(row: Row): WorkerRecord {
  return {
    id: text(row, 'id'),
    identity: text(row, 'identity'),
    taskQueue: text(row, 'task_queue'),
    registration: JSON.parse(text(row, 'registration')) as JsonObject,
    ...auditOf(row),
  };
}

export function findWorker(sql: Sql, identity: string, taskQueue: string): WorkerRecord | undefined {
  const row = sql.get('SELECT * FROM workers WHERE identity = ? AND task_queue = ?', [identity, taskQueue]);
  return row === undefined ? undefined : workerOf(row);
}

/** Every worker that ever registered, the one heard of last first. */
export function findWorkers(sql: Sql): WorkerRecord[] {
  return sql.all('SELECT * FROM workers ORDER BY last_modified_at DESC, seq DESC').map(workerOf);
}

export function saveWorker(sql: Sql, worker: WorkerRecord): void {
  sql.run(
    `INSERT INTO workers (id, identity, task_queue, registration, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (identity, task_queue) DO UPDATE SET registration = excluded.registration,
       last_modified_by = excluded.last_modified_by, last_modified_at = excluded.last_modified_at`,
    [worker.id, worker.identity, worker.taskQueue, JSON.stringify(worker.registration), ...auditValues(worker)],
  );
}
