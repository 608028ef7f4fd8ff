import sqlite from 'node-sqlite3-wasm';
import { expect, it } from 'vitest';
import { createSql } from '../../../../src/platform/store/sql.ts';
import { useWriteAheadLog } from '../../../../src/platform/store/write-ahead-log.ts';

it('a database that keeps no log is refused, in place of being used with another journal', () => {
  const database = new sqlite.Database(':memory:');
  try {
    expect(() => useWriteAheadLog(createSql(database))).toThrow(
      'its journal stays in the mode memory, in place of wal',
    );
  } finally {
    database.close();
  }
});
