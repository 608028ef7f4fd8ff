import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { nodeFiles } from '../../../src/credentials/store/node-files.ts';
import { pruneSets, type PruneRequest, type PruneResult } from '../../../src/credentials/store/prune.ts';
import { makeTestAuthority, type TestAuthority } from '../../support/certificates.ts';
import { credentialProject, identityInFiles, issuing, pull, tokenOf } from '../../support/credential-project.ts';
import { Crash, faultyFiles } from '../../support/faulty-files.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const PROVEN = { prove: () => Promise.resolve({ summary: 'taken' }) };
let authority: TestAuthority;
beforeAll(async () => {
  authority = await makeTestAuthority();
});

const store = (at: string): string => join(at, '.kuflow', 'credentials');
const prune = (at: string, over: Partial<PruneRequest> = {}): Promise<PruneResult> =>
  pruneSets({ project: at, env: {}, dryRun: false, files: nodeFiles, clock: systemClock, ...over });

/** A project with this many sets, the last one in use; their ids, oldest first. */
async function sets(at: string, count: number, over: object = PROVEN): Promise<readonly string[]> {
  const issued = issuing(authority);
  const ids: string[] = [];
  for (let number = 0; number < count; number++) {
    const result = await pull(at, issued, { force: true, ...over });
    if (result.kind === 'pulled') ids.push(result.record.id);
  }
  return ids;
}

it('removes what nothing points to, and keeps what is in use', async () => {
  const at = credentialProject(folder());
  expect(await prune(at)).toMatchObject({ removed: [], kept: [] });
  expect(existsSync(store(at))).toBe(false);
  const [one = '', two = '', three = ''] = await sets(at, 3);
  const before = identityInFiles(at);
  expect((await prune(at, { dryRun: true })).removed.toSorted()).toEqual([one, two].toSorted());
  expect(readdirSync(store(at))).toContain(one);
  expect(await prune(at)).toMatchObject({ kept: [{ id: three, because: 'the settings point to it' }] });
  expect(readdirSync(store(at)).sort()).toEqual(['.gitignore', three]);
  expect(identityInFiles(at)).toEqual(before);
});

it('keeps what another settings file or a variable names', async () => {
  const at = credentialProject(folder());
  const [one = '', two = '', three = '', four = '', five = ''] = await sets(at, 6);
  const profiles = join(folder(), 'temporal.toml');
  writeFileSync(profiles, `client_cert_path = "${store(at)}/${five}/client.pem"\n`);
  writeFileSync(join(at, '.env'), `TEMPORAL_TLS_CLIENT_CERT_PATH=${store(at)}/${one}/client.pem\n`);
  writeFileSync(join(at, 'temporal.toml'), `client_cert_path = "${store(at)}/${two}/client.pem"\n`);
  const { removed, kept } = await prune(at, {
    env: { TEMPORAL_MUTUALTLS_CERT: join(store(at), three, 'client.pem') },
    alsoRead: [profiles],
  });
  expect(removed).toEqual([four]);
  expect(kept.map(({ because }) => because).sort()).toEqual([
    '.env names it',
    `${profiles} names it`,
    'TEMPORAL_MUTUALTLS_CERT names it',
    'temporal.toml names it',
    'the settings point to it',
  ]);
});

it('keeps the one before while the engine was not asked about the one in use', async () => {
  const at = credentialProject(folder());
  const [one = '', two = ''] = await sets(at, 3, {});
  const { removed, kept } = await prune(at);
  expect(removed).toEqual([one]);
  expect(kept.find(({ id }) => id === two)?.because).toContain('--offline');
});

it('touches nothing that is not ours', async () => {
  const at = credentialProject(folder());
  const [one = '', two = '', three = ''] = await sets(at, 5);
  writeFileSync(join(store(at), one, 'mine.txt'), 'mine');
  writeFileSync(join(store(at), two, 'lock.json'), '{}');
  renameSync(join(store(at), three), join(store(at), 'elsewhere'));
  symlinkSync(join(store(at), 'elsewhere'), join(store(at), three));
  mkdirSync(join(store(at), 'other'));
  const { removed, kept } = await prune(at);
  expect(removed).toHaveLength(1);
  expect(kept).toHaveLength(4);
  expect(readFileSync(join(store(at), one, 'mine.txt'), 'utf8')).toBe('mine');
  expect(readdirSync(join(store(at), one))).toContain('client.key');
  expect(readdirSync(join(store(at), 'elsewhere'))).toContain('client.key');
});

it('is finished by the next run when it was killed at any step', async () => {
  const counted = faultyFiles();
  const first = credentialProject(folder());
  await sets(first, 2, { ...PROVEN, keepToken: true, requestToken: () => Promise.resolve(tokenOf('t')) });
  await prune(first, { files: counted.files });
  const original = credentialProject(folder());
  const [one = '', two = ''] = await sets(original, 2);
  const copies = folder();
  for (let before = 0; before < counted.steps.length; before++) {
    const at = join(copies, String(before));
    cpSync(original, at, { recursive: true });
    const { files } = faultyFiles({ kind: 'crash', before });
    await prune(at, { files }).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    expect(identityInFiles(at), counted.steps[before]).toBeDefined();
    await prune(at);
    expect(readdirSync(store(at)).sort(), counted.steps[before]).toEqual(['.gitignore', two]);
    expect(existsSync(join(store(at), one))).toBe(false);
  }
});
