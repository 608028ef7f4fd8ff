import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assessSet } from '../../../../../src/commands/credentials/store/assess.ts';
import { storeLayout } from '../../../../../src/commands/credentials/store/layout.ts';
import { nodeFiles } from '../../../../../src/files/node-file-system.ts';
import { readSet } from '../../../../../src/commands/credentials/store/sets.ts';
import { makeTestAuthority, type TestAuthority } from '../../../../support/certificates.ts';
import { credentialProject, issuing, pull, pullRequest } from '../../../../support/credential-project.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
let authority: TestAuthority;
let project: string;
let id: string;

beforeAll(async () => {
  authority = await makeTestAuthority();
});
beforeEach(async () => {
  project = credentialProject(folder());
  const pulled = await pull(project, issuing(authority));
  if (pulled.kind !== 'pulled') throw new Error(pulled.kind);
  ({ id } = pulled.record);
});

const file = (name: string): string => join(project, '.kuflow', 'credentials', id, name);

async function judged(over: object = {}): Promise<readonly string[]> {
  const stored = await readSet(nodeFiles, storeLayout(project), id);
  const wanted = { ...pullRequest(project, issuing(authority)), namespace: 'loans', ...over };
  return assessSet(stored, wanted, Date.now()).stale.map(({ reason, text }) => `${reason}: ${text}`);
}

const NOT_OF_IT = 'unusable: The private key does not belong to the client certificate';

describe('what speaks against a set', () => {
  it('is all of it that can be told, and nothing of a part that was not read', async () => {
    expect(await judged()).toEqual([]);
    writeFileSync(file('client.key'), (await authority.issue({ commonName: 'other' })).key);
    expect(await judged()).toEqual([expect.stringContaining(NOT_OF_IT)]);
    writeFileSync(file('lock.json'), readFileSync(file('lock.json'), 'utf8').replace(id, '20200101-000000-000000'));
    expect(await judged()).toEqual(['files: lock.json is that of another set', expect.stringContaining(NOT_OF_IT)]);
    renameSync(file('client.pem'), file('gone.pem'));
    expect(await judged()).toEqual(['files: client.pem is missing', 'files: lock.json is that of another set']);
    rmSync(file('lock.json'));
    expect(await judged()).toEqual(['files: client.pem is missing', 'files: lock.json is missing']);
  });

  it('is said whole where the settings give less than it was pulled for, or more', async () => {
    const { endpoint, principal } = pullRequest(project, issuing(authority));
    expect(await judged({ endpoint: '', principal: '', tenantId: 'other' })).toEqual([
      `endpoint: it is for ${endpoint}, and the settings give none`,
      `principal: it is for the application ${principal}, and the settings give none`,
      'tenant: it is for no tenant in particular, not for the tenant other',
    ]);
    const lock = readFileSync(file('lock.json'), 'utf8');
    writeFileSync(file('lock.json'), lock.replace('"principal":', `"tenantId": "mine",\n  "principal":`));
    expect(await judged()).toEqual(['tenant: it is for the tenant mine, and the settings give none']);
    expect(await judged({ tenantId: 'other' })).toEqual([
      'tenant: it is for the tenant mine, not for the tenant other',
    ]);
  });

  it.runIf(process.platform !== 'win32')('is not less for a file that others may read', async () => {
    chmodSync(file('client.key'), 0o640);
    expect(await judged()).toEqual(['files: client.key may be read by others: chmod 600']);
    writeFileSync(file('client.key'), (await authority.issue({ commonName: 'other' })).key);
    expect(await judged()).toEqual([
      'files: client.key may be read by others: chmod 600',
      expect.stringContaining(NOT_OF_IT),
    ]);
  });
});
