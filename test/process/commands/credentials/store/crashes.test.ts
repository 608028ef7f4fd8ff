import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { PullSetRequest } from '../../../../../src/commands/credentials/store/install-set.ts';
import { makeTestAuthority, type TestAuthority } from '../../../../support/certificates.ts';
import {
  credentialProject,
  identityInFiles,
  issuing,
  LOCAL,
  localText,
  pull,
  tokenOf,
  type Issuing,
} from '../../../../support/credential-project.ts';
import { Crash, crashPoints, faultyFiles, type Fault } from '../../../../support/faulty-files.ts';

// In memory if possible: syncing thousands of files to a disk proves nothing more.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kuflow-crashes-'));
const folder = (): string => mkdtempSync(join(root, 'f-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let authority: TestAuthority;
beforeAll(async () => {
  authority = await makeTestAuthority();
});

/** The state before the run under test. `no files`: only application.yaml. */
const SITUATIONS = ['no set', 'no files', 'a set', 'a set and a killed run'] as const;
type Situation = (typeof SITUATIONS)[number];
const TOKEN: Partial<PullSetRequest> = {
  keepToken: true,
  requestToken: () => Promise.resolve(tokenOf('canary-token')),
};

/** Creates the situation once; each call of the result makes a copy of it. */
async function prepared(situation: Situation, issued: Issuing): Promise<() => string> {
  const [original, copies] = [await prepare(situation, issued), folder()];
  let count = 0;
  return () => {
    const copy = join(copies, String(count++));
    cpSync(original, copy, { recursive: true });
    return copy;
  };
}

async function prepare(situation: Situation, issued: Issuing): Promise<string> {
  const project = credentialProject(join(folder(), 'p'), situation === 'no files' ? null : LOCAL);
  if (situation === 'no set' || situation === 'no files') return project;
  await pull(project, issued);
  if (situation === 'a set') return project;
  // In the middle of the next set, so that there are leftovers to remove.
  const half = faultyFiles({ kind: 'torn', before: await stepOf(project, issued, /^write client.key/) });
  await expect(pull(project, issued, { force: true, files: half.files })).rejects.toThrow(Crash);
  return project;
}

/** The index of the first step with this name, counted in a separate run. */
async function stepOf(project: string, issued: Issuing, name: RegExp): Promise<number> {
  const counted = faultyFiles();
  await pull(project, issued, { force: true, files: counted.files });
  return counted.steps.findIndex((step) => name.test(step));
}

interface Seen {
  readonly text: string | undefined;
  readonly cert: string | undefined;
}

function seen(project: string, situation: Situation): Seen {
  // The settings need a client secret to be valid.
  if (situation === 'no files' && localText(project) === undefined) return { text: undefined, cert: undefined };
  const secret = situation === 'no files' ? { KUFLOW_API_CLIENTID: CLIENT, KUFLOW_API_CLIENTSECRET: 's' } : {};
  return { text: localText(project), cert: identityInFiles(project, secret)?.cert };
}
const CLIENT = '018f3a1c-0000-7000-8000-000000000001';

/** No file in the store may be accessible to other users, whatever its name. */
function expectPrivate(project: string): void {
  const store = join(project, '.kuflow', 'credentials');
  if (!existsSync(store)) return;
  expect(statSync(store).mode & 0o077).toBe(0);
  for (const entry of readdirSync(store, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
  }
}

async function run(project: string, issued: Issuing, situation: Situation, fault?: Fault) {
  const { files, steps } = faultyFiles(fault);
  // With an existing set, this is a rotation. The token is written too.
  const over = situation === 'no set' || situation === 'no files' ? {} : { force: true };
  const ended = await pull(project, issued, { ...over, ...TOKEN, files }).catch((error: unknown) => error);
  return { ended, steps };
}

describe.each(SITUATIONS)('a pull with %s before', (situation) => {
  it.each(['crash', 'torn'] as const)(
    'that is killed (%s) before any step leaves only the old or only the new set, and the next pull works',
    async (kind) => {
      const issued = issuing(authority);
      const copy = await prepared(situation, issued);
      const { steps } = await run(copy(), issued, situation);
      expect(steps.length).toBeGreaterThan(35);
      const commit = steps.findIndex((step) => step === 'rename .new-ID application-local.yaml');
      expect(commit).toBeGreaterThan(0);
      const [olds, news] = [new Set<number>(), new Set<number>()];
      const points = crashPoints(steps, kind);
      for (const before of points) {
        const project = copy();
        const old = seen(project, situation);
        const { ended } = await run(project, issued, situation, { kind, before });
        const at = `${before}: ${steps[before] ?? ''}`;
        // A crash during the cleanup looks like success.
        if (before < commit) expect(ended, at).toBeInstanceOf(Crash);
        const now = seen(project, situation);
        expectPrivate(project);
        if (now.text === old.text) {
          expect(now.cert, at).toBe(old.cert);
          olds.add(before);
        } else {
          expect(now.cert, at).not.toBe(old.cert);
          expect(now.cert, at).toContain('BEGIN CERTIFICATE');
          news.add(before);
        }
        const again = await pull(project, issued);
        expect(again.kind, at).toBe(news.has(before) || situation.startsWith('a set') ? 'unchanged' : 'pulled');
        // A pull that changes nothing does not clean up either.
        if (again.kind === 'unchanged') await pull(project, issued, { force: true });
        const names = readdirSync(join(project, '.kuflow', 'credentials'));
        expect(
          names.filter((name) => /^\.(new|old)-/.test(name)),
          at,
        ).toEqual([]);
        expect(readFileSync(join(project, '.kuflow', 'credentials', '.gitignore'), 'utf8'), at).toBe('*\n');
      }
      // Up to the rename the set is the old one, afterwards the new one.
      expect(Math.max(...olds)).toBeLessThanOrEqual(commit);
      if (kind === 'crash') {
        expect(Math.min(...news)).toBe(commit + 1);
        expect(olds.size + news.size).toBe(points.length);
      }
    },
    180_000,
  );

  const codes = situation === 'no files' || situation === 'a set' ? ['ENOSPC'] : [];
  it.each(codes)(
    'that fails (%s) in any step reports it or continues, changes nothing or everything, and leaves no partial set',
    async (code) => {
      const issued = issuing(authority);
      const copy = await prepared(situation, issued);
      const { steps } = await run(copy(), issued, situation);
      for (let before = 0; before < steps.length; before++) {
        // A lock that cannot be released ends with the process, which continues here.
        if (steps[before] === 'unlock') continue;
        const project = copy();
        const store = join(project, '.kuflow', 'credentials');
        const left = (): readonly string[] =>
          existsSync(store) ? readdirSync(store).filter((name) => name.startsWith('.new-')) : [];
        const [old, leftBefore] = [seen(project, situation), left()];
        const { ended } = await run(project, issued, situation, { kind: 'fail', before, code });
        const at = `${before}: ${steps[before] ?? ''}`;
        const now = seen(project, situation);
        if (ended instanceof Error) {
          expect(ended, at).toBeInstanceOf(KnownError);
          expect(ended, at).toHaveProperty('seen', code);
          expect(ended, at).toHaveProperty(
            'next',
            expect.arrayContaining([expect.stringContaining('Settings and credentials are unchanged')]),
          );
          expect(now, at).toEqual(old);
          expect(JSON.stringify(ended) + ended.message, at).not.toContain('canary');
        } else expect(now.cert, at).not.toBe(old.cert);
        if (!/^(unlink|rmdir|look|list)/.test(steps[before] ?? ''))
          expect(leftBefore, at).toEqual(expect.arrayContaining([...left()]));
        expectPrivate(project);
        expect((await pull(project, issued, { force: true })).kind, at).toBe('pulled');
      }
    },
    180_000,
  );
});
