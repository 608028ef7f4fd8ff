import * as fs from 'node:fs';
import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KnownError, interruptedError } from '../../../src/base/errors.ts';
import { comparePlan } from '../../../src/project/conflicts.ts';
import type { ProjectPlan } from '../../../src/languages/planned-file.ts';
import { writeFiles } from '../../../src/project/write-files.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

// Test files of one worker share modules. Here the modules must be loaded again, so that they use the watched file system.
vi.hoisted(() => vi.resetModules());

/** Every watched call that changes the disk. `at` determines what happens before one of them. */
const disk = vi.hoisted((): { watched: boolean; readonly steps: string[]; at: (step: number) => void } => ({
  watched: false,
  steps: [],
  at: () => undefined,
}));

const SYNC = ['mkdirSync', 'openSync', 'writeFileSync', 'fchmodSync', 'closeSync', 'fsync'] as const;
const ASYNC = ['open', 'rename', 'link', 'copyFile'] as const;
const HANDLE = ['writeFile', 'close'] as const;
// Calls that roll back. Their failures are reported, which another test covers.
const UNDO = ['rm', 'rmdir'] as const;

const READS_OF_HANDLE = vi.hoisted((): readonly string[] => ['fd', 'stat', 'read', 'readFile', 'then']);

const step = vi.hoisted(() => (name: string): void => {
  if (!disk.watched) return;
  disk.at(disk.steps.push(name) - 1);
});

vi.mock('node:fs', async (original) => {
  const real: Record<string, unknown> = await original();
  const wrapped = ['mkdirSync', 'openSync', 'writeFileSync', 'fchmodSync', 'closeSync'].map((name) => [
    name,
    (...args: readonly unknown[]): unknown => {
      const call = real[name] as (...all: readonly unknown[]) => unknown;
      try {
        step(name);
      } catch (error) {
        // A close that fails still closes the file.
        if (name === 'closeSync') call(...args);
        throw error;
      }
      return call(...args);
    },
  ]);
  const fsync = (file: number, done: (error: unknown) => void): void => {
    try {
      step('fsync');
    } catch (error) {
      done(error);
      return;
    }
    (real['fsync'] as typeof fsync)(file, done);
  };
  return { ...real, ...(Object.fromEntries(wrapped) as object), fsync };
});

vi.mock('node:fs/promises', async (original) => {
  const real: Record<string, unknown> = await original();
  type Call = (...all: readonly unknown[]) => Promise<unknown>;
  const watchedHandle = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return async (...args: readonly unknown[]): Promise<unknown> => {
          try {
            if (typeof name === 'string' && !READS_OF_HANDLE.includes(name)) step(`handle.${name}`);
          } catch (error) {
            if (name === 'close') await target.close();
            throw error;
          }
          return Reflect.apply(value as Call, target, args);
        };
      },
    });
  const wrapped = ['open', 'rename', 'link', 'copyFile'].map((name) => [
    name,
    async (...args: readonly unknown[]): Promise<unknown> => {
      step(name);
      const result = await (real[name] as Call)(...args);
      return name === 'open' ? watchedHandle(result as FileHandle) : result;
    },
  ]);
  return { ...real, ...(Object.fromEntries(wrapped) as object) };
});

const temporaryFolder = temporaryFolders();

const PLAN: ProjectPlan = {
  files: [
    { path: 'a.txt', contents: Buffer.from('a'), mode: 0o644 },
    { path: 'deep/down/b.txt', contents: Buffer.from('b'), mode: 0o644 },
    { path: 'deep/same.txt', contents: Buffer.from('same'), mode: 0o644 },
    { path: 'run.sh', contents: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { path: 'secret.yaml', contents: Buffer.from('s'), mode: 0o600 },
    { path: 'z/last.txt', contents: Buffer.from('z'), mode: 0o644 },
  ],
};
const OVERWRITE = ['a.txt', 'secret.yaml'];

/** A folder with unrelated files, an identical file, and two files to replace. */
function place(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'a.txt'), 'old a');
  chmodSync(join(folder, 'a.txt'), 0o640);
  writeFileSync(join(folder, 'secret.yaml'), 'old secret');
  writeFileSync(join(folder, 'mine.txt'), 'mine');
  writeFileSync(join(folder, 'deep', 'same.txt'), 'same');
  return folder;
}

/** Every path with its kind, mode and contents, and the modification time of files. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const at = join(folder, path);
      const found = lstatSync(at);
      const mode = found.mode.toString(8);
      return [path, found.isDirectory() ? mode : `${mode} ${found.mtimeMs} ${readFileSync(at, 'latin1')}`];
    }),
  );
}

const asPlanned = (folder: string): boolean =>
  PLAN.files.every(({ path, contents }) => readFileSync(join(folder, path)).equals(contents));

async function write(folder: string, at: (step: number) => void, signal?: AbortSignal): Promise<unknown> {
  const decision = await comparePlan(folder, PLAN, OVERWRITE);
  Object.assign(disk, { watched: true, at });
  disk.steps.length = 0;
  try {
    return await writeFiles(decision, signal === undefined ? {} : { signal }).then(
      () => 'done',
      (error: unknown) => error,
    );
  } finally {
    disk.watched = false;
  }
}

/** The calls of a run without a failure. */
async function allSteps(): Promise<readonly string[]> {
  expect(await write(place(), () => undefined)).toBe('done');
  return [...disk.steps];
}

let steps: readonly string[];

beforeEach(async () => {
  steps = await allSteps();
});

describe('every call that writes', () => {
  it('is watched here: every other file system function that the writer imports only reads or rolls back', () => {
    const READS = ['realpathSync', 'statSync', 'readFile', 'lstat', 'constants'];
    const known: readonly string[] = [...SYNC, ...ASYNC, ...UNDO, ...READS];
    const taken = ['project/write-files.ts', 'files/write.ts'].flatMap((file) => {
      const source = readFileSync(new URL(`../../../src/${file}`, import.meta.url), 'utf8');
      return [...source.matchAll(/import \{([^}]*)\} from 'node:fs(?:\/promises)?'/g)].flatMap(([, names = '']) =>
        names
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
      );
    });
    expect(taken.length).toBeGreaterThan(8);
    expect(taken.filter((name) => !known.includes(name))).toEqual([]);
    expect(typeof fs.mkdirSync).toBe('function');
  });

  it('is covered by the failures below', () => {
    const sync = process.platform === 'win32' ? SYNC.filter((name) => name !== 'fchmodSync') : SYNC;
    expect(new Set(steps)).toEqual(
      new Set([...sync, 'open', 'rename', 'link', ...HANDLE.map((name) => `handle.${name}`)]),
    );
    expect(steps.length).toBeGreaterThan(20);
  });

  it('leaves everything unchanged when it fails, and reports the failure', async () => {
    for (const [index, name] of steps.entries()) {
      const folder = place();
      const before = stateOf(folder);
      const outcome = await write(folder, (at) => {
        if (at === index) throw Object.assign(new Error(`ENOSPC: no space left, ${name}`), { code: 'ENOSPC' });
      });
      const what = `step ${index}: ${name}`;
      // A file system without hard links is not a failure.
      if (name === 'link') {
        expect(outcome, what).toBe('done');
        expect(asPlanned(folder), what).toBe(true);
        expect(
          Object.keys(stateOf(folder)).filter((path) => path.includes('.before')),
          what,
        ).toEqual([]);
        continue;
      }
      if (!(outcome instanceof KnownError)) throw new Error(`${what}: ${String(outcome)}`);
      expect(outcome.seen, what).toBe('no space left; all changes were rolled back');
      expect(outcome.status, what).toBe(1);
      expect(stateOf(folder), what).toEqual(before);
    }
  });

  it('leaves everything unchanged when it is interrupted, with status 130', async () => {
    for (const [index, name] of steps.entries()) {
      const folder = place();
      const before = stateOf(folder);
      const abort = new AbortController();
      const outcome = await write(
        folder,
        (at) => {
          if (at === index) abort.abort(interruptedError());
        },
        abort.signal,
      );
      const what = `step ${index}: ${name}`;
      if (!(outcome instanceof KnownError)) throw new Error(`${what}: ${String(outcome)}`);
      expect(outcome.status, what).toBe(130);
      expect(stateOf(folder), what).toEqual(before);
    }
  });

  it('removes a folder that did not exist before, and its parent folders', async () => {
    for (const index of steps.keys()) {
      const parent = temporaryFolder();
      const outcome = await write(join(parent, 'new', 'project'), (at) => {
        if (at === index) throw new Error('the disk is on fire');
      });
      if (disk.steps.length <= index) continue;
      expect(outcome, `step ${index}`).toBeInstanceOf(KnownError);
      expect(readdirSync(parent), `step ${index}`).toEqual([]);
    }
  });
});

describe('a file system without hard links', () => {
  const contentsOf = (folder: string): unknown =>
    Object.entries(stateOf(folder)).map(([path, state]) => [path, state.replace(/ [\d.]+ /, ' ')]);
  const noLink = (at: number): void => {
    if (disk.steps[at] === 'link') throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };

  it('keeps copies of replaced files and restores them', async () => {
    expect(await write(place(), noLink)).toBe('done');
    const count = disk.steps.length;
    expect(disk.steps).toContain('copyFile');
    for (let index = 0; index < count; index++) {
      const folder = place();
      const before = contentsOf(folder);
      const outcome = await write(folder, (at) => {
        noLink(at);
        if (at === index) throw new Error('the disk is on fire');
      });
      if (disk.steps[index] === 'link') continue;
      expect(outcome, `step ${index}`).toBeInstanceOf(KnownError);
      expect(contentsOf(folder), `step ${index}`).toEqual(before);
    }
  });
});

describe('a full disk', () => {
  it('still allows replaced files to be restored', async () => {
    for (const [index, name] of steps.entries()) {
      if (name === 'link') continue;
      const folder = place();
      const before = stateOf(folder);
      // From here on there is no space left. Renaming a file back needs none.
      await write(folder, (at) => {
        if (at >= index && disk.steps[at] !== 'rename' && !/close/i.test(disk.steps[at] ?? '')) {
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        }
        if (at === index && disk.steps[at] === 'rename') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      });
      if (/close/i.test(name)) continue;
      expect(stateOf(folder), `step ${index}: ${name}`).toEqual(before);
    }
  });
});
