import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isUuid } from '../../base/is-uuid.ts';
import { renameFileSync } from '../../files/rename.ts';
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

/** The contents of documents, one file per content id. Written and synced before the row that refers to it is committed. */
export function openContentFolder(folder: string) {
  const pathOf = (contentId: string): string => {
    if (!isUuid(contentId)) throw new Error(`Content id ${contentId} is not a UUID`);
    return join(folder, contentId);
  };
  return {
    write: (contentId: string, bytes: Uint8Array): void => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(contentId);
      const temporary = `${path}.tmp`;
      const file = openSync(temporary, 'w', 0o600);
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameFileSync(temporary, path);
      syncDirectory(folder);
    },
    read: (contentId: string): Readable => createReadStream(pathOf(contentId)),
    /** Removes files that no row refers to: they are left over from a crash between the write and the commit. */
    sweep: (known: ReadonlySet<string>): void => {
      for (const name of listNames(folder)) {
        if (!known.has(name) && isUuid(name.replace(/\.tmp$/, ''))) rmSync(join(folder, name), { force: true });
      }
    },
  };
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function syncDirectory(folder: string): void {
  // Windows can't open a folder to sync it; there the file system's journal makes the rename durable.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
