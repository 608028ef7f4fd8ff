import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../../../src/platform/store/schema.ts';
import { bundleForNode } from '../../../support/supervisor-entry.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

/** The tables of a state file of version 4, in which three commands wait for the engine. */
const OLD_STATE = join(import.meta.dirname, '..', '..', '..', 'support', 'state-version-4.sql');
const OLD_VERSION = 4;
const SAMPLE = process.env['KUFLOW_SOAK'] === '1' ? Infinity : 8;
/** Each of hundreds of writes starts two programs. */
const LIMIT = SAMPLE === Infinity ? 3_600_000 : 180_000;

const newFolder = temporaryFolders();
let child: string;
let old: string;

beforeAll(async () => {
  child = await bundleForNode('test/support/upgrade-child.ts', 'packages');
});

beforeEach(() => {
  old = newFolder();
  const database = new sqlite.Database(join(old, 'state.db'));
  database.exec(
    `PRAGMA journal_mode=wal; PRAGMA foreign_keys=off; ${readFileSync(OLD_STATE, 'utf8')} PRAGMA user_version=${OLD_VERSION};`,
  );
  database.close();
});

/** Upgrades the state in a folder. With a step, the process is killed before that write. */
function upgrade(folder: string, step: number | 'none'): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, [child, join(folder, 'state.db'), String(step)], { encoding: 'utf8' });
}

function copyOfOld(): string {
  const folder = newFolder();
  cpSync(old, folder, { recursive: true });
  return folder;
}

/** The rows of all tables and the version, read from a copy. */
function contentOf(folder: string, file = 'state.db'): { readonly version: unknown; readonly tables: object } {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, `${file}.lock`), { recursive: true, force: true });
  const database = new sqlite.Database(join(copy, file));
  try {
    database.exec('PRAGMA locking_mode=exclusive');
    const rowsOf = (name: string): readonly object[] => database.all(`SELECT * FROM "${name}" ORDER BY rowid`);
    const tables = database.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    return {
      version: database.get('PRAGMA user_version')?.['user_version'],
      tables: Object.fromEntries(tables.map(({ name }) => [name as string, rowsOf(name as string)] as const)),
    };
  } finally {
    database.close();
  }
}

describe('the upgrade of a state file of an older version', () => {
  it('keeps its processes, documents and commands', () => {
    const folder = copyOfOld();
    expect(upgrade(folder, 'none').status).toBe(0);
    const { version, tables } = contentOf(folder);
    const before = contentOf(old).tables as Record<string, readonly object[]>;
    expect(version).toBe(MIGRATIONS.length);
    expect(before['processes']?.length).toBeGreaterThan(0);
    expect(before['outbox']?.length).toBe(3);
    for (const [name, rows] of Object.entries(before))
      expect((tables as Record<string, unknown>)[name], name).toHaveLength(rows.length);
    expect(tables).toMatchObject({ processes: before['processes'], process_items: before['process_items'] });
  });

  it(
    'leaves the old state or the new one after a kill at each of its writes, and the next start completes it',
    () => {
      const whole = copyOfOld();
      const writes = Number(upgrade(whole, 'none').stdout);
      expect(writes).toBeGreaterThan(20);
      const states = { before: contentOf(old), after: contentOf(whole) };
      const seen = new Set<unknown>();
      const every = Math.max(1, writes / SAMPLE);
      for (let at = 0; at < writes; at += every) {
        const step = Math.floor(at);
        const folder = copyOfOld();
        expect(upgrade(folder, step).signal, `write ${step}`).toBe('SIGKILL');
        const left = contentOf(folder);
        seen.add(left.version);
        expect(left, `write ${step}`).toEqual(left.version === OLD_VERSION ? states.before : states.after);
        if (existsSync(join(folder, 'state.db.old'))) expect(contentOf(folder, 'state.db.old')).toEqual(states.before);
        expect(upgrade(folder, 'none'), `after write ${step}`).toMatchObject({ status: 0, stderr: '' });
        expect(contentOf(folder), `after write ${step}`).toEqual(states.after);
        expect(readdirSync(folder).filter((name) => name.includes('.old'))).toEqual([]);
      }
      expect(seen).toEqual(new Set([OLD_VERSION, MIGRATIONS.length]));
    },
    LIMIT,
  );
});
