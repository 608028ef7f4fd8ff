import { optional, text } from './table.ts';

/** Who created and last modified a row (principal ids), and when (ISO 8601, UTC). */
export const AUDIT_COLUMNS = {
  createdBy: text(),
  createdAt: text(),
  lastModifiedBy: text(),
  lastModifiedAt: text(),
};

/** Who deleted a row and when; neither if it is not deleted. */
export const DELETION_COLUMNS = { deletedBy: optional(text()), deletedAt: optional(text()) };

type Audit = Readonly<Record<keyof typeof AUDIT_COLUMNS, string>>;

export function newAudit(principalId: string, now: string): Audit {
  return { createdBy: principalId, createdAt: now, lastModifiedBy: principalId, lastModifiedAt: now };
}

export function withModification(audit: Audit, principalId: string, now: string): Audit {
  return { createdBy: audit.createdBy, createdAt: audit.createdAt, lastModifiedBy: principalId, lastModifiedAt: now };
}
