import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { startPlatform } from '../../../../src/platform/start.ts';
import { readRunningState } from '../../../../src/platform/state/running-state.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();

const LOOPBACK = { http: 'http://127.0.0.1:7480', https: 'https://127.0.0.1:7443' };

function folderOf(pid: number, loopback = LOOPBACK): string {
  const folder = join(newFolder(), 'dev');
  mkdirSync(folder);
  const state = { pid, loopback, application: { id: 'a', secret: 's' }, user: { token: 't' }, processes: [] };
  writeFileSync(join(folder, 'platform.json'), JSON.stringify(state));
  return folder;
}

describe('the state file', () => {
  it('describes a platform whose store is open, with its secrets as Secret', async () => {
    const folder = folderOf(process.pid);
    const store = openStore({ path: join(folder, 'state.db'), clock: systemClock });
    try {
      const state = await readRunningState(folder);
      expect(state?.pid).toBe(process.pid);
      expect(JSON.stringify(state)).not.toContain('"s"');
      expect(state?.application.secret.reveal()).toBe('s');
    } finally {
      store.close();
    }
  });

  it('is ignored if no platform has its store open, even if a process with that pid exists', async () => {
    expect(await readRunningState(folderOf(process.pid))).toBeUndefined();
    const folder = folderOf(process.pid);
    writeFileSync(join(folder, 'state.db.owner'), JSON.stringify({ pid: process.pid, start: 'at:1000' }));
    expect(await readRunningState(folder)).toBeUndefined();
  });

  it('is rejected with the reason if it cannot be read or its folder cannot be created', async () => {
    const inTheWay = join(newFolder(), 'file');
    writeFileSync(inTheWay, '');
    await expect(readRunningState(inTheWay)).rejects.toMatchObject({
      name: 'KnownError',
      message: "Reading the local KuFlow's state failed: part of the path is not a folder",
    });
    const options = { definitions: [], temporalPath: process.execPath };
    await expect(startPlatform({ ...options, stateDir: inTheWay })).rejects.toMatchObject({
      name: 'KnownError',
      message: "Opening the local KuFlow's state failed: it already exists",
      tried: inTheWay,
    });
    await expect(startPlatform({ ...options, stateDir: join(inTheWay, 'dev') })).rejects.toMatchObject({
      message: "Opening the local KuFlow's state failed: part of the path is not a folder",
    });
  });

  it('is rejected if it sends commands to another machine', async () => {
    const folder = folderOf(process.pid, { ...LOOPBACK, http: 'http://kuflow.example' });
    await expect(readRunningState(folder)).rejects.toMatchObject({ name: 'KnownError' });
  });

  it('is rejected with advice if its format is unknown', async () => {
    const folder = folderOf(1);
    writeFileSync(join(folder, 'platform.json'), '{"pid":"1"}');
    await expect(readRunningState(folder)).rejects.toThrow('unknown format');
  });
});
