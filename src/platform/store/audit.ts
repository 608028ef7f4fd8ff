import type { Columns } from './table.ts';

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

export const DELETION_COLUMNS: Columns<Deletion> = { deletedBy: 'text', deletedAt: 'text' };

export function newAudit(principalId: string, now: string): Audit {
  return { createdBy: principalId, createdAt: now, lastModifiedBy: principalId, lastModifiedAt: now };
}

export function withModification(audit: Audit, principalId: string, now: string): Audit {
  return { createdBy: audit.createdBy, createdAt: audit.createdAt, lastModifiedBy: principalId, lastModifiedAt: now };
}

export const AUDIT_COLUMNS: Columns<Audit> = {
  createdBy: 'text',
  createdAt: 'text',
  lastModifiedBy: 'text',
  lastModifiedAt: 'text',
};
