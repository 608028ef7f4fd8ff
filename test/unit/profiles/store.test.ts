import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { configFolder } from '../../../src/base/user-folders.ts';
import { KnownError } from '../../../src/base/errors.ts';
import { Secret } from '../../../src/base/secret.ts';
import { checkProfileName, readProfileFile } from '../../../src/profiles/file.ts';
import {
  chooseDefaultProfile,
  removeProfile,
  storeProfile,
  type StoreProfileRequest,
} from '../../../src/profiles/store.ts';
import { readStoredSecret } from '../../../src/profiles/secret-storage.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const POSIX = process.platform !== 'win32';
const CLIENT = '018f3a1c-0000-7000-8000-000000000001';
const CANARY = 'canary-secret';

const at = (place: string) => ({
  folder: place,
  env: { CI: '1' },
  clock: systemClock,
  signal: new AbortController().signal,
});

function request(name: string, over: Partial<StoreProfileRequest['profile']> = {}): StoreProfileRequest {
  return {
    profile: { name, endpoint: 'https://api.kuflow.com/v2024-06-14', clientId: CLIENT, ...over },
    secret: new Secret(CANARY),
    makeDefault: false,
    useKeychain: true,
  };
}

const json = (path: string): Record<string, Record<string, object>> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, object>>;

describe('storeProfile', () => {
  it('keeps the secret out of the profile file, and all files private', async () => {
    const place = join(folder(), 'not', 'there', 'kuflow');
    const stored = await storeProfile(
      request('work', { tenantId: CLIENT, target: 'e.example.com:443', ca: '/ca.pem' }),
      at(place),
    );
    const { name } = stored.profile.secret as { name: string };
    expect(name).toMatch(/^work-[0-9a-f]{8}$/);
    expect(json(stored.file)).toEqual({
      default: 'work',
      profiles: {
        work: {
          endpoint: 'https://api.kuflow.com/v2024-06-14',
          clientId: CLIENT,
          tenantId: CLIENT,
          target: 'e.example.com:443',
          ca: '/ca.pem',
          secret: { in: 'file', name },
        },
      },
    });
    expect(stored.where).toBe(join(place, 'secrets', name));
    expect(readFileSync(stored.where, 'utf8')).toBe(CANARY);
    expect(readdirSync(place).sort()).toEqual(['profiles.json', 'secrets']);
    if (POSIX) {
      const modes = [place, join(place, 'secrets'), stored.file, stored.where].map(
        (path) => statSync(path).mode & 0o777,
      );
      expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
    }
  });

  it('keeps unknown keys and other profiles', async () => {
    const place = folder();
    await storeProfile(request('one'), at(place));
    const file = join(place, 'profiles.json');
    const before = json(file);
    const one = before['profiles']?.['one'];
    writeFileSync(
      file,
      `\uFEFF${JSON.stringify({ note: ['mine'], ...before, profiles: { one: { ...one, colour: 'red', tenantId: CLIENT } } })}`,
    );
    await storeProfile(request('two'), at(place));
    await storeProfile(request('one', { endpoint: 'https://other.example.com' }), at(place));
    const after = json(file);
    expect(after).toMatchObject({ note: ['mine'], default: 'one', profiles: { one: { colour: 'red' } } });
    expect(Object.keys(after['profiles'] ?? {})).toEqual(['one', 'two']);
    expect(after['profiles']?.['one']).not.toHaveProperty('tenantId');
    // The previous secret was removed.
    expect(readdirSync(join(place, 'secrets'))).toHaveLength(2);
    await removeProfile('one', at(place));
    expect(json(file)).toMatchObject({ note: ['mine'], profiles: { two: {} } });
    expect(json(file)).not.toHaveProperty('default');
    expect(readdirSync(join(place, 'secrets'))).toHaveLength(1);
  });

  it('keeps the changes of parallel runs', async () => {
    const place = folder();
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
    await Promise.all(names.map((name) => storeProfile(request(name), at(place))));
    const { profiles, defaultName } = await readProfileFile(place);
    expect(profiles.map(({ name }) => name).sort()).toEqual(names);
    expect(names).toContain(defaultName);
    expect(existsSync(join(place, 'profiles.lock'))).toBe(false);
  });

  it('keeps one default: the first profile, until another is chosen', async () => {
    const place = folder();
    expect(await storeProfile(request('a'), at(place))).toMatchObject({ isDefault: true, replaced: false });
    expect(await storeProfile(request('b'), at(place))).toMatchObject({ isDefault: false });
    expect(await storeProfile(request('a'), at(place))).toMatchObject({ isDefault: true, replaced: true });
    expect(await storeProfile({ ...request('c'), makeDefault: true }, at(place))).toMatchObject({ isDefault: true });
    expect((await readProfileFile(place)).defaultName).toBe('c');
    expect(await chooseDefaultProfile('b', at(place))).toBe(true);
    expect(await chooseDefaultProfile('nobody', at(place))).toBe(false);
    expect((await readProfileFile(place)).defaultName).toBe('b');
    expect(await removeProfile('nobody', at(place))).toBeUndefined();
  });

  it('changes nothing if it cannot write', async () => {
    const place = folder();
    await storeProfile(request('a'), at(place));
    const file = join(place, 'profiles.json');
    const before = readFileSync(file, 'utf8');
    const names = readdirSync(join(place, 'secrets'));
    // A file instead of the folder for secrets blocks every user, including root.
    const blocked = folder();
    writeFileSync(join(blocked, 'secrets'), '');
    await expect(storeProfile(request('b'), at(blocked))).rejects.toThrow(/is a link or belongs to another user/);
    expect(readdirSync(blocked)).toEqual(['secrets']);
    if (POSIX) {
      const linked = folder();
      symlinkSync(join(place, 'secrets'), join(linked, 'secrets'));
      await expect(storeProfile(request('b'), at(linked))).rejects.toThrow(KnownError);
    }
    writeFileSync(file, '{ "profiles": ');
    await expect(storeProfile(request('b'), at(place))).rejects.toThrow(/it is not valid JSON/);
    expect(readdirSync(join(place, 'secrets'))).toEqual(names);
    writeFileSync(file, before);
    expect((await readProfileFile(place)).profiles).toHaveLength(1);
  });
});

describe('readProfileFile', () => {
  const entry = (over: object): object => ({
    profiles: {
      a: { endpoint: 'https://k.example.com', clientId: CLIENT, secret: { in: 'file', name: 'a-1' }, ...over },
    },
  });
  it.each([
    ['an array', [], 'it is not a JSON object'],
    ['profiles that are a string', { profiles: 'canary' }, '"profiles" is not an object'],
    ['a default that is a number', { default: 1 }, '"default" is not a string'],
    ['a name that is a path', { profiles: { '../x': {} } }, 'is not a valid profile name'],
    ['a profile without an id', { profiles: { a: { endpoint: 'https://k' } } }, 'lacks "endpoint" or "clientId"'],
    ['a tenant that is a number', entry({ tenantId: 7 }), '"tenantId" of profile "a" is not a string'],
    ['a secret in the file itself', entry({ secret: 'canary' }), 'does not say where the secret is'],
    ['a secret in a path', entry({ secret: { in: 'file', name: '../../canary' } }), 'does not say where the secret is'],
    ['an unknown keychain', entry({ secret: { in: 'canary', key: 'x' } }), 'does not say where the secret is'],
  ])('rejects %s without quoting it', async (_name, content, message) => {
    const place = folder();
    writeFileSync(join(place, 'profiles.json'), JSON.stringify(content));
    const error: unknown = await readProfileFile(place).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KnownError);
    expect((error as KnownError).message).toContain(message);
    expect((error as KnownError).tried).toBe(join(place, 'profiles.json'));
    expect((error as KnownError).message).not.toContain('canary');
    expect((error as KnownError).next.join()).toContain('npx -p create-kuflow-worker kuflow login');
  });

  it('is empty without a file, and rejects a folder', async () => {
    const place = folder();
    expect(await readProfileFile(join(place, 'none'))).toMatchObject({ profiles: [] });
    mkdirSync(join(place, 'profiles.json'));
    await expect(readProfileFile(place)).rejects.toThrow(/it is not a regular file/);
  });
});

describe('the secret in a file', () => {
  it.runIf(POSIX)('causes a warning if other users can access it, and is rejected if it is a link', async () => {
    const place = folder();
    const { profile, where } = await storeProfile(request('a'), at(place));
    chmodSync(where, 0o644);
    const read = await readStoredSecret(profile.secret, at(place));
    expect(read).toMatchObject({
      kind: 'found',
      warnings: [`${where} is accessible to other users: chmod 600 ${where}`],
    });
    expect(JSON.stringify(read)).not.toContain(CANARY);
    const link = { in: 'file', name: 'link' } as const;
    symlinkSync(where, join(place, 'secrets', 'link'));
    expect(await readStoredSecret(link, at(place))).toMatchObject({ kind: 'failed' });
    await removeProfile('a', at(place));
    expect(await readStoredSecret(profile.secret, at(place))).toEqual({
      kind: 'failed',
      why: `${where} no longer exists`,
    });
  });
});

describe('profile names and folders', () => {
  it.each(['', '.', '..', '-x', 'a/b', 'a b', 'é', 'x'.repeat(65), '__proto__', 'a\nb'])(
    'rejects the name %j',
    (name) => {
      expect(() => checkProfileName(name)).toThrow(KnownError);
    },
  );
  it.each(['default', 'a', 'A.b-c_1', 'constructor', '7'])('accepts the name %s', (name) => {
    expect(checkProfileName(name)).toBe(name);
  });

  it('are in the configuration folder of each system, according to the environment', () => {
    expect(configFolder({}, 'linux')).toBeUndefined();
    expect(configFolder({ HOME: 'relative' }, 'linux')).toBeUndefined();
    if (!POSIX) return;
    expect(configFolder({ HOME: '/h' }, 'linux')).toBe('/h/.config/kuflow');
    expect(configFolder({ HOME: '/h', XDG_CONFIG_HOME: '/x' }, 'linux')).toBe('/x/kuflow');
    expect(configFolder({ HOME: '/h', XDG_CONFIG_HOME: 'x' }, 'darwin')).toBe('/h/Library/Application Support/kuflow');
    expect(configFolder({ HOME: '/h', APPDATA: '/a' }, 'win32')).toBe('/a/kuflow');
  });
});
