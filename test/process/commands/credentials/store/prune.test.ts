import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../../src/base/clock.ts';
import { nodeFileSystem } from '../../../../../src/files/node-file-system.ts';
import { pruneSets, type PruneRequest } from '../../../../../src/commands/credentials/store/prune.ts';
import { makeTestAuthority, type TestAuthority } from '../../../../support/certificates.ts';
import { credentialProject, identityInFiles, issuing, pull, tokenOf } from '../../../../support/credential-project.ts';
import { Crash, faultyFiles } from '../../../../support/faulty-files.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const PROVEN = { prove: () => Promise.resolve('taken') };
let authority: TestAuthority;
beforeAll(async () => {
  authority = await makeTestAuthority();
});

const store = (at: string): string => join(at, '.kuflow', 'credentials');
const prune = (at: string, over: Partial<PruneRequest> = {}) =>
  pruneSets({ project: at, env: {}, dryRun: false, files: nodeFileSystem, clock: systemClock, ...over });

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

it('removes unused sets and keeps the one in use', async () => {
  const at = credentialProject(folder());
  expect(await prune(at)).toMatchObject({ removed: [], kept: [] });
  expect(existsSync(store(at))).toBe(false);
  const [one = '', two = '', three = ''] = await sets(at, 3);
  const before = identityInFiles(at);
  const missing = { TEMPORAL_CONFIG_FILE: 'nowhere.toml' };
  expect((await prune(at, { dryRun: true, env: missing })).removed.toSorted()).toEqual([one, two].toSorted());
  expect(readdirSync(store(at))).toContain(one);
  expect(await prune(at)).toMatchObject({ kept: [{ id: three, because: 'the settings point to it' }] });
  expect(readdirSync(store(at)).sort()).toEqual(['.gitignore', three]);
  expect(identityInFiles(at)).toEqual(before);
});

it('keeps sets that another settings file or a variable refers to', async () => {
  const at = credentialProject(folder());
  const [one = '', two = '', three = '', four = '', five = ''] = await sets(at, 6);
  const profiles = join(folder(), 'temporal.toml');
  writeFileSync(profiles, `client_cert_path = "${store(at)}/${five}/client.pem"\n`);
  writeFileSync(join(at, '.env'), `TEMPORAL_TLS_CLIENT_CERT_PATH=${store(at)}/${one}/client.pem\n`);
  writeFileSync(join(at, 'temporal.toml'), `client_cert_path = "${store(at)}/${two}/client.pem"\n`);
  const { removed, kept } = await prune(at, {
    env: { TEMPORAL_MUTUALTLS_CERT: join(store(at), three, 'client.pem'), TEMPORAL_CONFIG_FILE: profiles },
  });
  expect(removed).toEqual([four]);
  expect(kept.map(({ because }) => because).sort()).toEqual([
    '.env refers to it',
    `${profiles} refers to it`,
    'TEMPORAL_MUTUALTLS_CERT refers to it',
    'temporal.toml refers to it',
    'the settings point to it',
  ]);
});

it('keeps the previous set if the one in use was not tested against the engine', async () => {
  const at = credentialProject(folder());
  const [one = '', two = ''] = await sets(at, 3, {});
  const { removed, kept } = await prune(at);
  expect(removed).toEqual([one]);
  expect(kept.find(({ id }) => id === two)?.because).toContain('--offline');
});

it('keeps the last set that the engine accepted and all newer ones', async () => {
  const at = credentialProject(folder());
  const issued = issuing(authority);
  const next = async (over: object): Promise<string> => {
    const result = await pull(at, issued, { force: true, ...over });
    return result.kind === 'pulled' ? result.record.id : '';
  };
  const older = await next(PROVEN);
  const taken = await next(PROVEN);
  const [one, two, three] = [await next({}), await next({}), await next({})];
  const { removed, kept } = await prune(at);
  expect(removed).toEqual([older]);
  const why = (id: string): string | undefined => kept.find((set) => set.id === id)?.because;
  expect(why(taken)).toMatch(/^it is the last set that the engine accepted, and .*--offline/);
  expect(why(one)).toMatch(/^it is newer than the last set that the engine accepted/);
  expect(why(two)).toMatch(/^it is the previous set/);
  expect(why(three)).toBe('the settings point to it');
  expect((await prune(at)).removed).toEqual([]);
  // Once the engine has accepted a newer set, all older ones are removed.
  const proven = await next(PROVEN);
  expect((await prune(at)).removed.toSorted()).toEqual([taken, one, two, three].toSorted());
  expect(identityInFiles(at)?.cert).toBe(readFileSync(join(store(at), proven, 'client.pem'), 'utf8'));
});

it.runIf(process.platform !== 'win32')('follows links to settings files', async () => {
  const at = credentialProject(folder());
  const [one = '', two = '', three = '', four = ''] = await sets(at, 5);
  const elsewhere = folder();
  mkdirSync(join(elsewhere, 'shared'));
  writeFileSync(join(elsewhere, 'shared', 'env'), `TEMPORAL_TLS_CLIENT_CERT_PATH=${store(at)}/${one}/client.pem\n`);
  symlinkSync(join(elsewhere, 'shared', 'env'), join(at, '.env'));
  // Through a link to the folder, as stow creates it.
  writeFileSync(join(elsewhere, 'temporal.toml'), `client_cert_path = "${store(at)}/${two}/client.pem"\n`);
  symlinkSync(elsewhere, join(at, 'config'));
  symlinkSync(join('config', 'temporal.toml'), join(at, 'temporal.toml'));
  const home = join(folder(), 'temporal.toml');
  writeFileSync(join(elsewhere, 'home.toml'), `client_cert_path = "${store(at)}/${three}/client.pem"\n`);
  symlinkSync(join(elsewhere, 'home.toml'), home);
  const { removed, kept } = await prune(at, { env: { TEMPORAL_CONFIG_FILE: home } });
  expect(removed).toEqual([four]);
  expect(kept.map(({ because }) => because).sort()).toEqual([
    '.env refers to it',
    `${home} refers to it`,
    'temporal.toml refers to it',
    'the settings point to it',
  ]);
});

describe('an unreadable file that may refer to a set', () => {
  const makers: readonly (readonly [string, (path: string) => void, string])[] = [
    ['a dangling link', (path) => symlinkSync('nowhere', path), 'it is a dangling link'],
    ['a pipe', (path) => void execFileSync('mkfifo', [path]), 'it is a pipe, a socket or a device'],
    ['a device', (path) => symlinkSync('/dev/zero', path), 'it is a pipe, a socket or a device'],
    [
      'a huge file',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 65 * 1024 * 1024);
      },
      'it is larger than 64 MiB',
    ],
    ['a link in a circle', (path) => symlinkSync(path, path), 'ELOOP'],
  ];
  it.runIf(process.platform !== 'win32').each(makers)(
    '(%s) keeps all sets and is given as the reason',
    async (_name, make, why) => {
      const at = credentialProject(folder());
      const [one = ''] = await sets(at, 2);
      make(join(at, '.env.local'));
      for (const dryRun of [true, false]) {
        const { removed, kept } = await prune(at, { dryRun });
        expect(removed).toEqual([]);
        expect(kept.find(({ id }) => id === one)?.because).toBe(
          `.env.local may refer to it, but cannot be read: ${why}`,
        );
      }
      rmSync(join(at, '.env.local'));
      mkdirSync(join(at, '.env.local'));
      expect((await prune(at)).removed).toEqual([one]);
    },
  );

  it('(no permission) keeps all sets', async () => {
    const at = credentialProject(folder());
    const [one = ''] = await sets(at, 2);
    writeFileSync(join(at, 'deploy.yaml'), 'x: 1\n');
    const read = (path: string): Promise<Buffer> =>
      path.endsWith('deploy.yaml')
        ? Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }))
        : nodeFileSystem.read(path);
    const { kept } = await prune(at, { files: { ...nodeFileSystem, read } });
    expect(kept.find(({ id }) => id === one)?.because).toBe('deploy.yaml may refer to it, but cannot be read: EACCES');
  });
});

it('reports which system call failed, without the hint of a pull', async () => {
  const at = credentialProject(folder());
  const [one = ''] = await sets(at, 2);
  const removeFile = () => Promise.reject(Object.assign(new Error('no'), { code: 'EIO' }));
  const error: unknown = await prune(at, { files: { ...nodeFileSystem, removeFile } }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    message: 'Removing an old credential set failed: the disk reported an error',
    tried: join(store(at), one),
    next: ['Fix the cause, then run the command again'],
  });
});

it('does not touch anything else in the store', async () => {
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

it('is completed by the next run if it was killed before any step', async () => {
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
