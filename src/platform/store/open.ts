import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import sqlite from 'node-sqlite3-wasm';

import type { Clock } from '../../base/clock.ts';
import { KnownError, messageOf } from '../../base/errors.ts';
import { openContentFolder, type ContentFolder } from './content.ts';
import { takeOwnerLock } from './owner-lock.ts';
import { MIGRATIONS } from './schema.ts';
import { createSql, type Sql } from './sql.ts';
import { useWriteAheadLog } from './write-ahead-log.ts';
import { ownerLockPath } from './store-path.ts';

/** All state of the platform's REST side: one SQLite file with one owner, and a folder of document bytes. */
export interface Store {
  readonly path: string;
  readonly sql: Sql;
  readonly content: ContentFolder;
  /** Now, ISO 8601 in UTC with milliseconds. */
  now(): string;
  /**
   * Runs `work` and commits, synced to disk when it returns; anything thrown rolls back and is rethrown. Synchronous, so that
   * nothing else runs in between. Inside another transaction it joins that one.
   */
  transaction<T>(work: () => T): T;
  /** Closes and gives the folder free; safe to call twice. */
  close(): void;
}

/**
 * Opens or creates the state file `path` (absolute or relative to the working directory; its folder is made, 0700).
 * Throws a KnownError when another live process owns it, when it was written by a newer version, or when it is no database.
 * After a crash the unfinished transaction is rolled back.
 */
export function openStore(options: { readonly path: string; readonly clock: Clock }): Store {
  const path = resolve(options.path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = takeOwnerLock(ownerLockPath(path), `The local platform's state in ${dirname(path)}`);
  try {
    // The library's own lock is a folder that outlives a killed process. We hold the owner lock, so nobody else can own it.
    rmSync(`${path}.lock`, { recursive: true, force: true });
    return openDatabase(path, options.clock, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openDatabase(path: string, clock: Clock, release: () => void): Store {
  // Credentials of the local platform are in it: readable by nobody else from birth.
  closeSync(openSync(path, 'a', 0o600));
  const database = new sqlite.Database(path);
  const sql = createSql(database);
  try {
    migrate(path, sql);
  } catch (error) {
    sql.finalize();
    database.close();
    throw error;
  }
  const store: Store = {
    path,
    sql,
    content: openContentFolder(join(dirname(path), 'documents')),
    now: () => new Date(clock.now()).toISOString(),
    transaction: (work) => {
      if (database.inTransaction) return work();
      return runInTransaction(sql, () => database.inTransaction, work);
    },
    close: () => {
      if (!database.isOpen) return;
      sql.finalize();
      database.close();
      release();
    },
  };
  store.content.sweep(
    new Set(sql.all('SELECT DISTINCT content_id FROM documents').map((row) => String(row['content_id']))),
  );
  return store;
}

function runInTransaction<T>(sql: Sql, open: () => boolean, work: () => T): T {
  sql.run('BEGIN IMMEDIATE');
  try {
    const result = work();
    sql.run('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (open()) sql.run('ROLLBACK');
    throw error;
  }
}

function migrate(path: string, sql: Sql & { finalize(): void }): void {
  const version = withReadError(path, () => {
    // The owner lock makes us the only one. Exclusive comes first: then a write-ahead log needs no shared memory, which the library lacks.
    sql.exec('PRAGMA locking_mode=exclusive; PRAGMA synchronous=full; PRAGMA foreign_keys=on;');
    return Number(sql.get('PRAGMA user_version')?.['user_version'] ?? 0);
  });
  if (version > MIGRATIONS.length) {
    throw new KnownError({
      message: `The local platform's state was written by a newer version of this tool (state version ${version}, known up to ${MIGRATIONS.length})`,
      tried: `open ${path}`,
      next: ['Use the newer version', `or move ${dirname(path)} away and start with an empty state`],
    });
  }
  // A reset statement keeps no read lock open over the schema change.
  sql.finalize();
  withReadError(path, () => useWriteAheadLog(sql));
  for (let next = version; next < MIGRATIONS.length; next++) {
    runInTransaction(
      sql,
      () => true,
      () => sql.exec(`${MIGRATIONS[next] ?? ''}; PRAGMA user_version=${next + 1};`),
    );
  }
}

function withReadError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new KnownError({
      message: `The local platform's state file can't be read: ${messageOf(error)}`,
      tried: `open ${path}`,
      next: [`Move ${dirname(path)} away and start again: the platform begins with an empty state`],
      cause: error,
    });
  }
}
