import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnownError, interruptedError } from '../../../src/base/errors.ts';
import type { PlannedFile } from '../../../src/languages/planned-file.ts';
import { comparePlan } from '../../../src/project/existing-files.ts';
import { recoverProject } from '../../../src/project/edit/journal.ts';
import { writeFiles } from '../../../src/project/write-files.ts';
import { faultyFiles } from '../../support/faulty-files.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const PLAN: readonly PlannedFile[] = [
  { path: 'a.txt', contents: Buffer.from('a'), mode: 0o644 },
  { path: 'deep/down/b.txt', contents: Buffer.from('b'), mode: 0o644 },
  { path: 'deep/same.txt', contents: Buffer.from('same'), mode: 0o644 },
  { path: 'run.sh', contents: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
  { path: 'secret.yaml', contents: Buffer.from('s'), mode: 0o600 },
  { path: 'z/last.txt', contents: Buffer.from('z'), mode: 0o644 },
];
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
  PLAN.every(({ path, contents }) => readFileSync(join(folder, path)).equals(contents));

type Before = (step: number, name: string) => void;

/** Writes the plan. `before` determines what happens before a call of the file system; the names of all calls are returned too. */
async function write(
  folder: string,
  before: Before,
  signal?: AbortSignal,
): Promise<{ readonly outcome: unknown; readonly steps: readonly string[] }> {
  const comparison = await comparePlan(folder, PLAN, OVERWRITE);
  const { files, steps } = faultyFiles(undefined, before);
  const outcome = await writeFiles(comparison, { files, signal }).then(
    () => 'done',
    (error: unknown) => error,
  );
  return { outcome, steps };
}

const noSpace = (): Error => Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });

let steps: readonly string[];
const changesDisk = (name: string): boolean => !/^(look|list|read) /.test(name);
beforeAll(async () => {
  const whole = await write(place(), () => undefined);
  expect(whole.outcome).toBe('done');
  steps = whole.steps;
});

/** Everything is written, and nothing else remains after the journal of a failed cleanup is removed. */
async function expectWritten(folder: string, what: string): Promise<void> {
  expect(asPlanned(folder), what).toBe(true);
  await recoverProject(folder);
  const names = [...PLAN.map(({ path }) => path), 'mine.txt', 'deep', 'deep/down', 'z'];
  expect(
    Object.keys(stateOf(folder)).filter((path) => path !== '.kuflow'),
    what,
  ).toEqual(names.sort());
}

describe('every call of the file system', () => {
  it('is one of those that a write needs', () => {
    const kinds = new Set(steps.map((name) => name.split(' ')[0]));
    for (const kind of ['mkdir', 'create', 'write', 'sync', 'close', 'link', 'rename', 'unlink', 'rmdir'])
      expect(kinds).toContain(kind);
    expect(steps.length).toBeGreaterThan(60);
  });

  it('leaves everything unchanged and reports the failure when it fails, or is optional', async () => {
    let failures = 0;
    for (const [index, name] of steps.entries()) {
      if (!changesDisk(name)) continue;
      const folder = place();
      const before = stateOf(folder);
      const { outcome } = await write(folder, (at) => {
        if (at === index) throw noSpace();
      });
      const what = `step ${index}: ${name}`;
      if (outcome === 'done') {
        // Hard links are optional, and a folder that cannot be synced is not. What is left of a journal is removed later.
        expect(name, what).toMatch(/^(link|sync folder|unlink|rmdir)/);
        await expectWritten(folder, what);
        continue;
      }
      failures += 1;
      if (!(outcome instanceof KnownError)) throw new Error(`${what}: ${String(outcome)}`);
      expect(outcome.seen, what).toBe('no space left; all changes were rolled back');
      expect(outcome.status, what).toBe(1);
      expect(stateOf(folder), what).toEqual(before);
    }
    expect(failures).toBeGreaterThan(20);
  });

  it('leaves everything unchanged when it is interrupted, with status 130', async () => {
    const last = steps.findLastIndex((name) => name.startsWith('link') || name.startsWith('rename 5'));
    for (const [index, name] of steps.entries()) {
      if (index > last) break;
      if (!changesDisk(name)) continue;
      const folder = place();
      const before = stateOf(folder);
      const abort = new AbortController();
      const { outcome } = await write(
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
    for (const [index, name] of steps.entries()) {
      if (!changesDisk(name)) continue;
      const parent = temporaryFolder();
      const { outcome } = await write(join(parent, 'new', 'project'), (at) => {
        if (at === index) throw noSpace();
      });
      if (outcome === 'done') continue;
      expect(outcome, `step ${index}`).toBeInstanceOf(KnownError);
      expect(readdirSync(parent), `step ${index}`).toEqual([]);
    }
  });
});

describe('a file system without hard links', () => {
  const noLink: Before = (_, name) => {
    if (name.startsWith('link')) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };

  it('moves replaced files away and restores them', async () => {
    const folder = place();
    const whole = await write(folder, noLink);
    expect(whole.outcome).toBe('done');
    await expectWritten(folder, 'without links');
    for (const [index, name] of whole.steps.entries()) {
      if (!/^(create|write|sync|close|mkdir|rename)/.test(name)) continue;
      const other = place();
      const before = stateOf(other);
      const { outcome } = await write(other, (at, called) => {
        noLink(at, called);
        if (at === index) throw noSpace();
      });
      if (outcome === 'done') continue;
      expect(outcome, `step ${index}`).toBeInstanceOf(KnownError);
      expect(stateOf(other), `step ${index}: ${name}`).toEqual(before);
    }
  });
});

describe('a full disk', () => {
  it('still allows replaced files to be restored', async () => {
    for (const [index, name] of steps.entries()) {
      if (!/^(create|write|sync|mkdir|rename)/.test(name)) continue;
      const folder = place();
      const before = stateOf(folder);
      // From here on there is no space left. Renaming a file back needs none.
      const { outcome } = await write(folder, (at, called) => {
        if (at === index || (at > index && /^(create|write|sync|mkdir|link)/.test(called))) throw noSpace();
      });
      if (outcome !== 'done') expect(stateOf(folder), `step ${index}: ${name}`).toEqual(before);
    }
  });
});
