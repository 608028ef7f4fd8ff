import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assessSet } from '../../../../../src/commands/credentials/store/staleness.ts';
import { storeLayout, readSet } from '../../../../../src/commands/credentials/store/sets.ts';
import { nodeFileSystem } from '../../../../../src/files/node-file-system.ts';
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

async function assess(over: object = {}): Promise<readonly string[]> {
  const stored = await readSet(nodeFileSystem, storeLayout(project), id);
  const wanted = { ...pullRequest(project, issuing(authority)), namespace: 'loans', ...over };
  return assessSet(stored, wanted, Date.now()).stale.map(({ reason, text }) => `${reason}: ${text}`);
}

const KEY_MISMATCH = 'unusable: The private key does not match the client certificate';

describe('assessSet', () => {
  it('lists every problem, but nothing about the content of a part that could not be read', async () => {
    expect(await assess()).toEqual([]);
    writeFileSync(file('client.key'), (await authority.issue({ commonName: 'other' })).key);
    expect(await assess()).toEqual([expect.stringContaining(KEY_MISMATCH)]);
    writeFileSync(file('lock.json'), readFileSync(file('lock.json'), 'utf8').replace(id, '20200101-000000-000000'));
    expect(await assess()).toEqual(['files: lock.json belongs to another set', expect.stringContaining(KEY_MISMATCH)]);
    renameSync(file('client.pem'), file('gone.pem'));
    expect(await assess()).toEqual(['files: client.pem is missing', 'files: lock.json belongs to another set']);
    rmSync(file('lock.json'));
    expect(await assess()).toEqual(['files: client.pem is missing', 'files: lock.json is missing']);
  });

  it('compares the scope with settings that have less or more values', async () => {
    const { endpoint, principal } = pullRequest(project, issuing(authority));
    expect(await assess({ endpoint: '', principal: '', tenantId: 'other' })).toEqual([
      `endpoint: the set is for ${endpoint}, but the settings do not set one`,
      `principal: the set is for application ${principal}, but the settings do not set one`,
      'tenant: the set is for no specific tenant, but the settings have other',
    ]);
    const lock = readFileSync(file('lock.json'), 'utf8');
    writeFileSync(file('lock.json'), lock.replace('"principal":', `"tenantId": "mine",\n  "principal":`));
    expect(await assess()).toEqual(['tenant: the set is for tenant mine, but the settings do not set one']);
    expect(await assess({ tenantId: 'other' })).toEqual([
      'tenant: the set is for tenant mine, but the settings have other',
    ]);
  });

  it.runIf(process.platform !== 'win32')('also checks the content of a file that other users can access', async () => {
    chmodSync(file('client.key'), 0o640);
    expect(await assess()).toEqual(['files: client.key is accessible to other users: chmod 600']);
    writeFileSync(file('client.key'), (await authority.issue({ commonName: 'other' })).key);
    expect(await assess()).toEqual([
      'files: client.key is accessible to other users: chmod 600',
      expect.stringContaining(KEY_MISMATCH),
    ]);
  });
});
