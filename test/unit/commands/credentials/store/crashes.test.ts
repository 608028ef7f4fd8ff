import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { PullRequest } from '../../../../../src/commands/credentials/store/pull-set.ts';
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
import { Crash, faultyFiles, type Fault } from '../../../../support/faulty-files.ts';

// In memory where the system has such a place: thousands of synced files say no more on a disk.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kuflow-crashes-'));
const folder = (): string => mkdtempSync(join(root, 'f-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let authority: TestAuthority;
beforeAll(async () => {
  authority = await makeTestAuthority();
});

/** What stands before the run under test. `no files`: an empty folder but for application.yaml. */
const SITUATIONS = ['no set', 'no files', 'a set', 'a set and a killed run'] as const;
type Situation = (typeof SITUATIONS)[number];
const TOKEN: Partial<PullRequest> = { keepToken: true, requestToken: () => Promise.resolve(tokenOf('canary-token')) };

/** Makes the situation once, and gives a copy of it at each call. */
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
  // In the middle of the next set, so that there is something to sweep.
  const half = faultyFiles({ kind: 'torn', before: await stepOf(project, issued, /^write client.key/) });
  await expect(pull(project, issued, { force: true, files: half.files })).rejects.toThrow(Crash);
  return project;
}

/** The number of the first step with this name; counted on a run of its own that is then lost. */
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
  // Without a client secret the settings are no settings; what they point to is looked at all the same.
  if (situation === 'no files' && localText(project) === undefined) return { text: undefined, cert: undefined };
  const secret = situation === 'no files' ? { KUFLOW_API_CLIENTID: CLIENT, KUFLOW_API_CLIENTSECRET: 's' } : {};
  return { text: localText(project), cert: identityInFiles(project, secret)?.cert };
}
const CLIENT = '018f3a1c-0000-7000-8000-000000000001';

/** Nothing that is left may be read by others, whatever its name. */
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
  // The one with a set is a rotation; the token is written too.
  const over = situation === 'no set' || situation === 'no files' ? {} : { force: true };
  const ended = await pull(project, issued, { ...over, ...TOKEN, files }).catch((error: unknown) => error);
  return { ended, steps };
}

describe.each(SITUATIONS)('a pull with %s before', (situation) => {
  it.each(['crash', 'torn'] as const)(
    'that ends (%s) before any step leaves all old or all new, and the next one works',
    async (kind) => {
      const issued = issuing(authority);
      const copy = await prepared(situation, issued);
      const { steps } = await run(copy(), issued, situation);
      expect(steps.length).toBeGreaterThan(35);
      const commit = steps.findIndex((step) => step === 'rename .new-ID application-local.yaml');
      expect(commit).toBeGreaterThan(0);
      const [olds, news] = [new Set<number>(), new Set<number>()];
      for (let before = 0; before < steps.length; before++) {
        if (kind === 'torn' && steps[before]?.startsWith('write') !== true) continue;
        const project = copy();
        const old = seen(project, situation);
        const { ended } = await run(project, issued, situation, { kind, before });
        const at = `${before}: ${steps[before] ?? ''}`;
        // A crash while it only tidies up is not told from success.
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
        // An unchanged one did not look for what was left.
        if (again.kind === 'unchanged') await pull(project, issued, { force: true });
        const names = readdirSync(join(project, '.kuflow', 'credentials'));
        expect(
          names.filter((name) => /^\.(new|old)-/.test(name)),
          at,
        ).toEqual([]);
        expect(readFileSync(join(project, '.kuflow', 'credentials', '.gitignore'), 'utf8'), at).toBe('*\n');
      }
      // Everything up to the one rename is old, everything after it new.
      expect(Math.max(...olds)).toBeLessThanOrEqual(commit);
      if (kind === 'crash') {
        expect(Math.min(...news)).toBe(commit + 1);
        expect(olds.size + news.size).toBe(steps.length);
      }
    },
    120_000,
  );

  const codes = situation === 'no files' || situation === 'a set' ? ['ENOSPC'] : [];
  it.each(codes)(
    'whose disk refuses any one step (%s) says so or goes on, changes nothing or all, and keeps no half',
    async (code) => {
      const issued = issuing(authority);
      const copy = await prepared(situation, issued);
      const { steps } = await run(copy(), issued, situation);
      for (let before = 0; before < steps.length; before++) {
        // A lock that can't be given back ends with this process, which goes on here.
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
            expect.arrayContaining([expect.stringContaining('Nothing was switched')]),
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
    120_000,
  );
});
