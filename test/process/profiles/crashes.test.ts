import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { KnownError } from '../../../src/base/errors.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { Keychain, KeychainResult, KeychainRead } from '../../../src/profiles/keychain/keychain.ts';
import { readProfileFile } from '../../../src/profiles/file.ts';
import { removeProfile, storeProfile, type ProfileContext } from '../../../src/profiles/store.ts';
import { readStoredSecret } from '../../../src/profiles/secret-storage.ts';
import { Crash, crashPoints, faultyFiles, type Fault, type FaultyFiles } from '../../support/faulty-files.ts';

// In memory if possible: syncing thousands of files to a disk proves nothing more.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kuflow-profiles-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What outlives a process: a folder and a keychain. `hangs`: the keychain does not answer. */
interface Machine {
  readonly folder: string;
  readonly entries: Map<string, string>;
  hangs: boolean;
}

const emptyMachine = (): Machine => ({
  folder: join(mkdtempSync(join(root, 'm-')), 'kuflow'),
  entries: new Map(),
  hangs: false,
});

function copyOf(machine: Machine): Machine {
  const copy = emptyMachine();
  if (existsSync(machine.folder)) cpSync(machine.folder, copy.folder, { recursive: true });
  return { ...copy, entries: new Map(machine.entries), hangs: machine.hangs };
}

function keychainOf(machine: Machine, { step }: FaultyFiles): Keychain {
  const HUNG = { kind: 'failed', why: 'it did not answer' } as const;
  return {
    name: 'secret-service',
    title: 'a keychain',
    store: (key, secret) =>
      step<KeychainResult>('store', () => {
        if (machine.hangs) return Promise.resolve(HUNG);
        machine.entries.set(key, secret.reveal());
        return Promise.resolve({ kind: 'done' });
      }),
    read: (key) =>
      step<KeychainRead>('read', () => {
        if (machine.hangs) return Promise.resolve(HUNG);
        const found = machine.entries.get(key);
        return Promise.resolve(found === undefined ? { kind: 'absent' } : { kind: 'found', secret: new Secret(found) });
      }),
    remove: (key) =>
      step<KeychainResult>('remove', () => {
        if (machine.hangs) return Promise.resolve(HUNG);
        machine.entries.delete(key);
        return Promise.resolve({ kind: 'done' });
      }),
    removeCommand: (key) => `remove ${key}`,
  };
}

function contextFor(machine: Machine, faulty = faultyFiles()): ProfileContext {
  const keychain = keychainOf(machine, faulty);
  return {
    folder: machine.folder,
    env: {},
    clock: systemClock,
    signal: new AbortController().signal,
    platform: 'linux',
    keychains: { linux: () => keychain },
    files: faulty.files,
  };
}

const CLIENT = '018f3a1c-0000-7000-8000-000000000001';
const login = (machine: Machine, secret: string, faulty?: FaultyFiles, name = 'work', useKeychain = true) =>
  storeProfile(
    {
      profile: { name, endpoint: 'https://api.kuflow.com/v2024-06-14', clientId: CLIENT },
      secret: new Secret(secret),
      makeDefault: false,
      useKeychain,
    },
    contextFor(machine, faulty),
  );

/** Each profile with its secret; null for a secret that no longer exists. */
async function seen(machine: Machine): Promise<Record<string, string | null>> {
  const { profiles } = await readProfileFile(machine.folder);
  const found: Record<string, string | null> = {};
  for (const { name, secret } of profiles) {
    const read = await readStoredSecret(secret, contextFor({ ...machine, hangs: false }));
    found[name] = read.kind === 'found' ? read.secret.reveal() : null;
  }
  return found;
}

/** All secrets in the keychain and in files. */
function secretsOf({ folder, entries }: Machine): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  const texts = files
    .filter((entry) => entry.isFile())
    .flatMap(({ parentPath, name }) => {
      const text = readFileSync(join(parentPath, name), 'utf8');
      // A partly written secret counts too.
      return parentPath.endsWith('secrets') ? [text] : (text.match(/canary/g) ?? []);
    });
  return [...entries.values(), ...texts].sort();
}

function expectPrivate({ folder }: Machine): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
}

/** Expects only profiles and their secrets. If the keychain hangs, a run with a working keychain cleans up first. */
async function expectTidy(machine: Machine, at: string): Promise<void> {
  if (machine.hangs) await removeProfile('nobody', contextFor({ ...machine, hangs: false }));
  const names = readdirSync(machine.folder).filter((name) => name !== 'profiles.json' && name !== 'secrets');
  expect(names, at).toEqual([]);
}

interface Situation {
  readonly name: string;
  readonly prepare: (machine: Machine) => Promise<unknown>;
  readonly run: (machine: Machine, faulty?: FaultyFiles) => Promise<unknown>;
  readonly old: Record<string, string>;
  readonly new: Record<string, string>;
}

const SITUATIONS: readonly Situation[] = [
  {
    name: 'the first login',
    prepare: () => Promise.resolve(),
    run: (machine, faulty) => login(machine, 'canary-new', faulty),
    old: {},
    new: { work: 'canary-new' },
  },
  {
    name: 'the first login, into a file',
    prepare: () => Promise.resolve(),
    run: (machine, faulty) => login(machine, 'canary-new', faulty, 'work', false),
    old: {},
    new: { work: 'canary-new' },
  },
  {
    name: 'the first login where the keychain does not answer',
    prepare: (machine) => Promise.resolve((machine.hangs = true)),
    run: (machine, faulty) => login(machine, 'canary-new', faulty),
    old: {},
    new: { work: 'canary-new' },
  },
  {
    name: 'a repeated login',
    prepare: (machine) => login(machine, 'canary-old'),
    run: (machine, faulty) => login(machine, 'canary-new', faulty),
    old: { work: 'canary-old' },
    new: { work: 'canary-new' },
  },
  {
    name: 'a repeated login, from the keychain into a file, with another profile',
    prepare: async (machine) => {
      await login(machine, 'canary-other', undefined, 'other');
      await login(machine, 'canary-old');
    },
    run: (machine, faulty) => login(machine, 'canary-new', faulty, 'work', false),
    old: { other: 'canary-other', work: 'canary-old' },
    new: { other: 'canary-other', work: 'canary-new' },
  },
  {
    name: 'a logout',
    prepare: async (machine) => {
      await login(machine, 'canary-other', undefined, 'other', false);
      await login(machine, 'canary-old');
    },
    run: (machine, faulty) => removeProfile('work', contextFor(machine, faulty)),
    old: { other: 'canary-other', work: 'canary-old' },
    new: { other: 'canary-other' },
  },
  {
    name: 'a logout of a secret in a file',
    prepare: (machine) => login(machine, 'canary-old', undefined, 'work', false),
    run: (machine, faulty) => removeProfile('work', contextFor(machine, faulty)),
    old: { work: 'canary-old' },
    new: {},
  },
];

describe.each(SITUATIONS)('$name', (situation) => {
  const prepared = async (): Promise<{ readonly copy: () => Machine; readonly steps: readonly string[] }> => {
    const original = emptyMachine();
    await situation.prepare(original);
    const counted = faultyFiles();
    await situation.run(copyOf(original), counted);
    return { copy: () => copyOf(original), steps: counted.steps };
  };
  const isLogout = situation.name.startsWith('a logout');

  it.each(['crash', 'torn'] as const)(
    'that is killed (%s) before any step leaves the old or the new state, and the next run removes unreferenced secrets',
    async (kind) => {
      const { copy, steps } = await prepared();
      expect(steps.length).toBeGreaterThan(15);
      const [olds, news] = [new Set<number>(), new Set<number>()];
      const points = crashPoints(steps, kind);
      for (const before of points) {
        const at = `${before}: ${steps[before] ?? ''}`;
        const machine = copy();
        const ended: unknown = await situation
          .run(machine, faultyFiles({ kind, before }))
          .catch((error: unknown) => error);
        const now = await seen(machine);
        if (ended instanceof Error) expect(ended, at).toBeInstanceOf(Crash);
        expectPrivate(machine);
        // The secret is removed before its profile.
        const between = isLogout ? { ...situation.old, work: null } : undefined;
        expect([situation.old, situation.new, between], at).toContainEqual(now);
        (JSON.stringify(now) === JSON.stringify(situation.new) ? news : olds).add(before);

        // Another run comes next.
        const other = copyOf(machine);
        await login(other, 'canary-next', undefined, 'next');
        expect(await seen(other), at).toEqual({ ...now, next: 'canary-next' });
        expect(secretsOf(other), at).toEqual(
          [...Object.values(now), 'canary-next'].filter((secret) => secret !== null).sort(),
        );
        await expectTidy(other, at);

        // The same run is repeated.
        await situation.run(machine);
        expect(await seen(machine), at).toEqual(situation.new);
        expect(secretsOf(machine), at).toEqual(Object.values(situation.new).sort());
        await expectTidy(machine, at);
      }
      expect(Math.max(...olds)).toBeLessThan(steps.length);
      if (kind === 'crash') {
        expect(olds.size + news.size).toBe(points.length);
        expect(points.indexOf(Math.min(...news))).toBe(points.indexOf(Math.max(...olds)) + 1);
      }
    },
    180_000,
  );

  it('that fails in any step reports it or continues, and leaves no unreferenced secret', async () => {
    const { copy, steps } = await prepared();
    for (let before = 0; before < steps.length; before++) {
      const name = steps[before] ?? '';
      // A lock that cannot be released ends with the process; keychain errors are tested separately.
      if (['unlock', 'store', 'read', 'remove'].includes(name)) continue;
      const at = `${before}: ${name}`;
      const machine = copy();
      const fault: Fault = { kind: 'fail', before, code: 'ENOSPC' };
      const ended: unknown = await situation.run(machine, faultyFiles(fault)).catch((error: unknown) => error);
      const now = await seen(machine);
      expectPrivate(machine);
      if (ended instanceof Error) {
        expect(ended, at).toBeInstanceOf(KnownError);
        expect(ended, at).toHaveProperty('seen', 'ENOSPC');
        expect(JSON.stringify(ended) + ended.message, at).not.toContain('canary');
        expect([situation.old, ...(isLogout ? [{ ...situation.old, work: null }] : [])], at).toContainEqual(now);
        expect(secretsOf(machine), at).toEqual(
          Object.values(now)
            .filter((secret) => secret !== null)
            .sort(),
        );
      } else expect(now, at).toEqual(situation.new);
      await login(machine, 'canary-next', undefined, 'next');
      expect(secretsOf(machine), at).toEqual(
        [...Object.values(now), 'canary-next'].filter((secret) => secret !== null).sort(),
      );
      await expectTidy(machine, at);
    }
  });
});

describe('a keychain that does not answer', () => {
  it('during a removal leaves the secret, which is reported and removed by the next run with a working keychain', async () => {
    const machine = emptyMachine();
    await login(machine, 'canary-old');
    machine.hangs = true;
    const removed = await removeProfile('work', contextFor(machine));
    expect(removed?.leftBehind).toMatch(/^it did not answer; to remove it by hand: remove work\//);
    expect(await seen(machine)).toEqual({});
    await login(machine, 'canary-two', undefined, 'two');
    expect(secretsOf(machine)).toEqual(['canary-old', 'canary-two']);
    machine.hangs = false;
    await login(machine, 'canary-three', undefined, 'three');
    expect(secretsOf(machine)).toEqual(['canary-three', 'canary-two']);
    await expectTidy(machine, '');
  });

  it('during a repeated login stores the new secret, reports the old one, and removes it later', async () => {
    const machine = emptyMachine();
    await login(machine, 'canary-old');
    machine.hangs = true;
    const again = await login(machine, 'canary-new');
    expect(again.whyFile).toBe('it did not answer');
    expect(again.warnings).toEqual([
      expect.stringMatching(
        /^The previous secret is still in a? ?.*keychain.*: it did not answer; to remove it by hand: remove work\//,
      ),
    ]);
    machine.hangs = false;
    expect(await seen(machine)).toEqual({ work: 'canary-new' });
    expect(await removeProfile('nobody', contextFor(machine))).toBeUndefined();
    expect(secretsOf(machine)).toEqual(['canary-new']);
    await expectTidy(machine, '');
  });
});

describe('an interrupt while the keychain does not answer', () => {
  /** Waits like a locked keychain, until the signal. */
  function stuck(machine: Machine, stop: AbortController): ProfileContext {
    const context = contextFor(machine);
    const wait = (): Promise<never> =>
      new Promise((_resolve, reject) => {
        stop.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
        queueMicrotask(() => stop.abort(new KnownError({ message: 'Interrupted', status: 130 })));
        if (stop.signal.aborted) reject(new Error('interrupted'));
      });
    const keychain: Keychain = { ...keychainOf(machine, faultyFiles()), store: wait, remove: wait };
    return { ...context, signal: stop.signal, keychains: { linux: () => keychain } };
  }

  it('keeps a profile that was being removed, reports it, and a rerun completes the removal', async () => {
    const machine = emptyMachine();
    await login(machine, 'canary-old');
    const ended = removeProfile('work', stuck(machine, new AbortController()));
    await expect(ended).rejects.toMatchObject({
      status: 130,
      message: expect.stringMatching(/^Profile work was not removed, and its secret may still be in /) as string,
      seen: expect.stringContaining('; to remove it by hand: remove work/') as string,
    });
    expect(await seen(machine)).toEqual({ work: 'canary-old' });
    await removeProfile('work', contextFor(machine));
    expect(await seen(machine)).toEqual({});
    expect(secretsOf(machine)).toEqual([]);
    await expectTidy(machine, '');
  });

  it('does not change a profile that was being stored', async () => {
    const machine = emptyMachine();
    await login(machine, 'canary-old');
    const context = stuck(machine, new AbortController());
    const profile = { name: 'work', endpoint: 'https://api.kuflow.com/v2024-06-14', clientId: CLIENT };
    const request = { profile, secret: new Secret('canary-new'), makeDefault: false, useKeychain: true };
    await expect(storeProfile(request, context)).rejects.toThrow('interrupted');
    expect(await seen(machine)).toEqual({ work: 'canary-old' });
    expect(existsSync(join(machine.folder, 'profiles.lock'))).toBe(false);
    // Into a file this time, so that only the old secret involves the keychain.
    const again = await storeProfile({ ...request, useKeychain: false }, stuck(machine, new AbortController()));
    expect(again.warnings).toEqual([expect.stringMatching(/still in .*: interrupted .*; to remove it by hand: /)]);
    expect(await seen(machine)).toEqual({ work: 'canary-new' });
    await login(machine, 'canary-next', undefined, 'next');
    expect(secretsOf(machine)).toEqual(['canary-new', 'canary-next']);
    await expectTidy(machine, '');
  });
});

it('removes no secrets after the profile file was moved away, or because of an invalid entry in it', async () => {
  const machine = emptyMachine();
  await login(machine, 'canary-one', undefined, 'one', false);
  const file = join(machine.folder, 'profiles.json');
  const away = readFileSync(file);
  for (const pendingSecrets of [{}, ['x', { in: 'file', name: '../profiles.json' }]]) {
    writeFileSync(file, JSON.stringify({ pendingSecrets }));
    await login(machine, 'canary-two', undefined, 'two', false);
    expect(secretsOf(machine)).toEqual(['canary-one', 'canary-two']);
    await removeProfile('two', contextFor(machine));
    await expectTidy(machine, '');
  }
  writeFileSync(file, away);
  expect(await seen(machine)).toEqual({ one: 'canary-one' });
});
