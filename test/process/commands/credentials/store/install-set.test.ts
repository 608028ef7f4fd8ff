import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deferred } from '../../../../../src/base/async.ts';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { PullSetRequest } from '../../../../../src/commands/credentials/store/install-set.ts';
import { nodeFileSystem } from '../../../../../src/files/node-file-system.ts';
import { resolveSettings } from '../../../../../src/settings/precedence.ts';
import { makeTestAuthority, type TestAuthority } from '../../../../support/certificates.ts';
import {
  APPLICATION,
  CLIENT_ID,
  credentialProject,
  identityInFiles,
  issuing,
  LOCAL,
  localText,
  pull,
  tokenOf,
  type Issuing,
} from '../../../../support/credential-project.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const POSIX = process.platform !== 'win32';
let authority: TestAuthority;
let issued: Issuing;
beforeAll(async () => {
  authority = await makeTestAuthority();
});

function project(local?: string | null): string {
  issued = issuing(authority);
  return credentialProject(folder(), local);
}

const store = (at: string): string => join(at, '.kuflow', 'credentials');
const setsOf = (at: string): readonly string[] => readdirSync(store(at)).filter((name) => !name.startsWith('.'));

async function expectRejected(at: string, over: Partial<PullSetRequest> = {}): Promise<KnownError> {
  const before = localTextOrKind(at);
  const error = await pull(at, issued, over).then(
    (result) => result,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KnownError);
  expect(localTextOrKind(at)).toEqual(before);
  expect(existsSync(store(at))).toBe(false);
  expect(JSON.stringify(error) + String(error)).not.toContain('canary');
  return error as KnownError;
}

function localTextOrKind(at: string): unknown {
  const status = lstatSync(join(at, 'application-local.yaml'), { throwIfNoEntry: false });
  return status?.isFile() === true ? localText(at) : status?.mode;
}

describe('a pull', () => {
  it('stores a complete set, private and ignored by git, that commands and workers find from any folder', async () => {
    const at = project();
    const events: string[] = [];
    const result = await pull(at, issued, { report: (title) => events.push(title) });
    expect(result).toMatchObject({ kind: 'pulled', because: [{ reason: 'none' }], kept: [], warnings: [] });
    const [id = ''] = setsOf(at);
    expect(readdirSync(join(store(at), id)).sort()).toEqual(['ca.pem', 'client.key', 'client.pem', 'lock.json']);
    if (POSIX) {
      for (const name of readdirSync(join(store(at), id)))
        expect(statSync(join(store(at), id, name)).mode & 0o777).toBe(0o600);
      for (const path of [store(at), join(store(at), id)]) expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    execFileSync('git', ['init', '-q'], { cwd: at });
    const untracked = execFileSync('git', ['status', '--porcelain', '-uall'], { cwd: at, encoding: 'utf8' });
    expect(untracked).not.toContain('.kuflow');

    const text = localText(at) ?? '';
    expect(text).toContain('# mine\nkuflow:\n  api:\n    client-secret: canary-client-secret # keep\n');
    const path = (name: string): string => `.kuflow/credentials/${id}/${name}`;
    expect(parse(text)).toMatchObject({
      temporal: {
        namespace: 'loans',
        'mutual-tls': { cert: path('client.pem'), key: path('client.key'), ca: path('ca.pem') },
      },
    });
    // Relative paths are resolved against the folder of the settings, not against the current folder.
    const { settings, problems } = await resolveSettings({ env: {}, files: { dir: at }, cwd: '/' });
    expect(problems).toEqual([]);
    expect(settings['temporal.mutual-tls.cert']?.value).toBe(join(store(at), id, 'client.pem'));
    expect(identityInFiles(at)).toMatchObject({ from: 'files', namespace: 'loans' });
    expect(events.map((title) => title.split(' ')[0])).toEqual(['Requesting', 'Writing']);
  });

  it('writes a lock file without secrets', async () => {
    const at = project();
    await pull(at, issued, { tenantId: CLIENT_ID });
    const [id = ''] = setsOf(at);
    const text = readFileSync(join(store(at), id, 'lock.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      id,
      endpoint: 'https://api.kuflow.com/v2024-06-14',
      principal: CLIENT_ID,
      tenantId: CLIENT_ID,
      namespace: 'loans',
      certificate: { subject: 'CN=app-1', fingerprint: expect.stringMatching(/^[0-9A-F:]{95}$/) as string },
      authorities: [{ subject: 'CN=Test CA' }],
      provenByEngine: false,
    });
    expect(text).not.toMatch(/PRIVATE|BEGIN|canary/);
  });

  it('requests nothing for a usable set, and gives the reasons otherwise', async () => {
    const at = project();
    await pull(at, issued);
    expect(await pull(at, issued)).toMatchObject({ kind: 'unchanged', record: { namespace: 'loans' } });
    expect(issued.count).toBe(1);
    const [id = ''] = setsOf(at);
    const because = async (over: Partial<PullSetRequest>): Promise<unknown> => {
      const result = await pull(at, issued, { dryRun: true, ...over });
      return result.kind === 'would-pull' ? result.because.map(({ reason }) => reason) : result.kind;
    };
    expect(await because({})).toBe('unchanged');
    expect(await because({ force: true })).toEqual([]);
    expect(await because({ endpoint: 'https://other.example.com/v2024-06-14' })).toEqual(['endpoint']);
    expect(await because({ principal: CLIENT_ID.replace('1', '2') })).toEqual(['principal']);
    expect(await because({ tenantId: CLIENT_ID })).toEqual(['tenant']);
    const in21Days = { now: () => Date.now() + 21 * 86_400_000, sleep: () => Promise.resolve() };
    expect(await because({ clock: in21Days })).toEqual(['renewal-due']);
    const in31Days = { now: () => Date.now() + 31 * 86_400_000, sleep: () => Promise.resolve() };
    expect(await because({ clock: in31Days })).toEqual(['unusable']);
    writeFileSync(
      join(at, 'application-local.yaml'),
      (localText(at) ?? '').replace('namespace: loans', 'namespace: other'),
    );
    expect(await because({})).toEqual(['namespace']);
    const other = await authority.issue({ commonName: 'other' });
    writeFileSync(join(store(at), id, 'client.key'), other.key);
    expect(await because({})).toEqual(['unusable', 'namespace']);
    writeFileSync(join(store(at), id, 'client.pem'), other.cert);
    expect(await because({})).toEqual(['changed', 'namespace']);
    renameSync(join(store(at), id, 'ca.pem'), join(store(at), id, 'gone.pem'));
    expect(await because({})).toEqual(['files', 'namespace']);
    expect(issued.count).toBe(1);
    expect(await pull(at, issued)).toMatchObject({ kind: 'pulled', kept: [id], record: { previous: id } });
    expect(setsOf(at)).toHaveLength(2);
    expect(identityInFiles(at)?.namespace).toBe('loans');
  });

  it('stores a token with its expiry only if requested', async () => {
    const at = project();
    const requestToken = () => Promise.resolve(tokenOf('canary-token'));
    await pull(at, issued, { requestToken });
    expect(readdirSync(join(store(at), setsOf(at)[0] ?? ''))).not.toContain('engine.token');
    const kept = await pull(at, issued, { requestToken, keepToken: true });
    if (kept.kind !== 'pulled') throw new Error(kept.kind);
    expect(readFileSync(join(store(at), kept.record.id, 'engine.token'), 'utf8')).toBe('canary-token');
    expect(Date.parse(kept.record.token?.expiresAt ?? '')).toBeGreaterThan(Date.now());
    expect(JSON.stringify(kept)).not.toContain('canary');
    expect((await pull(at, issued, { requestToken, keepToken: true })).kind).toBe('unchanged');
    rmSync(join(store(at), kept.record.id, 'engine.token'));
    const again = await pull(at, issued, { requestToken, keepToken: true });
    if (again.kind !== 'pulled') throw new Error(again.kind);
    expect(again.because).toEqual([{ reason: 'files', text: 'engine.token is missing' }]);
    expect(readFileSync(join(store(at), again.record.id, 'engine.token'), 'utf8')).toBe('canary-token');
    const expiresSoon = await pull(at, issued, {
      requestToken: () => Promise.resolve(tokenOf('x', 30_000)),
      keepToken: true,
      force: true,
    });
    expect(expiresSoon.kind).toBe('pulled');
    expect((await pull(at, issued, { requestToken, keepToken: true })).kind).toBe('pulled');
  });

  it('in two parallel runs requests one set that both use', async () => {
    const at = project();
    const events: string[] = [];
    const both = await Promise.all([1, 2].map(() => pull(at, issued, { report: (title) => events.push(title) })));
    expect(both.map(({ kind }) => kind).sort()).toEqual(['pulled', 'unchanged']);
    expect(issued.count).toBe(1);
    expect(events.filter((title) => title.startsWith('Waiting'))).toEqual([
      `Waiting for another run (process ${process.pid})`,
    ]);
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => pull(at, issued, { force: true })));
    expect(five.map(({ kind }) => kind)).toEqual(Array(5).fill('pulled'));
    expect(identityInFiles(at)).toBeDefined();
    expect(existsSync(join(store(at), '.pid-lock'))).toBe(false);
  });

  it('in two parallel runs of which the first fails keeps the store ignored by git', async () => {
    const at = project();
    const requestMaterial = () => Promise.reject(new KnownError({ message: 'no' }));
    const both = await Promise.allSettled([pull(at, issued, { force: true, requestMaterial }), pull(at, issued)]);
    expect(both).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: { kind: 'pulled' } }]);
    expect(readFileSync(join(store(at), '.gitignore'), 'utf8')).toBe('*\n');
    const failing = Array.from({ length: 20 }, () => pull(at, issued, { force: true, requestMaterial }));
    expect((await Promise.allSettled(failing)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(setsOf(at)).toHaveLength(1);
    expect(readFileSync(join(store(at), '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('in two parallel runs that both fail leaves nothing, whichever created the store', async () => {
    const at = project();
    const [inSecond, firstEnded] = [deferred(), deferred()];
    const no = new KnownError({ message: 'no' });
    const second: { ended?: Promise<unknown> } = {};
    const startSecond = (): Promise<unknown> =>
      pull(at, issued, {
        requestMaterial: async () => {
          inSecond.resolve(undefined);
          await firstEnded.promise;
          throw no;
        },
      }).catch((error: unknown) => error);
    const files = {
      ...nodeFileSystem,
      // The lock is released at this point, and the other run has it.
      removeFolder: async (path: string) => {
        second.ended ??= startSecond();
        await inSecond.promise;
        await nodeFileSystem.removeFolder(path);
      },
    };
    await expect(pull(at, issued, { files, requestMaterial: () => Promise.reject(no) })).rejects.toThrow('no');
    expect(existsSync(store(at))).toBe(true);
    firstEnded.resolve(undefined);
    expect(await second.ended).toBe(no);
    expect(readdirSync(at).sort()).toEqual(['application-local.yaml', 'application.yaml']);
  });

  it('that fails keeps a store that existed before', async () => {
    const at = project();
    await pull(at, issued);
    const [id = ''] = setsOf(at);
    rmSync(join(store(at), id), { recursive: true });
    const requestMaterial = () => Promise.reject(new KnownError({ message: 'no' }));
    await expect(pull(at, issued, { requestMaterial })).rejects.toThrow('no');
    expect(readdirSync(store(at))).toEqual(['.gitignore']);
  });

  it('in many parallel runs of which some fail leaves a complete store', async () => {
    for (let round = 0; round < 4; round++) {
      const at = project();
      const fails = { requestMaterial: () => Promise.reject(new KnownError({ message: 'no' })) };
      const all = [fails, {}, fails, fails, {}, fails].map((over) => pull(at, issued, over));
      const ended = await Promise.allSettled(all);
      expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
      expect(identityInFiles(at)).toBeDefined();
      expect(readdirSync(store(at)).sort()).toEqual(['.gitignore', ...setsOf(at)]);
    }
  });

  it.each(['.kuflow', 'credentials'])(
    'creates its folders again if a failed run removes %s at the same time',
    async (name) => {
      const at = project();
      let taken = 0;
      const makeFolder = async (path: string): Promise<void> => {
        if (basename(path) !== name || taken > 0) {
          await nodeFileSystem.makeFolder(path);
          return;
        }
        taken += 1;
        // As if the folder existed, or as if its parent was removed.
        if (name === '.kuflow') throw Object.assign(new Error('it was there'), { code: 'EEXIST' });
        rmdirSync(join(path, '..'));
        await nodeFileSystem.makeFolder(path);
      };
      expect(await pull(at, issued, { files: { ...nodeFileSystem, makeFolder } })).toMatchObject({ kind: 'pulled' });
      expect(taken).toBe(1);
      const failing = { requestMaterial: () => Promise.reject(new KnownError({ message: 'no' })) };
      const other = project();
      taken = 0;
      await expectRejected(other, { ...failing, files: { ...nodeFileSystem, makeFolder } });
      expect(existsSync(join(other, '.kuflow'))).toBe(false);
    },
  );

  it('changes nothing in a dry run or after an interrupt', async () => {
    const at = project();
    expect(await pull(at, issued, { dryRun: true })).toMatchObject({
      kind: 'would-pull',
      keys: ['temporal.mutual-tls.cert', 'temporal.mutual-tls.key', 'temporal.mutual-tls.ca', 'temporal.namespace'],
    });
    expect(existsSync(join(at, '.kuflow'))).toBe(false);
    const stop = new AbortController();
    const requestMaterial = async () => {
      stop.abort(new KnownError({ message: 'stopped', status: 130 }));
      return issued.request();
    };
    expect((await expectRejected(at, { requestMaterial, signal: stop.signal })).status).toBe(130);
  });
});

describe('a failed pull', () => {
  it('leaves no files after an invalid answer or a rejection by the engine', async () => {
    const at = project();
    const good = await issued.request();
    const other = await authority.issue({ commonName: 'other' });
    const answer = (text: Partial<typeof good.text>) => () =>
      Promise.resolve({ ...good, text: { ...good.text, ...text } });
    expect((await expectRejected(at, { requestMaterial: answer({ key: other.key }) })).seen).toContain(
      'does not match',
    );
    expect((await expectRejected(at, { requestMaterial: answer({ cert: '' }) })).seen).toContain('is empty');
    expect(
      (await expectRejected(at, { requestMaterial: answer({ ca: (await makeTestAuthority()).cert }) })).seen,
    ).toContain('did not sign');
    const { token } = tokenOf('canary');
    expect((await expectRejected(at, { requestToken: () => Promise.resolve({ token }) })).seen).toContain(
      'no expiredAt',
    );
    const prove = () => Promise.reject(new KnownError({ message: 'the engine refused it', status: 4 }));
    expect(await expectRejected(at, { prove })).toMatchObject({ message: 'the engine refused it', status: 4 });
  });

  it('says after a system error that nothing has changed', async () => {
    const at = project();
    const files = {
      ...nodeFileSystem,
      create: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    const error = await expectRejected(at, { files });
    expect(error.next).toEqual([
      'Free some disk space, then run the command again',
      'Settings and credentials are unchanged',
    ]);
  });

  it('keeps the previous set in use', async () => {
    const at = project();
    await pull(at, issued);
    const before = identityInFiles(at);
    const prove = () => Promise.reject(new KnownError({ message: 'the engine refused it' }));
    await expect(pull(at, issued, { force: true, prove })).rejects.toThrow('refused');
    expect(identityInFiles(at)).toEqual(before);
    expect(setsOf(at)).toHaveLength(1);
  });
});

describe('a pull is rejected for', () => {
  it('an application-local.yaml that is not a writable regular file', async () => {
    const at = project(null);
    const path = join(at, 'application-local.yaml');
    mkdirSync(path);
    expect((await expectRejected(at)).message).toContain('it is a folder');
    if (!POSIX) return;
    const other = project(null);
    symlinkSync(join(at, 'elsewhere.yaml'), join(other, 'application-local.yaml'));
    expect((await expectRejected(other)).message).toContain('it is a symbolic link');
    const third = project(null);
    execFileSync('mkfifo', [join(third, 'application-local.yaml')]);
    expect((await expectRejected(third)).message).toContain('it is a pipe');
    const fourth = project();
    chmodSync(join(fourth, 'application-local.yaml'), 0o400);
    expect(await expectRejected(fourth)).toMatchObject({ message: expect.stringContaining('read-only') as string });
  });

  it('a file or a folder of another user', async () => {
    const foreign = (name: string) => ({
      ...nodeFileSystem,
      look: async (path: string) => {
        const status = await nodeFileSystem.look(path);
        return status && { ...status, own: !path.endsWith(name) };
      },
    });
    expect((await expectRejected(project(), { files: foreign('application-local.yaml') })).message).toContain(
      'another user',
    );
    const at = project();
    mkdirSync(join(at, '.kuflow'));
    expect((await expectRejected(at, { files: foreign('.kuflow') })).message).toContain('another user');
  });

  it.runIf(POSIX)('a store folder that is a link or a file', async () => {
    for (const name of ['.kuflow', join('.kuflow', 'credentials')]) {
      const at = project();
      const elsewhere = folder();
      mkdirSync(join(at, name, '..'), { recursive: true });
      symlinkSync(elsewhere, join(at, name));
      await expect(pull(at, issued)).rejects.toThrow('symbolic link');
      expect(readdirSync(elsewhere)).toEqual([]);
      expect(localText(at)).toBe(LOCAL);
    }
    const at = project();
    writeFileSync(join(at, '.kuflow'), '');
    await expect(pull(at, issued)).rejects.toThrow('not a folder');
  });

  it('a file in UTF-16, with a repeated key, or with invalid YAML, before anything is requested', async () => {
    for (const [bytes, reason] of [
      [Buffer.from('\ufeffa: canary\n', 'utf16le'), 'UTF-16'],
      [Buffer.from('a: canary\n', 'utf16le'), 'UTF-16'],
      [Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]), 'not UTF-8'],
      [Buffer.from('a: canary\na: 2\n'), 'twice, line 2'],
      [Buffer.from('- canary\n'), 'not a YAML map'],
      [Buffer.from('a: "canary\n'), 'not valid YAML'],
    ] as const) {
      const at = project(null);
      writeFileSync(join(at, 'application-local.yaml'), bytes);
      expect((await expectRejected(at)).message).toContain(reason);
      expect(issued.count).toBe(0);
    }
  });
});

describe('application-local.yaml', () => {
  it('keeps all other bytes', async () => {
    const at = project(`\ufeff${LOCAL.trimEnd()}`.replaceAll('\n', '\r\n'));
    expect(await pull(at, issued)).toMatchObject({ kind: 'pulled', warnings: [] });
    expect(localText(at)?.startsWith(`\ufeff${LOCAL.trimEnd()}`.replaceAll('\n', '\r\n'))).toBe(true);
  });

  it.runIf(POSIX)('becomes private when it points to a key, which is reported', async () => {
    const at = project();
    const mode = (): number => statSync(join(at, 'application-local.yaml')).mode & 0o777;
    for (const [before, after] of [
      [0o644, 0o600],
      [0o640, 0o600],
      [0o755, 0o700],
    ] as const) {
      chmodSync(join(at, 'application-local.yaml'), before);
      const change = `(0${before.toString(8)}) and is now private (0${after.toString(8)})`;
      expect(await pull(at, issued, { force: true })).toMatchObject({
        warnings: [`application-local.yaml was accessible to other users ${change}`],
      });
      expect(mode()).toBe(after);
    }
    // A pull that requests nothing does not change the file.
    chmodSync(join(at, 'application-local.yaml'), 0o644);
    expect(await pull(at, issued)).toMatchObject({ kind: 'unchanged', warnings: [] });
    expect(mode()).toBe(0o644);
  });
});

describe('certificates that were not pulled', () => {
  const files = 'temporal:\n  namespace: ns\n  mutual-tls: { cert: a.pem, key: a.key, ca: ca.pem }\n';

  it('are replaced in the settings only with --force, and their files stay', async () => {
    for (const where of ['application-local.yaml', 'application.yaml']) {
      const at = project(null);
      writeFileSync(
        join(at, where),
        where === 'application.yaml' ? APPLICATION + files.replace('temporal:\n', '') : files,
      );
      writeFileSync(join(at, 'a.pem'), 'mine');
      const error = await expectRejected(at);
      expect(error.message).toContain(`temporal.mutual-tls.cert in ${where}`);
      expect(error.status).toBe(2);
      expect((await pull(at, issued, { force: true })).kind).toBe('pulled');
      expect(readFileSync(join(at, 'a.pem'), 'utf8')).toBe('mine');
    }
  });

  it.runIf(POSIX)('are found in an application.yaml that is a link, too', async () => {
    const at = project(null);
    const shared = join(folder(), 'shared.yaml');
    const inline =
      'temporal:\n  namespace: ns\n  mutual-tls: { cert-data: canary, key-data: canary, ca-data: canary }\n';
    writeFileSync(shared, APPLICATION + inline.replace('temporal:\n', ''));
    rmSync(join(at, 'application.yaml'));
    symlinkSync(shared, join(at, 'application.yaml'));
    expect((await expectRejected(at, { force: true })).seen).toBe('temporal.mutual-tls.cert-data in application.yaml');
    writeFileSync(shared, APPLICATION + files.replace('temporal:\n', ''));
    expect((await expectRejected(at)).message).toContain('temporal.mutual-tls.cert in application.yaml');
    writeFileSync(shared, APPLICATION);
    expect((await pull(at, issued)).kind).toBe('pulled');
    expect((await resolveSettings({ env: {}, files: { dir: at }, required: [] })).problems).toMatchObject([
      { key: 'kuflow.api.client-secret' },
    ]);
    expect(lstatSync(join(at, 'application.yaml')).isSymbolicLink()).toBe(true);
  });

  it('are never replaced if they are inline, in files or in the environment', async () => {
    const at = project('temporal:\n  mutual-tls:\n    cert-data: canary\n');
    expect((await expectRejected(at, { force: true })).seen).toBe(
      'temporal.mutual-tls.cert-data in application-local.yaml',
    );
    const other = project();
    expect((await expectRejected(other, { env: { TEMPORAL_MUTUALTLS_KEYDATA: 'canary' } })).seen).toBe(
      'TEMPORAL_MUTUALTLS_KEYDATA',
    );
  });

  it('cause a warning if they are in the environment, because they override the settings', async () => {
    const at = project();
    const { warnings } = await pull(at, issued, { env: { TEMPORAL_MUTUALTLS_CERT: 'x', TEMPORAL_NAMESPACE: 'y' } });
    expect(warnings.map((text) => text.split(' ')[0])).toEqual(['TEMPORAL_MUTUALTLS_CERT', 'TEMPORAL_NAMESPACE']);
  });
});
