import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { databasePath, takeOwnerLock } from '../../../../src/platform/store/owner-lock.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';

let folder: string;
let stateDir: string;
const kuflow = (...args: readonly string[]) => runKuflow(folder, ['dev', ...args], { HOME: folder });

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-dev-state-')));
  stateDir = join(folder, '.kuflow', 'dev');
  openStore({ path: databasePath(stateDir), clock: systemClock }).close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('kuflow dev export, reset and import', () => {
  it('save, remove and restore the state', async () => {
    const first = await kuflow('export', 'state.tar.gz');
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toMatch(/^Exported the state of the local KuFlow to state\.tar\.gz \(\d+\.\d MB\)\n$/);
    expect(first.stderr).toContain('The file contains secrets');
    expect(await kuflow('reset', '--yes')).toMatchObject({
      status: 0,
      stdout: `Removed the state of the local KuFlow in ${stateDir}\n`,
    });
    expect(existsSync(stateDir)).toBe(false);
    expect(await kuflow('reset', '--yes')).toMatchObject({
      status: 0,
      stdout: `Nothing to remove: ${stateDir} does not contain the state of a local KuFlow\n`,
    });
    const restored = await kuflow('import', 'state.tar.gz');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(restored.stdout).toContain(`to ${stateDir}\nStart the local KuFlow: `);
    expect(readdirSync(stateDir)).toEqual(['state.db']);
    expect(await kuflow('import', 'state.tar.gz')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('--replace') as string,
    });
    expect(await kuflow('import', 'state.tar.gz', '--replace')).toMatchObject({ status: 0 });
  });

  it('print their results as JSON', async () => {
    const json = async (...args: readonly string[]): Promise<unknown> => {
      const { status, stdout } = await kuflow(...args, '--json');
      expect(status).toBe(0);
      return JSON.parse(stdout) as unknown;
    };
    const file = join(folder, 'a.tar.gz');
    expect(await json('export', 'a.tar.gz')).toEqual({ file, bytes: expect.any(Number) as number, files: 1 });
    expect(await json('reset', '--yes')).toEqual({ stateDir, removed: true, bytes: expect.any(Number) as number });
    expect(await json('reset', '--yes')).toEqual({ stateDir, removed: false, bytes: 0 });
    expect(await json('import', 'a.tar.gz', '--state-dir', 'other')).toEqual({
      stateDir: join(folder, 'other'),
      files: 1,
      replaced: false,
      exported: { version: expect.any(String) as string, createdAt: expect.stringMatching(/Z$/) as string },
    });
  });

  it('resets neither without an answer or --yes, nor while the local KuFlow runs', async () => {
    expect(await kuflow('reset')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('--yes') as string,
    });
    writeFileSync(join(folder, 'given.tar.gz'), '');
    const lock = takeOwnerLock(databasePath(stateDir));
    try {
      for (const args of [
        ['reset', '--yes'],
        ['export', 'b.tar.gz'],
        ['import', 'given.tar.gz', '--replace'],
      ])
        expect(await kuflow(...args)).toMatchObject({
          status: 1,
          stderr: expect.stringContaining(`The local KuFlow is running (pid ${process.pid})`) as string,
        });
    } finally {
      lock.release();
    }
    expect(readdirSync(stateDir)).toEqual(['state.db']);
    expect(readdirSync(folder)).not.toContain('b.tar.gz');
  });
});
