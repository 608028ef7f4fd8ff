import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { createProbes, type ProbeOptions } from '../../../src/platform/probes.ts';
import { openStore } from '../../../src/platform/store/store.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { startUpstream } from './gateway/harness.ts';

const temporaryFolder = temporaryFolders();

it('reports that the Temporal server does not answer, without its address', async () => {
  const server = await startUpstream();
  server.handle = () => undefined;
  const { port } = server;
  const store = openStore({ path: `${temporaryFolder()}/state.db`, clock: systemClock });
  const other: Partial<ProbeOptions> = { identity: { namespace: 'loans' } as ProbeOptions['identity'] };
  const probes = createProbes({
    ...(other as ProbeOptions),
    ports: { http: { port: 1 }, https: { port: 2 }, engine: { port: 3 } },
    temporal: `127.0.0.1:${port}`,
    store,
  });
  const health = await probes.health();
  store.close();
  await server.close();
  expect(health).toMatchObject({ ready: false, parts: { temporal: { state: 'down' } } });
  expect(JSON.stringify(health)).not.toContain(String(port));
});
