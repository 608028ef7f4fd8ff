import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withStoppedState } from '../../../../src/platform/state/lock.ts';
import { createStaging, hasStagedState, swapState } from '../../../../src/platform/state/swap.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const OLD = { 'state.db': 'old', 'state.db-wal': 'old', pki: 'old', 'temporal-1.0.db': 'old', 'temporal.log': 'old' };
const NEW = { 'state.db': 'new', documents: 'new', pki: 'new', 'temporal-1.1.db': 'new' };

function write(folder: string, entries: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(entries)) writeFileSync(join(folder, name), text);
}

function contentsOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.startsWith('state.db.'))
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

async function stage(): Promise<{ readonly stateDir: string; readonly staging: string }> {
  const stateDir = join(temporaryFolder(), 'dev');
  mkdirSync(stateDir);
  write(stateDir, OLD);
  const staging = await createStaging(stateDir);
  write(staging, NEW);
  return { stateDir, staging };
}

const MOVES = Object.keys(OLD).length + Object.keys(NEW).length;

describe('a new state', () => {
  it('replaces the present one, and leaves nothing else', async () => {
    const { stateDir, staging } = await stage();
    await swapState(stateDir, staging);
    expect(contentsOf(stateDir)).toEqual(NEW);
    expect(await hasStagedState(stateDir)).toBe(false);
  });

  it.each(Array.from({ length: MOVES }, (_, index) => index))(
    'leaves the present one complete if move %d fails',
    async (failing) => {
      const { stateDir, staging } = await stage();
      let moves = 0;
      const move = async (from: string, to: string): Promise<void> => {
        if (moves++ === failing) throw new Error('EBUSY');
        await rename(from, to);
      };
      await expect(swapState(stateDir, staging, move)).rejects.toThrow('EBUSY');
      await withStoppedState(stateDir, () => Promise.resolve());
      expect(contentsOf(stateDir)).toEqual(OLD);
    },
  );

  it.each(Array.from({ length: MOVES }, (_, index) => index))(
    'leaves either state complete at the next start if the process ends at move %d',
    async (end) => {
      const { stateDir, staging } = await stage();
      let moves = 0;
      // Nothing can be moved back either, as if the process had ended.
      const move = async (from: string, to: string): Promise<void> => {
        if (moves++ >= end) throw new Error('EPERM');
        await rename(from, to);
      };
      await expect(swapState(stateDir, staging, move)).rejects.toThrow(end === 0 ? 'EPERM' : 'could not be undone yet');
      await withStoppedState(stateDir, () => Promise.resolve());
      expect(contentsOf(stateDir)).toEqual(end <= Object.keys(OLD).length ? OLD : NEW);
      expect(await hasStagedState(stateDir)).toBe(false);
    },
  );
});
