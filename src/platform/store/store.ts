import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import sqlite from 'node-sqlite3-wasm';

import type { Clock } from '../../base/clock.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { KnownError, messageOf } from '../../base/errors.ts';
import { formatPathOption } from '../../base/shell.ts';
import { createPlatformClock } from '../shared/platform-clock.ts';
import { openContentFolder } from './documents.ts';
import { takeOwnerLock } from './owner-lock.ts';
import { getMeta, setMeta } from './people.ts';
import { MIGRATIONS } from './migrations.ts';
import { createSql, type Sql } from './sql.ts';

/** SQLite empties the write-ahead log at about this size; after a larger transaction, it is cut to this size. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;
/** The entry in `meta` with the milliseconds that were skipped. */
const CLOCK_AHEAD = 'clock-ahead';

export interface StoreOptions {
  readonly path: string;
  /** Real time. */
  readonly clock: Clock;
  /** False: a crash of the machine can damage the file, and writing is faster. Default: true. */
  readonly durable?: boolean | undefined;
  /** Called with the error of a step after a commit. Without it, such an error is uncaught and ends the process. */
  readonly onStepError?: ((error: unknown) => void) | undefined;
}

/**
 * All state behind the REST API: one SQLite file with one owner, and a folder with the contents of documents.
 *
 * Opens or creates the file `path`, which may be relative to the working directory, and its folder (0700). After a crash, rolls back the unfinished
 * transaction. Throws KnownError if another running process owns the file, if a newer version wrote it, or if it is not a database.
 */
export function openStore(options: StoreOptions) {
  const path = resolve(options.path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = takeOwnerLock(path);
  try {
    // The library's own lock is a folder that survives a killed process. Nobody else holds it: we have the owner lock.
    rmSync(`${path}.lock`, { recursive: true, force: true });
    return openDatabase(path, options, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

export type Store = ReturnType<typeof openStore>;

function openDatabase(
  path: string,
  { clock: realClock, durable = true, onStepError = throwLater }: StoreOptions,
  release: () => void,
) {
  rejectLostDatabase(path);
  // Contains credentials of the local platform, so nobody else may ever be able to read it.
  closeSync(openSync(path, 'a', 0o600));
  const database = new sqlite.Database(path);
  const sql = createSql(database);
  try {
    migrate(path, sql, durable);
  } catch (error) {
    sql.finalize();
    database.close();
    throw error;
  }
  let committed: (() => void)[] = [];
  const runStep = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      onStepError(error);
    }
  };
  /**
   * Runs `work` and commits; the data is synced to disk when it returns. If `work` throws, rolls back and rethrows.
   * Synchronous, so that nothing else runs in between. Inside another transaction it joins that one.
   */
  const transaction = <T>(work: () => T): T => {
    if (database.inTransaction) return work();
    committed = [];
    const result = runInTransaction(sql, () => database.inTransaction, work);
    const steps = committed;
    committed = [];
    for (const step of steps) runStep(step);
    return result;
  };
  const clock = createPlatformClock(realClock, Number(getMeta(sql, CLOCK_AHEAD) ?? 0), (ahead) =>
    transaction(() => setMeta(sql, CLOCK_AHEAD, String(ahead))),
  );
  /** Now on `clock`, ISO 8601 in UTC with milliseconds. */
  const now = (): string => new Date(clock.now()).toISOString();
  const content = openContentFolder(join(dirname(path), 'documents'));
  content.sweep(new Set(sql.texts('SELECT DISTINCT content_id FROM documents')));
  return {
    path,
    sql,
    content,
    /** How far it is ahead is part of the state. */
    clock,
    now,
    transaction,
    /**
     * Runs `work` once the transaction has committed, and never if it is rolled back. Outside of a transaction, runs it now. An error of `work`
     * goes to `onStepError`, because the change is saved and the other steps still have to run.
     */
    afterCommit: (work: () => void): void => {
      if (database.inTransaction) committed.push(work);
      else runStep(work);
    },
    /** Writes to the file. Throws an error that names the file if that is not possible, for example on a full disk. */
    checkWritable: (): void => {
      try {
        transaction(() => setMeta(sql, 'checked', now()));
      } catch (error) {
        throw new Error(`${basename(path)} can't be written: ${messageOf(error)}`, { cause: error });
      }
    },
    /** Closes the file and releases the folder. Safe to call twice. */
    close: (): void => {
      if (!database.isOpen) return;
      sql.finalize();
      database.close();
      release();
    },
  };
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** The keys are created after the database, so that a platform with keys had one. */
function rejectLostDatabase(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if ((stats?.size ?? 0) > 0 || !existsSync(join(dirname(path), 'pki'))) return;
  throw damagedError(path, stats === undefined ? 'it is missing' : 'it is empty');
}

function damagedError(path: string, seen: string, cause?: unknown): KnownError {
  const folder = dirname(path);
  const kuflow = cliInvocation(folder);
  const option = formatPathOption('--state-dir', folder);
  return new KnownError({
    message: "The local KuFlow's state file is damaged",
    tried: `open ${path}`,
    seen,
    next: [
      `Restore an export: ${kuflow} dev import <file> --replace${option}`,
      `Or start again with an empty state: ${kuflow} dev reset${option}`,
    ],
    cause,
  });
}

function runInTransaction<T>(sql: Sql, open: () => boolean, work: () => T): T {
  sql.run('BEGIN IMMEDIATE');
  try {
    const result = work();
    sql.run('COMMIT');
    return result;
  } catch (error) {
    // On a full disk SQLite may have rolled back already.
    if (open()) sql.run('ROLLBACK');
    throw error;
  }
}

function migrate(path: string, sql: Sql, durable: boolean): void {
  const version = withReadError(path, () => {
    // Exclusive locking must come first: then a write-ahead log needs no shared memory, which the library lacks.
    sql.exec(`PRAGMA locking_mode=exclusive; PRAGMA synchronous=${durable ? 'full' : 'off'}; PRAGMA foreign_keys=on;`);
    return Number(sql.get('PRAGMA user_version')?.['user_version'] ?? 0);
  });
  if (version > MIGRATIONS.length) {
    throw new KnownError({
      message: `The local KuFlow's state was written by a newer version of this tool (state version ${version}; this version supports up to ${MIGRATIONS.length})`,
      tried: `open ${path}`,
      next: ['Use the newer version', `Or move ${dirname(path)} away to start with an empty state`],
    });
  }
  // Open statements would keep a read lock during the schema change.
  sql.finalize();
  withReadError(path, () => {
    useWriteAheadLog(sql);
    sql.exec(`PRAGMA journal_size_limit=${MAX_LOG_BYTES}`);
    const found = String(sql.get('PRAGMA quick_check(1)')?.['quick_check']);
    if (found !== 'ok') throw new Error(found);
    if (version === MIGRATIONS.length) return;
    // All at once: after a kill, the file has the old state or the new.
    const steps = MIGRATIONS.slice(version).join(';');
    runInTransaction(
      sql,
      () => true,
      () => sql.exec(`${steps}; PRAGMA user_version=${MIGRATIONS.length};`),
    );
  });
}

function withReadError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw damagedError(path, messageOf(error), error);
  }
}

/**
 * Makes the database, which is locked exclusively, use a write-ahead log. A rollback journal is not safe here: the
 * library takes its own lock for that of another process, so it never plays a journal back, and a kill during a commit
 * would leave half of it. Throws if the mode cannot be changed.
 */
export function useWriteAheadLog(sql: Sql): void {
  // If SQLite cannot change the mode, it returns the old one without an error.
  const mode = String(sql.get('PRAGMA journal_mode=wal')?.['journal_mode']);
  sql.finalize();
  if (mode !== 'wal') throw new Error(`its journal mode is ${mode} and cannot be changed to wal`);
}
