import type { Sql } from './sql.ts';
import { defineTable } from './table.ts';

/** The key of the confidential processes of a definition. It is never changed or removed: running workflows need it. */
export interface EncryptionKeyRow {
  readonly id: string;
  readonly definitionId: string;
  /** 32 bytes in base64. */
  readonly value: string;
  readonly createdAt: string;
}

const ENCRYPTION_KEYS = defineTable<EncryptionKeyRow>('encryption_keys', {
  id: 'text',
  definitionId: 'text',
  value: 'text',
  createdAt: 'text',
});

export const findEncryptionKey = ENCRYPTION_KEYS.findById;

export function findKeyOfDefinition(sql: Sql, definitionId: string): EncryptionKeyRow | undefined {
  return ENCRYPTION_KEYS.findOne(sql, 'WHERE definition_id = ?', [definitionId]);
}

export function hasEncryptionKeys(sql: Sql): boolean {
  return ENCRYPTION_KEYS.findOne(sql, 'LIMIT 1', []) !== undefined;
}

export const insertEncryptionKey = ENCRYPTION_KEYS.insert;
