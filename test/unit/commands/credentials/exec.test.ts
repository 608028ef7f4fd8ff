import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { execWithCredentials, temporalEnvironmentWarnings } from '../../../../src/commands/credentials/exec.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('reports a missing certificate file, and does not start the command', async () => {
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
    passSignals: () => undefined,
  });
  await expect(ran).rejects.toThrow(join(cwd, 'client.pem'));
});

describe('temporalEnvironmentWarnings', () => {
  const warnings = async (text: string): Promise<readonly string[]> => {
    const home = temporaryFolder();
    mkdirSync(join(home, '.config', 'temporalio'), { recursive: true });
    writeFileSync(join(home, '.config', 'temporalio', 'temporal.yaml'), text);
    return await temporalEnvironmentWarnings({ HOME: home, USERPROFILE: home });
  };

  it('names the connection options of the default environment', async () => {
    const [warning = '', ...more] = await warnings(
      'env:\n  default:\n    address: canary:1\n    tls-cert-path: /canary\n    output: json\n  prod:\n    namespace: x\n',
    );
    expect(more).toEqual([]);
    expect(warning).toContain('temporal.yaml sets address, tls-cert-path; the Temporal CLI');
    expect(warning).not.toContain('canary');
  });

  it.each(['', 'env: {}\n', 'env:\n  prod:\n    address: x:1\n', 'env:\n  default:\n    output: json\n', '{ no yaml'])(
    'is empty for %j',
    async (text) => {
      expect(await warnings(text)).toEqual([]);
      expect(await temporalEnvironmentWarnings({})).toEqual([]);
    },
  );
});
