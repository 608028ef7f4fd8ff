import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../../src/base/clock.ts';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import {
  exportSet,
  type ExportEvent,
  type ExportRequest,
} from '../../../../../src/commands/credentials/formats/export-set.ts';
import { nodeFileSystem } from '../../../../../src/files/node-file-system.ts';
import { credentialSet } from '../../../../support/credential-set.ts';
import { Crash, crashPoints, faultyFiles, type Fault } from '../../../../support/faulty-files.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'];
let old: CredentialSet;
let fresh: CredentialSet;

beforeAll(async () => {
  [old, fresh] = [await credentialSet(), await credentialSet()];
});

function request(output: string, set: CredentialSet, over: Partial<ExportRequest>): ExportRequest {
  const base = {
    set,
    output,
    paths: { cert: '/s/client.pem', key: '/s/client.key', ca: '/s/ca.pem' },
    byPath: false,
    allowGit: false,
    dryRun: false,
    env: {},
    files: nodeFileSystem,
    clock: systemClock,
  };
  return { ...base, format: 'pem', ...over };
}

/** Writes the old set as an export leaves it. */
function putOld(dir: string): void {
  const texts = { 'ca.pem': old.authorities, 'client.pem': old.certificate, 'client.key': old.privateKey.reveal() };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text, { mode: 0o600 });
}

/** The set that each file in the folder belongs to. */
function owners(dir: string): readonly string[] {
  const parts = { 'ca.pem': 'authorities', 'client.pem': 'certificate' } as const;
  const named = Object.entries(parts).map(([name, part]) => {
    const text = readFileSync(join(dir, name), 'utf8');
    return text === old[part] ? 'old' : text === fresh[part] ? 'new' : 'neither';
  });
  const key = readFileSync(join(dir, 'client.key'), 'utf8');
  return [...named, key === old.privateKey.reveal() ? 'old' : key === fresh.privateKey.reveal() ? 'new' : 'neither'];
}

const JOURNAL = '.kuflow-credentials-journal';
const MANIFEST = join(JOURNAL, 'manifest.json');
const LOCK = '.kuflow-credentials-lock';
const PEM = ['ca.pem', 'client.key', 'client.pem'];

describe('a pem folder', () => {
  it('is completed by the next run, wherever the previous one was killed', async () => {
    const dir = folder();
    await exportSet(request(dir, old, {}));
    const dry = faultyFiles();
    await exportSet(request(dir, fresh, { files: dry.files }));
    expect(dry.steps.length).toBeGreaterThan(40);
    const met = new Set<string>();
    for (const kind of ['crash', 'torn'] as const) {
      for (const before of crashPoints(dry.steps, kind)) {
        putOld(dir);
        const ended = exportSet(request(dir, fresh, { files: faultyFiles({ kind, before }).files }));
        await expect(ended, `${kind} before ${dry.steps[before] ?? ''}`).rejects.toBeInstanceOf(Crash);
        const journal = existsSync(join(dir, MANIFEST));
        const now = owners(dir);
        met.add(`${journal ? 'journal' : 'none'} ${[...new Set(now)].sort().join()}`);
        // Without a journal, no file or every file was replaced.
        if (!journal) expect(new Set(now).size, dry.steps[before]).toBe(1);
        for (const name of PEM) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
        const events: ExportEvent[] = [];
        const next = await exportSet(request(dir, fresh, { report: (event) => events.push(event) }));
        expect(owners(dir)).toEqual(['new', 'new', 'new']);
        expect(readdirSync(dir).sort()).toEqual(PEM);
        expect(events.some((event) => event.kind === 'completed')).toBe(journal);
        if (journal) expect(next.kind).toBe('unchanged');
      }
    }
    expect([...met].sort()).toEqual(['journal new', 'journal new,old', 'journal old', 'none new', 'none old']);
  });

  it('is unchanged, or completed by the next run, whichever system call fails', async () => {
    const dir = folder();
    await exportSet(request(dir, old, {}));
    const dry = faultyFiles();
    await exportSet(request(dir, fresh, { files: dry.files }));
    for (let before = 0; before < dry.steps.length; before++) {
      putOld(dir);
      const fault: Fault = { kind: 'fail', before, code: CODES[before % CODES.length] ?? 'EIO' };
      try {
        await exportSet(request(dir, fresh, { files: faultyFiles(fault).files }));
      } catch (error) {
        expect(error, dry.steps[before]).toSatisfy(
          (thrown) => thrown instanceof KnownError || String(thrown).includes('unlock'),
        );
      }
      if (!existsSync(join(dir, MANIFEST))) expect(new Set(owners(dir)).size, dry.steps[before]).toBe(1);
      // The lock of this process, if its release failed.
      if (dry.steps[before] === 'unlock') rmSync(join(dir, LOCK), { force: true });
      await exportSet(request(dir, fresh, {}));
      expect(owners(dir)).toEqual(['new', 'new', 'new']);
      expect(readdirSync(dir).sort(), dry.steps[before]).toEqual(PEM);
    }
  });

  it('rejects a journal that this tool did not write', async () => {
    const dir = folder();
    const entry = { path: 'client.key', before: null, after: 'aa', mode: 0o600 };
    const journalOf = (entries: readonly object[], format = 1): string =>
      JSON.stringify({ format, entries, folders: [] });
    const journals = [
      'canary',
      journalOf([entry], 2),
      journalOf([{ ...entry, path: '../x' }]),
      journalOf([{ ...entry, path: 'sub/client.key' }]),
      journalOf([{ ...entry, path: 'id_rsa' }]),
      // The staged file was modified.
      journalOf([entry]),
    ];
    mkdirSync(join(dir, JOURNAL, 'new'), { recursive: true });
    writeFileSync(join(dir, JOURNAL, 'new', '0'), 'something else');
    for (const journal of journals) {
      writeFileSync(join(dir, MANIFEST), journal);
      await expect(exportSet(request(dir, fresh, {})), journal).rejects.toThrow('is damaged');
      await expect(exportSet(request(dir, fresh, {}))).rejects.not.toThrow(/canary/);
      expect(readdirSync(dir)).toEqual([JOURNAL]);
    }
  });

  it('is written by one run at a time while the others wait', async () => {
    const dir = folder();
    const held = await nodeFileSystem.lock(join(dir, LOCK));
    const events: ExportEvent[] = [];
    const report = (event: ExportEvent): void => {
      events.push(event);
      if (event.kind === 'waiting' && held.kind === 'taken') held.release();
    };
    expect(await exportSet(request(dir, fresh, { report }))).toMatchObject({ kind: 'written' });
    expect(events).toMatchObject([{ kind: 'waiting', path: dir, pid: process.pid }, { kind: 'changes' }]);
  });

  it('stays unchanged if another run keeps the lock (status 4), or if this run is interrupted while it waits', async () => {
    const dir = folder();
    const held = await nodeFileSystem.lock(join(dir, LOCK));
    const state = { now: 0 };
    const clock: Clock = { now: () => (state.now += 60_000), sleep: () => Promise.resolve() };
    await expect(exportSet(request(dir, fresh, { clock }))).rejects.toMatchObject({
      status: 4,
      seen: `process ${process.pid} is running`,
    });
    const stop = new AbortController();
    const report = (): void => stop.abort(new KnownError({ message: 'stopped', status: 130 }));
    await expect(exportSet(request(dir, fresh, { report, signal: stop.signal }))).rejects.toBeDefined();
    if (held.kind === 'taken') held.release();
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('parallel runs', () => {
  it.each(['pem', 'dotenv', 'yaml', 'k8s-secret', 'json'] as const)('with %s all succeed', async (format) => {
    const dir = folder();
    const output = format === 'pem' ? dir : join(dir, 'out');
    // The same set, then different ones, of which the last one remains.
    for (const sets of [
      [old, old, old],
      [old, fresh, old, fresh],
    ]) {
      const ended = await Promise.all(sets.map((set) => exportSet(request(output, set, { format }))));
      for (const { kind } of ended) expect(['written', 'unchanged']).toContain(kind);
      const [one, other] = [old, fresh].map((set) => exportSet(request(output, set, { format, dryRun: true })));
      expect([(await one)?.kind, (await other)?.kind].sort()).toEqual(['unchanged', 'would-write']);
    }
    expect(readdirSync(dir)).toEqual(format === 'pem' ? PEM : ['out']);
  });
});

describe('a file with a set', () => {
  const FOREIGN = '# mine\nA=1\n';

  it('is completely old or completely new, wherever a run is killed or whichever call fails', async () => {
    const dir = folder();
    const path = join(dir, '.env');
    const before = (): void => {
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true });
      writeFileSync(path, FOREIGN, { mode: 0o600 });
    };
    before();
    const dry = faultyFiles();
    await exportSet(request(path, fresh, { format: 'dotenv', files: dry.files }));
    const written = readFileSync(path, 'utf8');
    for (const kind of ['crash', 'torn', 'fail'] as const) {
      for (let at = 0; at < dry.steps.length; at++) {
        before();
        const fault: Fault = kind === 'fail' ? { kind, before: at, code: 'ENOSPC' } : { kind, before: at };
        try {
          await exportSet(request(path, fresh, { format: 'dotenv', files: faultyFiles(fault).files }));
        } catch (error) {
          expect(error).toBeInstanceOf(kind === 'fail' ? KnownError : Crash);
          if (kind === 'fail') expect(readFileSync(path, 'utf8')).toBe(FOREIGN);
        }
        expect([FOREIGN, written]).toContain(readFileSync(path, 'utf8'));
        // The lock of this process, if its release failed.
        if (kind === 'fail' && dry.steps[at] === 'unlock') rmSync(join(dir, LOCK), { force: true });
        if (kind === 'fail') expect(readdirSync(dir)).toEqual(['.env']);
        for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
      }
    }
  });

  it('is not overwritten if another program changes it during the run', async () => {
    const path = join(folder(), '.env');
    writeFileSync(path, FOREIGN);
    const report = (): void => {
      writeFileSync(path, 'A=2\n');
    };
    await expect(exportSet(request(path, fresh, { format: 'dotenv', report }))).rejects.toThrow(
      'changed by another program',
    );
    expect(readFileSync(path, 'utf8')).toBe('A=2\n');
  });

  it('is cleaned of temporary files of killed runs, but not of other files', async () => {
    const dir = folder();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const theirs = [
      '..env.x-0123456789ab.kuflow-new',
      `.other.${pid}-0123456789ab.kuflow-new`,
      `..env.${process.pid}-0123456789ab.kuflow-new`,
    ];
    for (const name of [`..env.${pid}-0123456789ab.kuflow-new`, ...theirs]) writeFileSync(join(dir, name), 'x');
    await exportSet(request(join(dir, '.env'), fresh, { format: 'dotenv' }));
    expect(readdirSync(dir).sort()).toEqual(['.env', ...theirs].sort());
  });
});
