import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { execWithCredentials } from '../../../src/flows/credentials-exec.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('names a certificate file of the settings that is not there, and starts nothing', async () => {
  const cwd = temporaryFolder();
  const ran = execWithCredentials({
    flags: {},
    env: {
      KUFLOW_API_CLIENTID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      KUFLOW_API_CLIENTSECRET: 'canary-2fd0a7',
      TEMPORAL_NAMESPACE: 'tenant-1',
      TEMPORAL_MUTUALTLS_CERT: join(cwd, 'client.pem'),
      TEMPORAL_MUTUALTLS_KEY: join(cwd, 'client.key'),
      TEMPORAL_MUTUALTLS_CA: join(cwd, 'ca.pem'),
    },
    cwd,
    stdin: Readable.from([]),
    clock: systemClock,
    signal: new AbortController().signal,
    command: [process.execPath, '--eval', 'process.exit(7)'],
    onWarning: () => undefined,
  });
  await expect(ran).rejects.toThrow(join(cwd, 'client.pem'));
});
