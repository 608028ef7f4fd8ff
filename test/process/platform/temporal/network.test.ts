import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeAbandonedFolders } from '../../../../src/platform/temporal/network.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it.skipIf(process.platform === 'win32')('removes the folders whose processes were killed, and no other', async () => {
  const parent = temporaryFolder();
  const socket = (name: string): string => {
    mkdirSync(join(parent, name));
    return join(parent, name, '7233.sock');
  };
  const live = createServer().listen(socket('kuflow-temporal-live'));
  await once(live, 'listening');
  const listen = `require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))`;
  const killed = spawn(process.execPath, ['-e', listen, socket('kuflow-temporal-killed')]);
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  for (const name of ['kuflow-temporal-starting', 'other']) mkdirSync(join(parent, name));

  await removeAbandonedFolders(parent);

  expect(readdirSync(parent).sort()).toEqual(['kuflow-temporal-live', 'kuflow-temporal-starting', 'other']);
  live.close();
});
