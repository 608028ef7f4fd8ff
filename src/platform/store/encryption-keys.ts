import type { Sql } from './sql.ts';
import { defineTable, text } from './table.ts';

/** The key of the confidential processes of a definition. It is never changed or removed: running workflows need it. */
export const ENCRYPTION_KEYS = defineTable('encryption_keys', {
  id: text(),
  definitionId: text(),
  /** 32 bytes in base64. */
  value: text(),
  createdAt: text(),
});

/** The id of the key; undefined if the definition does not have one yet. */
export function findKeyIdOfDefinition(sql: Sql, definitionId: string): string | undefined {
  return ENCRYPTION_KEYS.findOne(sql, 'WHERE definition_id = ?', [definitionId])?.id;
}

export function hasEncryptionKeys(sql: Sql): boolean {
  return ENCRYPTION_KEYS.findOne(sql, 'LIMIT 1', []) !== undefined;
}
