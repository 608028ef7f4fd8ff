import type { Sql } from './sql.ts';
import { defineTable, integer, optional, text, type RowOf } from './table.ts';

export const DOCUMENTS = defineTable('documents', {
  id: text(),
  /** `{ownerUri}/document/{id}` */
  uri: text(),
  /** `ku:` URI of the resource that the document was uploaded for. */
  ownerUri: text(),
  /** The content file; copies of a document share it. */
  contentId: text(),
  name: text(),
  /** Media type. */
  type: text(),
  /** Bytes. */
  size: integer(),
  /** `ku:` URI of the resource whose value refers to this document, once there is one. */
  linkedTo: optional(text()),
  createdBy: text(),
  createdAt: text(),
});
export type DocumentRow = RowOf<typeof DOCUMENTS>;

export function findDocumentByUri(sql: Sql, uri: string): DocumentRow | undefined {
  return DOCUMENTS.findOne(sql, 'WHERE uri = ?', [uri]);
}

export function linkDocument(sql: Sql, uri: string, linkedTo: string): void {
  sql.run('UPDATE documents SET linked_to = ? WHERE uri = ? AND linked_to IS NULL', [linkedTo, uri]);
}
