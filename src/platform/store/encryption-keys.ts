import { defineTable, text } from './table.ts';

/** The key of the confidential processes of a definition. It is never changed or removed: running workflows need it. */
export const ENCRYPTION_KEYS = defineTable('encryption_keys', {
  id: text(),
  definitionId: text(),
  /** 32 bytes in base64. */
  value: text(),
  createdAt: text(),
});
