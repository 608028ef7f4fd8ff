import { optionalTextColumn, textColumn, type SqlRow, type SqlValue } from './sql.ts';

/** Who created and last modified a row (principal ids), and when (ISO 8601, UTC). */
export interface Audit {
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastModifiedBy: string;
  readonly lastModifiedAt: string;
}

/** Who deleted a row and when; neither if it is not deleted. */
export interface Deletion {
  readonly deletedBy?: string | undefined;
  readonly deletedAt?: string | undefined;
}

export function mapDeletion(row: SqlRow): Deletion {
  return { deletedBy: optionalTextColumn(row, 'deleted_by'), deletedAt: optionalTextColumn(row, 'deleted_at') };
}

export function newAudit(principalId: string, now: string): Audit {
  return { createdBy: principalId, createdAt: now, lastModifiedBy: principalId, lastModifiedAt: now };
}

export function withModification(audit: Audit, principalId: string, now: string): Audit {
  return { createdBy: audit.createdBy, createdAt: audit.createdAt, lastModifiedBy: principalId, lastModifiedAt: now };
}

export const AUDIT_COLUMNS = 'created_by, created_at, last_modified_by, last_modified_at';

export function auditValues(audit: Audit): SqlValue[] {
  return [audit.createdBy, audit.createdAt, audit.lastModifiedBy, audit.lastModifiedAt];
}

export function mapAudit(row: SqlRow): Audit {
  return {
    createdBy: textColumn(row, 'created_by'),
    createdAt: textColumn(row, 'created_at'),
    lastModifiedBy: textColumn(row, 'last_modified_by'),
    lastModifiedAt: textColumn(row, 'last_modified_at'),
  };
}
