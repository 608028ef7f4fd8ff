import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { openKeychain, openNamedKeychain } from '../../../../src/profiles/keychain/choose-keychain.ts';
import type { Keychain } from '../../../../src/profiles/keychain/keychain.ts';
import { readProfileFile } from '../../../../src/profiles/file.ts';
import { removeProfile, storeProfile } from '../../../../src/profiles/store.ts';
import { storeInKeychain, readStoredSecret } from '../../../../src/profiles/secret-storage.ts';
import { fakeSecretTool } from '../../../support/fake-secret-tool.ts';
import { missingForKeychain, startPrivateKeychain, type PrivateKeychain } from '../../../support/private-keychain.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const folder = temporaryFolders();
const missing = missingForKeychain();
if (missing !== undefined) process.stderr.write(`skipped: the real keychain: ${missing}\n`);
const onLinux = process.platform === 'linux';
if (!onLinux) process.stderr.write('skipped: the fake secret-tool, which is a Linux tool\n');

const PROFILE = {
  name: 'work',
  endpoint: 'https://api.kuflow.com/v2024-06-14',
  clientId: '018f3a1c-0000-7000-8000-000000000001',
} as const;
const CANARY = 'canary-of-the-keychain';

function contextAt(at: string, env: Readonly<Record<string, string>>) {
  return { folder: join(at, 'kuflow'), env, clock: systemClock, signal: new AbortController().signal };
}

const request = { profile: PROFILE, secret: new Secret(CANARY), makeDefault: false, useKeychain: true };

describe.skipIf(missing !== undefined)('the Secret Service', () => {
  let own: PrivateKeychain;
  let keychain: Keychain;
  beforeAll(async () => {
    own = await startPrivateKeychain();
    const opened = openKeychain({ env: own.env });
    if (opened.kind === 'none') throw new Error(opened.why);
    keychain = opened.keychain;
  });
  afterAll(() => own.stop());

  it.each([
    ['plain', 'abcDEF123'],
    ['with quotes, spaces and signs', `a "b" 'c' $d \\e %f; & \t|`],
    ['beyond ASCII', 'ключ-🔑-é'],
    ['long', 'x'.repeat(4_000)],
  ])('returns a secret that is %s, and removes it', async (_name, text) => {
    expect(await keychain.read('k')).toEqual({ kind: 'absent' });
    expect(await storeInKeychain(keychain, 'k', new Secret(text), 'A test')).toEqual({ kind: 'done' });
    const read = await keychain.read('k');
    expect(read.kind === 'found' && read.secret.reveal()).toBe(text);
    expect(await keychain.read('other')).toEqual({ kind: 'absent' });
    expect(await keychain.remove('k')).toEqual({ kind: 'done' });
    expect(await keychain.remove('k')).toEqual({ kind: 'done' });
    expect(await keychain.read('k')).toEqual({ kind: 'absent' });
  });

  it('stores the secret of a profile, which is then in no file', async () => {
    const at = contextAt(folder(), own.env);
    const stored = await storeProfile(request, at);
    expect(stored).toMatchObject({ where: "the system's keychain (secret-tool)", isDefault: true, warnings: [] });
    expect(stored.whyFile).toBeUndefined();
    expect(readdirSync(at.folder)).toEqual(['profiles.json']);
    expect(readFileSync(stored.file, 'utf8')).not.toContain(CANARY);
    const read = await readStoredSecret(stored.profile.secret, at);
    expect(read.kind === 'found' && read.secret.reveal()).toBe(CANARY);

    // Another application under the same name: the previous secret is removed.
    const other = { ...PROFILE, clientId: '018f3a1c-0000-7000-8000-000000000002' };
    const again = await storeProfile({ ...request, profile: other, secret: new Secret('second') }, at);
    expect(again).toMatchObject({ replaced: true, warnings: [] });
    expect(await readStoredSecret(stored.profile.secret, at)).toMatchObject({ kind: 'failed' });

    // If CI is set, it is not opened, neither to read nor to remove.
    const inCi = { ...at, env: { ...own.env, CI: 'true' } };
    expect(await readStoredSecret(again.profile.secret, inCi)).toEqual({
      kind: 'failed',
      why: 'the keychain is not used: CI is set',
    });
    const removed = await removeProfile('work', inCi);
    expect(removed?.leftBehind).toMatch(
      /^the keychain is not used: CI is set; to remove it by hand: secret-tool clear service /,
    );
    const still = await readStoredSecret(again.profile.secret, at);
    expect(still.kind === 'found' && still.secret.reveal()).toBe('second');
    if (again.profile.secret.in === 'secret-service') await keychain.remove(again.profile.secret.key);
  });

  it('is replaced by a file for a secret that is too large', async () => {
    const at = contextAt(folder(), own.env);
    const long = 'y'.repeat(20_000);
    const stored = await storeProfile({ ...request, secret: new Secret(long) }, at);
    expect(stored.profile.secret.in).toBe('file');
    expect(stored.whyFile).toBeDefined();
    expect(readFileSync(stored.where, 'utf8')).toBe(long);
  });
});

describe.runIf(onLinux)('a fake secret-tool', () => {
  it('gets the secret only on standard input, and no KUFLOW_ or TEMPORAL_ variables', async () => {
    const at = folder();
    const tool = fakeSecretTool(at, 'works');
    const given = contextAt(at, {
      PATH: tool.PATH,
      KUFLOW_API_CLIENTSECRET: 'canary-variable',
      TEMPORAL_API_KEY: 'canary-key',
    });
    const stored = await storeProfile(request, given);
    expect(stored.profile.secret).toEqual({
      in: 'secret-service',
      key: expect.stringMatching(new RegExp(`^work/${PROFILE.clientId}@api\\.kuflow\\.com/[0-9a-f]{8}$`)) as string,
    });
    const read = await readStoredSecret(stored.profile.secret, given);
    expect(read.kind === 'found' && read.secret.reveal()).toBe(CANARY);
    expect(await removeProfile('work', given)).toMatchObject({ wasDefault: true });
    expect(tool.read()).toBe(CANARY);
    expect(tool.seen()).toMatch(/secret-tool store .*secret-tool lookup .*secret-tool clear /s);
    expect(tool.seen()).not.toContain('canary');
    expect(readFileSync(stored.file, 'utf8')).not.toContain('work');
  });

  it('that hangs is killed after three seconds with its child processes, and the secret goes to a file', async () => {
    const at = folder();
    const tool = fakeSecretTool(at, 'hangs');
    const given = contextAt(at, { PATH: tool.PATH });
    const begun = performance.now();
    const stored = await storeProfile(request, given);
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(2_900);
    // Its child process ends after 600 s.
    expect(took).toBeLessThan(60_000);
    expect(stored.whyFile).toBe('secret-tool did not answer within 3 s');
    expect(readFileSync(stored.where, 'utf8')).toBe(CANARY);
    expect(statSync(stored.where).mode & 0o777).toBe(0o600);
    const left = Number(readFileSync(tool.pidFile, 'utf8'));
    await until('its child process is gone', () => isGone(left));
  });

  it('that hangs is killed at once by an interrupt', async () => {
    const at = folder();
    const tool = fakeSecretTool(at, 'hangs');
    const abort = new AbortController();
    const given = { ...contextAt(at, { PATH: tool.PATH }), signal: abort.signal };
    const ended = storeProfile(request, given).then(
      () => 'stored',
      (error: unknown) => (error as Error).message,
    );
    await until('it hangs', () => existsSync(tool.pidFile));
    abort.abort(new Error('stop'));
    expect(await ended).toBe('stop');
    expect(await readProfileFile(given.folder)).toMatchObject({ profiles: [], pending: [{ in: 'secret-service' }] });
    expect(existsSync(join(given.folder, 'profiles.lock'))).toBe(false);
  });

  it('that hangs during a removal: an interrupt keeps the profile, and a rerun removes both', async () => {
    const at = folder();
    const tool = fakeSecretTool(at, 'works');
    const working = contextAt(at, { PATH: tool.PATH });
    const { profile } = await storeProfile(request, working);
    const hung = fakeSecretTool(folder(), 'hangs');
    const abort = new AbortController();
    const ended = removeProfile('work', { ...working, env: { PATH: hung.PATH }, signal: abort.signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await until('it hangs', () => existsSync(hung.pidFile));
    abort.abort(new KnownError({ message: 'Interrupted', status: 130 }));
    expect(await ended).toMatchObject({
      status: 130,
      message: "Profile work was not removed, and its secret may still be in the system's keychain (secret-tool)",
      seen: expect.stringMatching(/^interrupted .*; to remove it by hand: secret-tool clear service /) as string,
    });
    const { profiles } = await readProfileFile(working.folder);
    expect(profiles.map(({ name }) => name)).toEqual(['work']);
    expect(await readStoredSecret(profile.secret, working)).toMatchObject({ kind: 'found' });
    expect(await removeProfile('work', working)).toMatchObject({ wasDefault: true });
    expect(await readStoredSecret(profile.secret, working)).toMatchObject({ kind: 'failed' });
    expect(readdirSync(working.folder)).toEqual(['profiles.json']);
  });

  it.each([
    ['repeats the secret in its error message', 'refuses', 'secret-tool exited with 1'],
    ['loses the secret', 'forgets', 'it did not return the secret that was stored'],
  ] as const)('that %s is replaced by a file', async (_name, how, why) => {
    const at = folder();
    const stored = await storeProfile(request, contextAt(at, { PATH: fakeSecretTool(at, how).PATH }));
    expect(stored.whyFile).toBe(why);
    expect(stored.profile.secret.in).toBe('file');
  });

  it('is not called if CI is set, nor for a secret in a file', async () => {
    const at = folder();
    const tool = fakeSecretTool(at, 'works');
    const inCi = contextAt(at, { PATH: tool.PATH, CI: 'true' });
    const stored = await storeProfile(request, inCi);
    expect(stored.whyFile).toBe('CI is set');
    const read = await readStoredSecret(stored.profile.secret, { ...inCi, env: { PATH: tool.PATH } });
    expect(read.kind === 'found' && read.secret.reveal()).toBe(CANARY);
    await storeProfile({ ...request, useKeychain: false }, contextAt(at, { PATH: tool.PATH }));
    expect(tool.seen()).toBe('');
  });

  it('that is not installed is reported', async () => {
    const stored = await storeProfile(request, contextAt(folder(), { PATH: folder() }));
    expect(stored.whyFile).toBe('secret-tool is not installed');
  });
});

describe('openKeychain', () => {
  it.each([
    ['linux', 'secret-service'],
    ['darwin', 'macos-keychain'],
    ['win32', 'windows-vault'],
  ] as const)('on %s opens %s', (platform, name) => {
    const opened = openKeychain({ env: {}, platform });
    expect(opened.kind === 'open' && opened.keychain.name).toBe(name);
    const foreign = name === 'secret-service' ? 'windows-vault' : 'secret-service';
    expect(openNamedKeychain(foreign, { env: {}, platform })).toMatchObject({ kind: 'none' });
  });

  it('opens nothing on other systems, or if CI is set', () => {
    expect(openKeychain({ env: {}, platform: 'aix' })).toEqual({ kind: 'none', why: 'aix is not supported' });
    expect(openKeychain({ env: { CI: '1' } })).toEqual({ kind: 'none', why: 'CI is set' });
  });
});

/** A zombie counts as gone. */
function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
