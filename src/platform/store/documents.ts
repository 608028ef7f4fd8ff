import { integerColumn, optionalTextColumn, textColumn, type Sql } from './sql.ts';

export interface DocumentRow {
  readonly id: string;
  /** `ku:process/{processId}/document/{id}` */
  readonly uri: string;
  readonly processId: string;
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

export function findDocumentByUri(sql: Sql, uri: string): DocumentRow | undefined {
  const row = sql.get('SELECT * FROM documents WHERE uri = ?', [uri]);
  if (row === undefined) return undefined;

  return {
    id: textColumn(row, 'id'),
    uri: textColumn(row, 'uri'),
    processId: textColumn(row, 'process_id'),
    contentId: textColumn(row, 'content_id'),
    name: textColumn(row, 'name'),
    type: textColumn(row, 'type'),
    size: integerColumn(row, 'size'),
    linkedTo: optionalTextColumn(row, 'linked_to'),
    createdBy: textColumn(row, 'created_by'),
    createdAt: textColumn(row, 'created_at'),
  };
}

export function insertDocument(sql: Sql, document: DocumentRow): void {
  sql.run(
    'INSERT INTO documents (id, uri, process_id, content_id, name, type, size, linked_to, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [
      document.id,
      document.uri,
      document.processId,
      document.contentId,
      document.name,
      document.type,
      document.size,
      document.linkedTo ?? null,
      document.createdBy,
      document.createdAt,
    ],
  );
}

export function linkDocument(sql: Sql, uri: string, linkedTo: string): void {
  sql.run('UPDATE documents SET linked_to = ? WHERE uri = ? AND linked_to IS NULL', [linkedTo, uri]);
}
