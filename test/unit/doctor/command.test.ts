import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/commands/registry.ts';
import { runRoot } from '../../../src/commands/root.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();

interface Result {
  readonly id: string;
  readonly state: string;
  readonly skipped?: string;
  readonly blockedBy?: string;
}
interface Printed {
  readonly status: number;
  readonly roots: readonly { readonly id: string; readonly state: string; readonly code: string }[];
  readonly results: readonly Result[];
  readonly created: readonly string[];
}

async function run(
  argv: readonly string[],
  over: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const fake = fakeHost(['doctor', ...argv], { cwd: folder(), env: {}, ...over });
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries };
  const status = await runRoot(root, fake.host);
  return { status, stdout: fake.stdout(), stderr: fake.stderr() };
}

const json = async (argv: readonly string[], over: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Printed> =>
  JSON.parse((await run([...argv, '--json'], over)).stdout) as Printed;

describe('kuflow doctor', () => {
  it('runs outside a project and without credentials: one root, told once and first, what depends on it names it', async () => {
    const { status, stdout } = await run([]);
    expect(status).toBe(1);
    expect(stdout.indexOf('KF-SET-001')).toBeLessThan(10);
    expect(stdout.split('missing identifier of the application')).toHaveLength(2);
    expect(stdout).toContain('not checked, because of KF-SET-001');
    expect(stdout).toContain('npx kuflow doctor explain KF-SET-001');
  });

  it('prints the same as JSON, with permanent ids and codes', async () => {
    const { status, roots, results, created } = await json([]);
    expect({ status, roots: roots.map(({ id, code }) => `${id} ${code}`), created }).toEqual({
      status: 1,
      roots: ['KF-SET-001 settings-incomplete'],
      created: [],
    });
    expect(results.find(({ id }) => id === 'KF-ENGINE-002')).toMatchObject({ blockedBy: 'KF-SET-001' });
  });

  it('leaves out what needs a network, what creates, and what is named', async () => {
    const offline = await json(['--offline']);
    expect(offline.results.find(({ id }) => id === 'KF-REST-001')).toMatchObject({ skipped: 'excluded' });
    const quiet = await json(['--no-create']);
    expect(quiet.results.filter(({ skipped }) => skipped === 'excluded').map(({ id }) => id)).toContain('KF-TOKEN-001');
    const without = await json(['--skip', 'KF-SET-001,tls']);
    expect(without.results.find(({ id }) => id === 'KF-SET-001')).toMatchObject({ skipped: 'excluded' });
    expect(without.results.find(({ id }) => id === 'KF-REST-001')).toMatchObject({ blockedBy: 'KF-SET-001' });
    expect(without.status).toBe(0);
  });

  it('takes checks and planes with what they require, and names what was probably meant', async () => {
    expect((await json(['--only', 'kf-token-001'])).results.map(({ id }) => id)).toEqual([
      'KF-SET-001',
      'KF-REST-001',
      'KF-TOKEN-001',
    ]);
    expect((await json(['--only', 'files'])).results.map(({ id }) => id)).toEqual(['KF-FILE-001', 'KF-FILE-002']);
    const typo = await run(['--only', 'KF-TLS-01']);
    expect(typo.status).toBe(2);
    expect(typo.stderr).toContain('KF-TLS-001');
    expect((await run(['--warn-expiry', 'soon'])).status).toBe(2);
    expect((await run(['--timeout', '0'])).status).toBe(2);
  });

  it('exits 3 for a warning only where that is asked for', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'node_modules'));
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n  namespaces: x\n');
    const only = ['--only', 'KF-SET-003'];
    expect(await json(only, { cwd })).toMatchObject({ status: 0, roots: [{ code: 'settings-unknown-key' }] });
    expect((await run([...only, '--fail-on', 'warn'], { cwd })).status).toBe(3);
  });

  it('keeps control characters of files out of the terminal, in every form', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  "namespac\\u001b[31m\\u202e": x\n');
    for (const argv of [['--offline'], ['--offline', '--json']]) {
      const { stdout, stderr } = await run(argv, { cwd });
      expect(stdout + stderr).not.toMatch(/[\u001b\u009b\u202e]/);
    }
  });
});

describe('kuflow doctor explain', () => {
  it('explains every check, whatever the case of its id', async () => {
    const list = await run(['explain']);
    expect(list.status).toBe(0);
    const { stdout } = await run(['explain', 'kf-tls-003']);
    expect(stdout).toContain('client-certificate-refused');
    const { checks } = JSON.parse((await run(['explain', '--json'])).stdout) as { checks: { id: string }[] };
    for (const { id } of checks) expect(list.stdout).toContain(id);
  });

  it('refuses an id that does not exist, and names one that does', async () => {
    const { status, stderr } = await run(['explain', 'KF-TSL-003']);
    expect(status).toBe(2);
    expect(stderr).toContain('KF-TLS-003');
  });
});
