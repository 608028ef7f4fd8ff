import type { Sql } from './sql.ts';

/**
 * Makes the database, locked exclusively, keep a write-ahead log. Not a rollback journal: the library never plays one back, since it takes its
 * own lock for that of another process, which would be writing the journal just now, and a kill in the middle of a commit would leave half of
 * it. Throws an Error where the mode can't be changed.
 */
export function useWriteAheadLog(sql: Sql & { finalize(): void }): void {
  // SQLite keeps the mode that was, without an error.
  const mode = String(sql.get('PRAGMA journal_mode=wal')?.['journal_mode']);
  sql.finalize();
  if (mode !== 'wal') throw new Error(`its journal stays in the mode ${mode}, in place of wal`);
}
