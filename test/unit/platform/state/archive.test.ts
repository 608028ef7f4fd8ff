import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import { exportState } from '../../../../src/platform/state/export.ts';
import { importState, unpackArchive } from '../../../../src/platform/state/import.ts';
import { measureState, removeState } from '../../../../src/platform/state/reset.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { databasePath, takeOwnerLock } from '../../../../src/platform/store/owner-lock.ts';
import { getMeta, setMeta } from '../../../../src/platform/store/people.ts';
import { MIGRATIONS } from '../../../../src/platform/store/migrations.ts';
import { treeOf } from '../../../support/tree.ts';
import { until } from '../../../support/until.ts';

let folder: string;
let stateDir: string;
let archive: string;
const DOCUMENT = 'documents/0190e3c1-0000-7000-8000-000000000001';

function createState(path: string, mark: string): void {
  const store = openStore({ path: databasePath(path), clock: systemClock });
  store.transaction(() => setMeta(store.sql, 'mark', mark));
  store.close();
  mkdirSync(join(path, 'documents'));
  mkdirSync(join(path, 'pki'));
  mkdirSync(join(path, 'worker'));
  writeFileSync(join(path, DOCUMENT), `document of ${mark}`);
  writeFileSync(join(path, 'pki/ca.key'), 'key', { mode: 0o600 });
  writeFileSync(join(path, 'pki/ca.pem'), 'certificate', { mode: 0o644 });
  writeFileSync(join(path, 'temporal-1.9.1.db'), `history of ${mark}`);
  writeFileSync(join(path, 'temporal.log'), 'log');
  writeFileSync(join(path, 'worker/token.pem'), 'old');
}

function markOf(path: string): string | undefined {
  const store = openStore({ path: databasePath(path), clock: systemClock });
  try {
    return getMeta(store.sql, 'mark');
  } finally {
    store.close();
  }
}

const exported = () => exportState({ stateDir, file: archive, replace: false, version: '1.2.3' });
const failure = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KnownError);
  return (error as KnownError).message;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-state-'));
  stateDir = join(folder, 'dev');
  archive = join(folder, 'state.tar.gz');
  createState(stateDir, 'first');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openFilesIn = (folder: string): readonly string[] =>
  readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // It listed the folder.
        return '';
      }
    })
    .filter((path) => path.startsWith(folder));

describe('exported state', () => {
  it('is restored in another folder, without logs and what each start writes, and only its owner can read it', async () => {
    expect(await exported()).toEqual({ bytes: statSync(archive).size, files: 5 });
    if (process.platform !== 'win32') expect(statSync(archive).mode & 0o777).toBe(0o600);
    const other = join(folder, 'elsewhere/dev');
    expect(await importState({ stateDir: other, file: archive, replace: false })).toMatchObject({
      manifest: { version: '1.2.3', files: 5 },
      files: 5,
      replaced: false,
    });
    expect(readdirSync(other, { recursive: true }).map(String).sort()).toEqual(
      ['documents', DOCUMENT, 'pki', 'pki/ca.key', 'pki/ca.pem', 'state.db', 'temporal-1.9.1.db'].map((path) =>
        join(path),
      ),
    );
    if (process.platform !== 'win32') {
      expect(statSync(join(other, 'pki/ca.key')).mode & 0o777).toBe(0o600);
      expect(statSync(join(other, 'pki/ca.pem')).mode & 0o777).toBe(0o644);
      expect(statSync(other).mode & 0o777).toBe(0o700);
    }
    expect(readFileSync(join(other, DOCUMENT), 'utf8')).toBe('document of first');
    expect(markOf(other)).toBe('first');
    // Nothing is left in the exported folder.
    expect(readdirSync(stateDir).filter((name) => /manifest|kuflow-state|owner/.test(name))).toEqual([]);
  });

  it('contains changes that are only in the write-ahead log, after a crash', async () => {
    const crashed = join(folder, 'crashed');
    const store = openStore({ path: databasePath(crashed), clock: systemClock });
    store.transaction(() => setMeta(store.sql, 'mark', 'in the log'));
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    for (const name of ['state.db', 'state.db-wal']) writeFileSync(join(copy, name), readFileSync(join(crashed, name)));
    store.close();
    await exportState({ stateDir: copy, file: archive, replace: false, version: '1' });
    const other = join(folder, 'other');
    await importState({ stateDir: other, file: archive, replace: false });
    expect(markOf(other)).toBe('in the log');
  });

  it('does not overwrite a file or a state unless that is requested', async () => {
    await exported();
    const before = readFileSync(archive);
    expect(await failure(exported())).toBe(`${archive} already exists`);
    expect(readFileSync(archive).equals(before)).toBe(true);
    await exportState({ stateDir, file: archive, replace: true, version: '2.0.0' });
    expect(readFileSync(archive).equals(before)).toBe(false);

    const other = join(folder, 'other');
    createState(other, 'second');
    writeFileSync(join(other, 'notes.txt'), 'mine');
    const tree = treeOf(other);
    expect(await failure(importState({ stateDir: other, file: archive, replace: false }))).toContain(
      'already has a state',
    );
    expect(treeOf(other)).toEqual(tree);
    expect(await importState({ stateDir: other, file: archive, replace: true })).toMatchObject({ replaced: true });
    expect(markOf(other)).toBe('first');
    expect(readdirSync(other).sort()).toEqual(['documents', 'notes.txt', 'pki', 'state.db', 'temporal-1.9.1.db']);
  });

  it('is neither written, restored nor removed while a local KuFlow runs; the error has its pid', async () => {
    await exported();
    const lock = takeOwnerLock(databasePath(stateDir));
    const tree = treeOf(folder);
    const message = `The local KuFlow is running (pid ${process.pid})`;
    expect(await failure(exportState({ stateDir, file: archive, replace: true, version: '1' }))).toBe(message);
    expect(await failure(importState({ stateDir, file: archive, replace: true }))).toBe(message);
    expect(await failure(removeState(stateDir))).toBe(message);
    expect(treeOf(folder)).toEqual(tree);
    lock.release();
  });

  it('is not written from an empty folder', async () => {
    const empty = join(folder, 'empty');
    expect(await failure(exportState({ stateDir: empty, file: archive, replace: false, version: '1' }))).toContain(
      'Nothing to export',
    );
    expect(readdirSync(folder)).toEqual(['dev']);
  });
});

describe('removed state', () => {
  it('leaves other files of the folder, and without them no folder', async () => {
    expect(await measureState(stateDir)).toBeGreaterThan(1000);
    writeFileSync(join(stateDir, 'notes.txt'), 'mine');
    await removeState(stateDir);
    expect(readdirSync(stateDir)).toEqual(['notes.txt']);
    expect(await measureState(stateDir)).toBeUndefined();
    rmSync(join(stateDir, 'notes.txt'));
    rmSync(stateDir, { recursive: true });
    createState(stateDir, 'again');
    await removeState(stateDir);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is removed through a link to its folder, which stays', async () => {
    const link = join(folder, 'link');
    symlinkSync(stateDir, link, 'junction');
    await removeState(link);
    expect(readdirSync(stateDir)).toEqual([]);
    expect(readdirSync(link)).toEqual([]);
    createState(link, 'again');
    expect(await measureState(stateDir)).toBeGreaterThan(1000);
  });

  it('does not remove what a link in the folder points to', async () => {
    if (process.platform === 'win32') return;
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'x');
    rmSync(join(stateDir, 'documents'), { recursive: true });
    symlinkSync(outside, join(stateDir, 'documents'));
    await removeState(stateDir);
    expect(readdirSync(outside)).toEqual(['precious']);
  });
});

interface Entry {
  readonly path: string;
  readonly content?: Buffer;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'CharacterDevice';
  readonly linkpath?: string;
}

function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = Buffer.alloc(0), type = 'File', linkpath }) => {
    const header = Buffer.alloc(512);
    const fields = { path, size: content.length, type, mode: 0o600, ...(linkpath === undefined ? {} : { linkpath }) };
    new Header(fields).encode(header);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('an archive that is not valid', () => {
  let database: Buffer;
  let present: string;
  const state = (): Entry => ({ path: 'state.db', content: database });
  const manifest = (changes: object = {}): Entry => ({
    path: 'kuflow-state.json',
    content: Buffer.from(
      JSON.stringify({ format: 1, version: '9.9.9', createdAt: '2026-01-01T00:00:00Z', ...changes }),
    ),
  });
  const archiveOf = (...entries: readonly Entry[]): Buffer => gzipSync(tarOf([manifest(), ...entries]));
  const withState = (...more: readonly Entry[]): Buffer => archiveOf(state(), ...more);
  const newerDatabase = (): Buffer => {
    const newer = Buffer.from(database);
    newer.writeUInt32BE(MIGRATIONS.length + 1, 60);
    return newer;
  };

  beforeEach(() => {
    database = readFileSync(join(stateDir, 'state.db'));
    present = join(folder, 'present');
    createState(present, 'present');
  });

  it('is imported if nothing in it is wrong', async () => {
    writeFileSync(archive, withState());
    await importState({ stateDir: present, file: archive, replace: true });
    expect(markOf(present)).toBe('first');
  });

  const evil: Entry = { path: '../evil', content: Buffer.from('evil') };
  const cases: Readonly<Record<string, readonly [() => Buffer, string]>> = {
    'with a path outside of the folder': [() => withState(evil), '"../evil"'],
    'with an absolute path': [() => withState({ path: join(folder, 'evil'), content: Buffer.from('x') }), 'evil'],
    'with a path below another file': [
      () => withState({ path: 'state.db/x', content: Buffer.from('x') }),
      'state.db/x',
    ],
    'with a symbolic link': [() => withState({ path: 'documents', type: 'SymbolicLink', linkpath: '..' }), 'documents'],
    'with a symbolic link that has the name of a file': [
      () => archiveOf({ path: 'state.db', type: 'SymbolicLink', linkpath: '/etc/passwd' }),
      'state.db',
    ],
    'with a hard link': [() => withState({ path: DOCUMENT, type: 'Link', linkpath: 'state.db' }), DOCUMENT],
    'with a device': [() => withState({ path: DOCUMENT, type: 'CharacterDevice' }), DOCUMENT],
    'with a folder': [() => withState({ path: 'documents/', type: 'Directory' }), 'documents'],
    'with a file that is not part of a state': [
      () => withState({ path: 'pki/other.key', content: Buffer.from('x') }),
      'pki/other.key',
    ],
    'with the same file twice': [() => withState(state()), 'state.db'],
    'in which a byte has changed': [
      () => {
        // Stored without compression, so that only the checksum reveals it.
        const bytes = gzipSync(tarOf([manifest(), state()]), { level: 0 });
        bytes[bytes.length - 3000] = (bytes[bytes.length - 3000] ?? 0) ^ 1;
        return bytes;
      },
      'not a .tar.gz file, or it is damaged',
    ],
    'with a damaged header': [
      () => {
        const bytes = tarOf([manifest(), state(), { path: DOCUMENT, content: randomBytes(300_000) }]);
        bytes[1024] = (bytes[1024] ?? 0) ^ 1;
        return gzipSync(bytes);
      },
      'it is damaged (TAR_ENTRY_INVALID: checksum failure)',
    ],
    'without a database': [() => archiveOf(), 'does not contain state.db'],
    'with another file as its database': [
      () => {
        const text = { path: 'state.db', content: Buffer.from('not a database') };
        return archiveOf(text);
      },
      'not a database',
    ],
    'of a newer format': [
      () => gzipSync(tarOf([manifest({ format: 2, createdAt: {} }), state()])),
      'newer version of this tool (9.9.9)',
    ],
    'with a newer database': [
      () => archiveOf({ path: 'state.db', content: newerDatabase() }),
      'newer version of this tool (9.9.9)',
    ],
    'whose description is not JSON': [
      () => gzipSync(tarOf([{ path: 'kuflow-state.json', content: Buffer.from('{') }, state()])),
      'not written by',
    ],
    'whose description is incomplete': [
      () => gzipSync(tarOf([manifest({ version: undefined }), state()])),
      'not valid',
    ],
    'with a description of 1 MB': [
      () => gzipSync(tarOf([{ path: 'kuflow-state.json', content: Buffer.alloc(1024 * 1024, 32) }])),
      'too large',
    ],
    'without a file that was exported': [
      () => gzipSync(tarOf([manifest({ files: 2 }), state()])),
      'it contains 1 of 2 files of the state',
    ],
    'without a description': [() => gzipSync(tarOf([state()])), 'not written by'],
    'that is empty': [() => Buffer.alloc(0), 'not a .tar.gz file'],
    'that only compresses nothing': [() => gzipSync(Buffer.alloc(0)), 'it is damaged'],
    'that is not compressed': [() => gunzipSync(withState()), 'not a .tar.gz file'],
    'that is compressed twice': [() => gzipSync(withState()), 'not written by'],
    'that is cut off': [
      () => {
        const whole = withState();
        return whole.subarray(0, whole.length - 40);
      },
      'not a .tar.gz file, or it is damaged',
    ],
    'that is cut off after several files': [
      () => {
        const documents = [1, 2, 3, 4, 5].map((digit) => ({
          path: `documents/0190e3c1-0000-7000-8000-00000000000${digit}`,
          content: randomBytes(300),
        }));
        return archiveOf(...documents, state()).subarray(0, 2000);
      },
      'not a .tar.gz file, or it is damaged',
    ],
    'that ends within a file': [() => gzipSync(tarOf([manifest(), state()]).subarray(0, 4096)), ''],
  };

  it('that does not exist is reported before the present state', async () => {
    const file = join(folder, 'none.tar.gz');
    const message = await failure(importState({ stateDir: present, file, replace: false }));
    expect(message).toContain('none.tar.gz cannot be imported: it does not exist');
  });

  it.each(Object.entries(cases))('%s is refused and changes nothing', async (_what, [bytes, reason]) => {
    writeFileSync(archive, bytes());
    const before = treeOf(folder);
    const message = await failure(importState({ stateDir: present, file: archive, replace: true }));
    expect(message).toMatch(/cannot be imported: /);
    expect(message).toContain(reason);
    expect(treeOf(folder)).toEqual(before);
    // Windows would keep the folder.
    if (process.platform === 'linux') expect(openFilesIn(folder)).toEqual([]);
    const fresh = join(folder, 'fresh');
    await failure(importState({ stateDir: fresh, file: archive, replace: false }));
    expect(readdirSync(folder)).not.toContain('fresh');
  });

  it('is not decompressed beyond a limit, even after its end', async () => {
    writeFileSync(archive, gzipSync(Buffer.concat([tarOf([manifest(), state()]), Buffer.alloc(4_000_000)])));
    mkdirSync(join(folder, 'out'));
    expect(await failure(unpackArchive(archive, join(folder, 'out'), 2_000_000))).toContain('too large');
  });

  it.runIf(process.platform !== 'win32')('is unpacked if its end arrives after its files were written', async () => {
    const whole = tarOf([manifest(), state()]);
    const out = join(folder, 'out');
    mkdirSync(out);
    execFileSync('mkfifo', [archive]);
    const unpacked = unpackArchive(archive, out);
    const sender = createGzip();
    sender.pipe(createWriteStream(archive));
    sender.write(whole.subarray(0, -1024));
    sender.flush();
    const written = join(out, 'state.db');
    await until('the file is written', () => existsSync(written) && statSync(written).size === database.length);
    sender.end(whole.subarray(-1024));
    expect((await unpacked).files).toEqual(new Set(['state.db']));
  });

  it('is named if it does not exist or is a folder', async () => {
    expect(await failure(importState({ stateDir: present, file: archive, replace: true }))).toContain('does not exist');
    expect(await failure(importState({ stateDir: present, file: stateDir, replace: true }))).toContain('not a file');
    expect(markOf(present)).toBe('present');
  });
});
