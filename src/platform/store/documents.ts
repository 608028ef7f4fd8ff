import type { Sql } from './sql.ts';
import { defineTable } from './table.ts';

export interface DocumentRow {
  readonly id: string;
  /** `{ownerUri}/document/{id}` */
  readonly uri: string;
  /** `ku:` URI of the resource that the document was uploaded for. */
  readonly ownerUri: string;
  /** The content file; copies of a document share it. */
  readonly contentId: string;
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** `ku:` URI of the resource whose value refers to this document, once there is one. */
  readonly linkedTo?: string | undefined;
  readonly createdBy: string;
  readonly createdAt: string;
}

const DOCUMENTS = defineTable<DocumentRow>('documents', {
  id: 'text',
  uri: 'text',
  ownerUri: 'text',
  contentId: 'text',
  name: 'text',
  type: 'text',
  size: 'integer',
  linkedTo: 'text',
  createdBy: 'text',
  createdAt: 'text',
});

export function findDocumentByUri(sql: Sql, uri: string): DocumentRow | undefined {
  return DOCUMENTS.findOne(sql, 'WHERE uri = ?', [uri]);
}

export const insertDocument = DOCUMENTS.insert;

export function linkDocument(sql: Sql, uri: string, linkedTo: string): void {
  sql.run('UPDATE documents SET linked_to = ? WHERE uri = ? AND linked_to IS NULL', [linkedTo, uri]);
}
