import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasJournal, openStage } from '../../../../src/files/staged-write.ts';
import { withStoppedState } from '../../../../src/platform/state/require-stopped.ts';
import { stateStaging, swapState } from '../../../../src/platform/state/swap.ts';
import { Crash, faultyFiles, type Fault } from '../../../support/faulty-files.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const OLD = { 'state.db': 'old', 'state.db-wal': 'old', pki: 'old', 'temporal-1.0.db': 'old', 'temporal.log': 'old' };
const NEW = { 'state.db': 'new', documents: 'new', pki: 'new', 'temporal-1.1.db': 'new' };

/** As the local KuFlow creates them: folders with a file. */
const FOLDERS = ['pki', 'documents'];

function write(folder: string, entries: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(entries)) {
    const isFolder = FOLDERS.includes(name);
    if (isFolder) mkdirSync(join(folder, name));
    writeFileSync(isFolder ? join(folder, name, 'file') : join(folder, name), text);
  }
}

function contentsOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.startsWith('state.db.'))
      .map((name) => [
        name,
        readFileSync(FOLDERS.includes(name) ? join(folder, name, 'file') : join(folder, name), 'utf8'),
      ]),
  );
}

async function stage(): Promise<string> {
  const stateDir = join(temporaryFolder(), 'dev');
  mkdirSync(stateDir);
  write(stateDir, OLD);
  write(await openStage(stateStaging(stateDir)), NEW);
  return stateDir;
}

/** Swaps with a fault. `then`: the outcome of the swap. */
async function swap(fault?: Fault) {
  const stateDir = await stage();
  const { files, steps } = faultyFiles(fault);
  const then: unknown = await swapState(stateDir, files).catch((error: unknown) => error);
  return { stateDir, steps, then };
}

describe('a new state', () => {
  it('replaces the present one, and leaves nothing else', async () => {
    const { stateDir, then } = await swap();
    expect(then).toBeUndefined();
    expect(contentsOf(stateDir)).toEqual(NEW);
    expect(hasJournal(stateStaging(stateDir))).toBe(false);
  });

  it('leaves the present one complete if a file cannot be moved', async () => {
    const { steps } = await swap();
    const moves = steps.flatMap((name, index) => (name.startsWith('rename') ? [index] : []));
    expect(moves.length).toBeGreaterThan(Object.keys(OLD).length + Object.keys(NEW).length);
    for (const before of moves) {
      const { stateDir, then } = await swap({ kind: 'fail', before, code: 'EBUSY' });
      expect(then, steps[before]).toHaveProperty('code', 'EBUSY');
      await withStoppedState(stateDir, () => Promise.resolve());
      expect(contentsOf(stateDir), steps[before]).toEqual(OLD);
    }
  });

  it('leaves one of the two states complete at the next start, wherever the process ends', async () => {
    const { steps } = await swap();
    const seen = new Set<string>();
    for (const [before, name] of steps.entries()) {
      if (/^(look|list|read) /.test(name)) continue;
      const { stateDir, then } = await swap({ kind: 'crash', before });
      expect(then === undefined || then instanceof Crash || (then as Error).cause instanceof Crash, name).toBe(true);
      await withStoppedState(stateDir, () => Promise.resolve());
      const contents = contentsOf(stateDir);
      expect([OLD, NEW], `${before}: ${name}`).toContainEqual(contents);
      seen.add(contents['state.db'] ?? '');
      expect(hasJournal(stateStaging(stateDir)), name).toBe(false);
    }
    expect([...seen].sort()).toEqual(['new', 'old']);
  });
});
