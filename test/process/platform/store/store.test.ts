import type { Writable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import { openStore, useWriteAheadLog, type Store } from '../../../../src/platform/store/store.ts';
import { getMeta, setMeta } from '../../../../src/platform/store/people.ts';
import { createSql } from '../../../../src/platform/store/sql.ts';

let folder: string;
let path: string;
let open: Store[] = [];

const opened = (): Store => {
  const store = openStore({ path, clock: systemClock });
  open.push(store);
  return store;
};

const refusal = (): KnownError => {
  try {
    opened();
  } catch (error) {
    if (error instanceof KnownError) return error;
    throw error;
  }
  throw new Error('It was opened');
};

const wayBack = [
  expect.stringMatching(/ dev import <file> --replace --state-dir /),
  expect.stringMatching(/ dev reset --state-dir /),
];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-store-'));
  path = join(folder, 'state', 'platform.db');
});

afterEach(() => {
  for (const store of open) store.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

describe('openStore', () => {
  it('creates a folder and a file that only the owner can read, and keeps committed data', () => {
    const store = opened();
    store.transaction(() => setMeta(store.sql, 'key', 'value'));
    if (process.platform !== 'win32') {
      expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    store.close();
    store.close();
    expect(readdirSync(join(folder, 'state')).filter((name) => /owner|lock/.test(name))).toEqual([]);
    expect(getMeta(opened().sql, 'key')).toBe('value');
  });

  it('syncs fully and uses a write-ahead log, because a journal would never be rolled back', () => {
    const { sql } = opened();
    expect(sql.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(sql.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(sql.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
  });

  it('refuses a database that cannot use a write-ahead log', () => {
    const database = new sqlite.Database(':memory:');
    try {
      expect(() => useWriteAheadLog(createSql(database))).toThrow(
        'its journal mode is memory and cannot be changed to wal',
      );
    } finally {
      database.close();
    }
  });

  it('keeps all committed data, and nothing else, after a kill in the middle of a commit', () => {
    const written = opened();
    const { sql } = written;
    const big = (letter: string): string => letter.repeat(20_000);
    written.transaction(() => setMeta(sql, 'key', big('a')));
    const committed = statSync(`${path}-wal`).size;
    written.transaction(() => setMeta(sql, 'key', big('b')));
    const whole = statSync(`${path}-wal`).size;
    expect(whole).toBeGreaterThan(committed);
    for (const end of [committed, committed + 1, committed + 4200, committed + 12_500, whole]) {
      const killed = join(folder, `killed-${end}`, 'state.db');
      mkdirSync(dirname(killed));
      copyFileSync(path, killed);
      writeFileSync(`${killed}-wal`, readFileSync(`${path}-wal`).subarray(0, end));
      mkdirSync(`${killed}.lock`);
      const store = openStore({ path: killed, clock: systemClock });
      try {
        expect(getMeta(store.sql, 'key'), String(end)).toBe(big(end === whole ? 'b' : 'a'));
        expect(store.sql.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
      } finally {
        store.close();
      }
    }
  });

  it('refuses a file that this process has open', () => {
    opened();
    const error = refusal();
    expect(error.message).toContain(`pid ${process.pid}`);
    expect(error.next.length).toBeGreaterThan(0);
  });

  it.each([
    ['held by a dead process', JSON.stringify({ pid: 2 ** 22 + 17, start: 'linux:boot:1' })],
    ['whose pid now belongs to another process', JSON.stringify({ pid: process.pid, start: 'at:1000' })],
    ['left empty by a power cut', ''],
  ])('takes over a lock %s, and the lock folder of the database library', (_what, holder) => {
    const store = opened();
    store.transaction(() => setMeta(store.sql, 'key', 'value'));
    store.close();
    writeFileSync(`${path}.owner`, holder);
    mkdirSync(`${path}.lock`);
    expect(getMeta(opened().sql, 'key')).toBe('value');
    expect(JSON.parse(readFileSync(`${path}.owner`, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it.runIf(process.platform === 'linux')('takes over the lock of a zombie process', async () => {
    // The shell becomes `sleep`, which never waits for the child it inherits; the child lives until then.
    const parent = spawn('sh', ['-c', 'cat <&3 >/dev/null & echo $!; exec sleep 60 3<&-'], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    if (parent.stdout === null) throw new Error('no output to read');
    const said = once(parent.stdout, 'data');
    try {
      const [first] = (await said) as [Buffer];
      await expect.poll(() => readFileSync(`/proc/${parent.pid ?? 0}/comm`, 'utf8').trim()).toBe('sleep');
      const held = parent.stdio[3] as Writable;
      held.end();
      const pid = Number(first.toString());
      const fields = (): string[] => {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      };
      await expect.poll(() => fields()[0]).toBe('Z');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      opened().close();
      writeFileSync(`${path}.owner`, JSON.stringify({ pid, start: `linux:${boot}:${fields()[19] ?? ''}` }));
      expect(opened().path).toBe(path);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('refuses a file from a newer version and a file that is not a database, and changes neither', () => {
    opened().close();
    const database = new sqlite.Database(path);
    database.exec('PRAGMA locking_mode=exclusive; PRAGMA user_version=999');
    database.close();
    const before = readFileSync(path);
    expect(refusal().message).toContain('newer version');
    expect(readFileSync(path).equals(before)).toBe(true);

    writeFileSync(path, 'This is not a database at all, but long enough to have a header.'.repeat(40));
    const text = readFileSync(path);
    expect(refusal()).toMatchObject({ tried: `open ${path}`, next: wayBack });
    expect(readFileSync(path).equals(text)).toBe(true);
  });

  it.each([
    ['is empty', (): void => writeFileSync(path, '')],
    ['is missing', (): void => rmSync(path)],
    ['has a damaged page', (): void => writeFileSync(path, readFileSync(path).fill(0xaa, 8192, 20_480))],
    ['has a damaged header', (): void => writeFileSync(path, readFileSync(path).fill(0, 0, 100))],
    ['was cut', (): void => writeFileSync(path, readFileSync(path).subarray(0, 6_000))],
  ])('refuses the file of a platform if it %s, and names it and the way back', (_what, damage) => {
    opened().close();
    mkdirSync(join(dirname(path), 'pki'));
    damage();
    const before = existsSync(path) ? readFileSync(path) : undefined;
    expect(refusal()).toMatchObject({
      message: "The local KuFlow's state file is damaged",
      tried: `open ${path}`,
      next: wayBack,
    });
    expect(existsSync(path) ? readFileSync(path) : undefined).toEqual(before);
  });

  it('opens the empty file that a kill during the first start leaves', () => {
    mkdirSync(dirname(path));
    writeFileSync(path, '');
    expect(opened().path).toBe(path);
  });

  it('keeps the write-ahead log small while it runs, and cuts it after a large transaction', () => {
    const store = opened();
    const write = (index: number): void => {
      store.transaction(() => setMeta(store.sql, `key ${index % 20}`, String(index).padEnd(20_000, 'x')));
      expect(getMeta(store.sql, `key ${index % 20}`)).toContain(String(index));
    };
    for (let index = 0; index < 400; index++) write(index);
    const size = (): number => statSync(`${path}-wal`).size;
    expect(size()).toBeLessThan(5_000_000);
    store.transaction(() => {
      for (let index = 0; index < 500; index++) setMeta(store.sql, `large ${index}`, 'x'.repeat(20_000));
    });
    write(1);
    write(2);
    expect(size()).toBeLessThan(5_000_000);
  });
});

describe('transactions', () => {
  it('are rolled back when something is thrown, inner ones together with the outer one', () => {
    const store = opened();
    expect(() =>
      store.transaction(() => {
        store.transaction(() => setMeta(store.sql, 'inner', '1'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(getMeta(store.sql, 'inner')).toBeUndefined();
    store.transaction(() => setMeta(store.sql, 'after', '1'));
    expect(getMeta(store.sql, 'after')).toBe('1');
  });

  it('return what they committed although a step after the commit fails, and run the other steps', () => {
    const failures: unknown[] = [];
    const store = openStore({ path, clock: systemClock, onStepError: (error) => failures.push(error) });
    open.push(store);
    const done: string[] = [];
    const result = store.transaction(() => {
      setMeta(store.sql, 'saved', '1');
      store.afterCommit(() => {
        throw new Error('the step failed');
      });
      store.afterCommit(() => done.push('next step'));
      return 'result';
    });
    expect(result).toBe('result');
    expect(done).toEqual(['next step']);
    expect(failures).toEqual([new Error('the step failed')]);
    expect(getMeta(store.sql, 'saved')).toBe('1');
  });
});

describe('text values', () => {
  it.each([
    ['a NUL', 'before\u0000after'],
    ['lone surrogates', '\ud83d and \ude00, next to 😀'],
    ['the escape character', '\u{10ffff} and \u{10ffff}0;\u0000'],
  ])('may contain %s', (_what, text) => {
    const store = opened();
    setMeta(store.sql, text, text);
    expect(getMeta(store.sql, text)).toBe(text);
    expect(store.sql.all('SELECT value FROM meta WHERE key = ?', [text])).toEqual([{ value: text }]);
  });
});

describe('document contents', () => {
  it('are stored by id, and removed on opening if no document refers to them', async () => {
    const store = opened();
    const id = '018f0000-0000-7000-8000-000000000001';
    store.content.write(id, Buffer.from('bytes'));
    expect(await readText(store.content.read(id))).toBe('bytes');
    store.close();
    writeFileSync(join(folder, 'state', 'documents', 'notes.txt'), 'not ours');
    opened();
    expect(readdirSync(join(folder, 'state', 'documents'))).toEqual(['notes.txt']);
  });
});
