import { integer, optionalText, text, type Sql } from './sql.ts';

export interface DocumentRecord {
  readonly id: string;
  /** `ku:process/{processId}/document/{id}` */
  readonly uri: string;
  readonly processId: string;
  /** The file that holds the bytes; copies of a document share it. */
  readonly contentId: string;
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** `ku:` URI of the resource whose value names this document; absent while nothing does. */
  readonly linkedTo?: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

export function findDocumentByUri(sql: Sql, uri: string): DocumentRecord | undefined {
  const row = sql.get('SELECT * FROM documents WHERE uri = ?', [uri]);
  if (row === undefined) return undefined;
  const linkedTo = optionalText(row, 'linked_to');
  return {
    id: text(row, 'id'),
    uri: text(row, 'uri'),
    processId: text(row, 'process_id'),
    contentId: text(row, 'content_id'),
    name: text(row, 'name'),
    type: text(row, 'type'),
    size: integer(row, 'size'),
    ...(linkedTo === undefined ? {} : { linkedTo }),
    createdBy: text(row, 'created_by'),
    createdAt: text(row, 'created_at'),
  };
}

export function insertDocument(sql: Sql, document: DocumentRecord): void {
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
