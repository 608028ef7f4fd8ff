import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, auditValues, mapAudit, mapDeletion, type Audit, type Deletion } from './audit.ts';
import { optionalTextColumn, textColumn, type SqlRow, type Sql } from './sql.ts';

export type ProcessRowState = 'RUNNING' | 'COMPLETED' | 'CANCELLED';

export interface DefinitionRef {
  readonly id: string;
  readonly version: string;
  readonly code: string;
}

export interface ProcessRow extends Audit, Deletion {
  readonly id: string;
  readonly tenantId: string;
  readonly definition: DefinitionRef;
  readonly state: ProcessRowState;
  readonly initiatorId: string;
  readonly relatedProcessId?: string | undefined;
  readonly metadata: JsonObject;
  readonly entity: JsonObject;
  /** How the workflow ended, once it has: the kind of a `WorkflowOutcome`, and its message unless it completed. */
  readonly workflowOutcome?: string | undefined;
  readonly workflowMessage?: string | undefined;
}

export function mapProcessRow(row: SqlRow): ProcessRow {
  return {
    id: textColumn(row, 'id'),
    tenantId: textColumn(row, 'tenant_id'),
    definition: {
      id: textColumn(row, 'definition_id'),
      version: textColumn(row, 'definition_version'),
      code: textColumn(row, 'definition_code'),
    },
    state: textColumn(row, 'state') as ProcessRowState,
    initiatorId: textColumn(row, 'initiator_id'),
    relatedProcessId: optionalTextColumn(row, 'related_process_id'),
    metadata: JSON.parse(textColumn(row, 'metadata')) as JsonObject,
    entity: JSON.parse(textColumn(row, 'entity')) as JsonObject,
    workflowOutcome: optionalTextColumn(row, 'workflow_outcome'),
    workflowMessage: optionalTextColumn(row, 'workflow_message'),
    ...mapAudit(row),
    ...mapDeletion(row),
  };
}

export function findProcessById(sql: Sql, id: string): ProcessRow | undefined {
  const row = sql.get('SELECT * FROM processes WHERE id = ?', [id]);
  return row === undefined ? undefined : mapProcessRow(row);
}

/** Ids of the processes that were created with `id` as their `relatedProcessId`, oldest first. */
export function findProcessIdsRelatedTo(sql: Sql, id: string): string[] {
  return sql
    .all('SELECT id FROM processes WHERE related_process_id = ? ORDER BY seq', [id])
    .map((row) => textColumn(row, 'id'));
}

/** Ids of the processes whose workflow is not known to have ended, oldest first. */
export function findOpenWorkflowIds(sql: Sql): string[] {
  return sql
    .all('SELECT id FROM processes WHERE workflow_outcome IS NULL ORDER BY seq')
    .map((row) => textColumn(row, 'id'));
}

export function insertProcess(sql: Sql, process: ProcessRow): void {
  sql.run(
    `INSERT INTO processes (id, tenant_id, definition_id, definition_version, definition_code, state, initiator_id, related_process_id, metadata, entity,
       workflow_outcome, workflow_message, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      process.id,
      process.tenantId,
      process.definition.id,
      process.definition.version,
      process.definition.code,
      process.state,
      process.initiatorId,
      process.relatedProcessId ?? null,
      JSON.stringify(process.metadata),
      JSON.stringify(process.entity),
      process.workflowOutcome ?? null,
      process.workflowMessage ?? null,
      ...auditValues(process),
    ],
  );
}

export function updateProcess(sql: Sql, process: ProcessRow): void {
  sql.run(
    `UPDATE processes SET state = ?, initiator_id = ?, metadata = ?, entity = ?, workflow_outcome = ?, workflow_message = ?,
       deleted_by = ?, deleted_at = ?, last_modified_by = ?, last_modified_at = ? WHERE id = ?`,
    [
      process.state,
      process.initiatorId,
      JSON.stringify(process.metadata),
      JSON.stringify(process.entity),
      process.workflowOutcome ?? null,
      process.workflowMessage ?? null,
      process.deletedBy ?? null,
      process.deletedAt ?? null,
      process.lastModifiedBy,
      process.lastModifiedAt,
      process.id,
    ],
  );
}
