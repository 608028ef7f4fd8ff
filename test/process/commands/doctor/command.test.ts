import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const folder = temporaryFolders();
const PATH = process.env['PATH'] ?? '';

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
  const status = await runProgram(root, fake.host);
  return { status, stdout: fake.stdout(), stderr: fake.stderr() };
}

const json = async (argv: readonly string[], over: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Printed> =>
  JSON.parse((await run([...argv, '--json'], over)).stdout) as Printed;

describe('kuflow doctor', () => {
  it('runs outside a project without credentials and reports one root cause, first and only once', async () => {
    const { status, stdout } = await run([]);
    expect(status).toBe(2);
    expect(stdout.indexOf('KF-SET-001')).toBeLessThan(10);
    for (const key of ['kuflow.api.client-id', 'kuflow.api.client-secret'])
      expect(stdout.split(key), `names ${key} once`).toHaveLength(2);
    const ids = [...stdout.matchAll(/^ {2}. (KF-SET-\d+)/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(2);
    expect(ids).toEqual(ids.toSorted());
    expect(stdout).toContain('skipped because of KF-SET-001');
    expect(stdout).toContain('npx kuflow doctor explain KF-SET-001');
  });

  it('prints the result as JSON with ids and cause codes', async () => {
    const { status, roots, results, created } = await json([]);
    expect({ status, roots: roots.map(({ id, code }) => `${id} ${code}`), created }).toEqual({
      status: 2,
      roots: ['KF-SET-001 settings-incomplete'],
      created: [],
    });
    expect(results.find(({ id }) => id === 'KF-ENGINE-002')).toMatchObject({ blockedBy: 'KF-SET-001' });
  });

  it('skips checks with --offline, --no-create and --skip', async () => {
    const offline = await json(['--offline']);
    expect(offline.results.find(({ id }) => id === 'KF-REST-001')).toMatchObject({ skipped: 'excluded' });
    const quiet = await json(['--no-create']);
    expect(quiet.results.filter(({ skipped }) => skipped === 'excluded').map(({ id }) => id)).toContain('KF-TOKEN-001');
    const without = await json(['--skip', 'KF-SET-001,tls']);
    expect(without.results.find(({ id }) => id === 'KF-SET-001')).toMatchObject({ skipped: 'excluded' });
    expect(without.results.find(({ id }) => id === 'KF-REST-001')).toMatchObject({ blockedBy: 'KF-SET-001' });
    expect(without.status).toBe(0);
  });

  it('runs the checks of --only with their requirements and suggests a check for a typo', async () => {
    expect((await json(['--only', 'kf-token-001'])).results.map(({ id }) => id)).toEqual([
      'KF-SET-003',
      'KF-SET-001',
      'KF-REST-001',
      'KF-REST-002',
      'KF-TOKEN-001',
    ]);
    expect((await json(['--only', 'files'])).results.map(({ id }) => id)).toEqual(['KF-FILE-001', 'KF-FILE-002']);
    expect((await json(['--only', 'clock'])).results.map(({ id }) => id)).toEqual([
      'KF-SET-003',
      'KF-SET-001',
      'KF-REST-001',
      'KF-CLOCK-001',
    ]);
    for (const nothing of ['', ',', ' , ']) expect((await run(['--only', nothing])).status, nothing).toBe(2);
    const typo = await run(['--only', 'KF-TLS-01']);
    expect(typo.status).toBe(2);
    expect(typo.stderr).toContain('KF-TLS-001');
    expect((await run(['--warn-expiry', 'soon'])).status).toBe(2);
    expect((await run(['--timeout', '0'])).status).toBe(2);
  });

  it('does not check application files that do not exist', async () => {
    const { results } = await json(['--offline'], { cwd: folder() });
    expect(results.find(({ id }) => id === 'KF-SET-003')).toMatchObject({ skipped: 'not-applicable' });
  });

  it('exits with status 3 on a warning only with --fail-on warn', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'node_modules'));
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n  namespaces: x\n');
    const only = ['--only', 'KF-SET-003'];
    expect(await json(only, { cwd })).toMatchObject({ status: 0, roots: [{ code: 'settings-unknown-key' }] });
    expect((await run([...only, '--fail-on', 'warn'], { cwd })).status).toBe(3);
  });

  it('escapes control characters from files in every output format', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  "namespac\\u001b[31m\\u202e": x\n');
    for (const argv of [['--offline'], ['--offline', '--json']]) {
      const { stdout, stderr } = await run(argv, { cwd });
      expect(stdout + stderr).not.toMatch(/[\u001b\u009b\u202e]/);
    }
  });
});

describe.skipIf(process.platform === 'win32')('a project path that is not a regular file', () => {
  const RECORD = join('.kuflow', 'project.json');
  const PACKAGE = (name: string): string => join('node_modules', '@temporalio', name, 'package.json');
  const FILES = ['application.yaml', RECORD, 'kuflow.process.yaml', PACKAGE('worker'), PACKAGE('envconfig')];

  it.each(['FIFO', 'folder', 'binary file'])('does not crash or hang on a %s', async (what) => {
    for (const file of FILES) {
      const cwd = folder();
      for (const [name, text] of Object.entries({ [RECORD]: '{}', 'kuflow.process.yaml': 'a: 1\n', [file]: '' })) {
        mkdirSync(join(cwd, name, '..'), { recursive: true });
        if (name !== file) writeFileSync(join(cwd, name), text);
      }
      const path = join(cwd, file);
      if (what === 'FIFO') execFileSync('mkfifo', [path]);
      else if (what === 'folder') mkdirSync(path);
      else writeFileSync(path, Buffer.from([0xff, 0, 0x1b, 0x5b, 0xfe]));
      const { results } = await json(['--offline', '--timeout', '10'], { cwd, env: { PATH, TEMPORAL_TLS: 'true' } });
      expect(
        results.filter(({ state }) => state === 'crash' || state === 'unknown'),
        file,
      ).toEqual([]);
    }
  });
});

const ID = '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10';
const CANARY = 'canary-client-secret';

/** A folder with a secret that other users can read and that git would add. */
function exposed(): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
  const local = join(cwd, 'application-local.yaml');
  writeFileSync(local, `kuflow:\n  api:\n    client-id: ${ID}\n    client-secret: ${CANARY}\n`);
  chmodSync(local, 0o644);
  execFileSync('git', ['init', '-q'], { cwd });
  return cwd;
}

describe('files with secrets that git would add', () => {
  it('are listed together, whether there is one or several', async () => {
    const cwd = exposed();
    const summary = async (): Promise<string> => (await run(['--only', 'KF-FILE-002'], { cwd, env: { PATH } })).stdout;
    expect(await summary()).toContain('Git does not ignore application-local.yaml, which contains a secret');
    writeFileSync(join(cwd, 'client.key'), 'canary');
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  mutual-tls:\n    key: client.key\n');
    expect(await summary()).toMatch(/Git does not ignore .*, .*, which contain secrets/);
  });
});

describe('kuflow doctor --fix', () => {
  it('fixes permissions and .gitignore, and changes nothing without --fix', async () => {
    const cwd = exposed();
    const env = { PATH };
    const before = await json(['--only', 'files'], { cwd, env });
    expect(before.roots.map(({ code }) => code)).toEqual(['file-readable-by-others', 'file-not-ignored']);
    expect(statSync(join(cwd, 'application-local.yaml')).mode & 0o777).toBe(0o644);
    const after = await json(['--only', 'files', '--fix'], { cwd, env });
    expect(after).toMatchObject({ status: 0, roots: [], fixed: [{}, {}] });
    expect(statSync(join(cwd, 'application-local.yaml')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).toBe('/application-local.yaml\n');
    expect(await json(['--only', 'files', '--fix'], { cwd, env })).toMatchObject({ fixed: [] });
  });

  it('fixes only selected checks, and nothing if the selection is invalid', async () => {
    const cwd = exposed();
    const env = { PATH };
    const mode = (): number => statSync(join(cwd, 'application-local.yaml')).mode & 0o777;
    const left = ['--offline', '--fix'];
    for (const argv of [
      ['--only', 'KF-SET-001'],
      ['--skip', 'files'],
    ])
      expect(await json([...argv, ...left], { cwd, env })).toMatchObject({ fixed: [] });
    expect((await run(['--only', 'fils', ...left], { cwd, env })).status).toBe(2);
    expect((await run(['--skip', 'fils', ...left], { cwd, env })).status).toBe(2);
    expect(mode()).toBe(0o644);
    expect(existsSync(join(cwd, '.gitignore'))).toBe(false);
    expect(await json(['--skip', 'KF-FILE-002', ...left], { cwd, env })).toMatchObject({ fixed: [{}] });
    expect(mode()).toBe(0o600);
    expect(existsSync(join(cwd, '.gitignore'))).toBe(false);
  });

  it('only removes permissions', async () => {
    const cwd = exposed();
    const local = join(cwd, 'application-local.yaml');
    chmodSync(local, 0o444);
    await json(['--only', 'KF-FILE-001', '--fix'], { cwd, env: { PATH } });
    expect(statSync(local).mode & 0o777).toBe(0o400);
  });

  it.each([
    ['Windows line endings', 'a\r\nb', 'a\r\nb\r\n/application-local.yaml\r\n'],
    ['Unix line endings', 'a\nb\n', 'a\nb\n/application-local.yaml\n'],
    ['binary data', '\xff\xfe\x00a\n', '\xff\xfe\x00a\n/application-local.yaml\n'],
  ])('appends to a .gitignore with %s and keeps its bytes, inode and permissions', async (_name, before, after) => {
    const cwd = exposed();
    const path = join(cwd, '.gitignore');
    writeFileSync(path, Buffer.from(before, 'latin1'));
    chmodSync(path, 0o664);
    const { ino } = statSync(path);
    await json(['--only', 'KF-FILE-002', '--fix'], { cwd, env: { PATH } });
    expect(readFileSync(path, 'latin1')).toBe(after);
    expect([statSync(path).ino, statSync(path).mode & 0o777]).toEqual([ino, 0o664]);
  });
});

describe('the output formats', () => {
  it('have the same findings and exit status, and no secrets', async () => {
    const cwd = exposed();
    const env = { PATH, HTTPS_PROXY: 'http://user:canary-password@127.0.0.1:1' };
    const argv = ['--only', 'files,rest', '--fail-on', 'warn', '--endpoint', 'https://kuflow.invalid'];
    const ticket = join(cwd, 'ticket.md');
    const text = await run([...argv, '--report', 'ticket.md'], { cwd, env });
    const junit = await run([...argv, '--format', 'junit'], { cwd, env });
    const github = await run([...argv, '--format', 'github'], { cwd, env });
    const data = await run([...argv, '--json'], { cwd, env });
    expect(statSync(ticket).mode & 0o077).toBe(0);
    const forms = [text, junit, github, data].map(({ stdout }) => stdout).concat(readFileSync(ticket, 'utf8'));
    for (const form of forms) {
      expect(form).toContain('KF-FILE-001');
      expect(form).toContain('KF-REST-001');
      expect(form).not.toContain('canary');
    }
    for (const { status, stderr } of [text, junit, github, data]) {
      expect(status).toBe(1);
      expect(stderr).not.toContain('canary');
    }
    expect(junit.stdout).toMatch(
      /^<\?xml[^]*<testsuite name="kuflow doctor" tests="\d+" failures="1"[^]*<\/testsuite>\n$/,
    );
    expect(github.stdout).toMatch(/^::error title=KF-REST-001/m);
    const again = await run([...argv, '--report', 'ticket.md'], { cwd, env });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('Writing the report failed: it already exists');
    expect((await run(['--json', '--format', 'junit'])).status).toBe(2);
  });
});

describe('kuflow doctor --watch', () => {
  it('repeats the checks until it is interrupted and prints changes', async () => {
    const cwd = exposed();
    const fake = fakeHost(['doctor', '--only', 'KF-FILE-001', '--watch', '0.05'], { cwd, env: { PATH } });
    const root = { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries };
    const ended = runProgram(root, fake.host);
    await until('a first result', () => fake.stdout().includes('Other users can read'));
    expect(fake.stdout().split('Other users can read')).toHaveLength(2);
    chmodSync(join(cwd, 'application-local.yaml'), 0o600);
    await until('the change', () => fake.stdout().includes('only you can read'));
    fake.signal('SIGINT');
    expect(await ended).toBe(130);
  });
});

describe('kuflow doctor explain', () => {
  it('explains a cause by its code, with the checks that report it, and suggests a code for a typo', async () => {
    const { stdout } = await run(['explain', 'settings-incomplete']);
    expect(stdout).toContain('Reported by KF-SET-001 (REST API settings)');
    expect(stdout).toContain('kuflow login');
    const data = JSON.parse((await run(['explain', 'rest-unauthorized', '--json'])).stdout) as {
      readonly code: string;
      readonly checks: readonly { readonly id: string }[];
    };
    expect(data.code).toBe('rest-unauthorized');
    expect(data.checks.map(({ id }) => id)).toContain('KF-REST-001');
    expect((await run(['explain', 'tsl'])).stderr).toContain('Did you mean tls?');
    expect((await run(['explain', 'tls'])).stdout).toMatch(/KF-TLS-001 [^]*KF-TLS-005 /);
    const typo = await run(['explain', 'setting-incomplete']);
    expect(typo.status).toBe(2);
    expect(typo.stderr).toContain('settings-incomplete');
  });

  it('explains every check, ignoring the case of its id', async () => {
    const list = await run(['explain']);
    expect(list.status).toBe(0);
    const { stdout } = await run(['explain', 'kf-tls-003']);
    expect(stdout).toContain('client-certificate-refused');
    const { checks } = JSON.parse((await run(['explain', '--json'])).stdout) as { checks: { id: string }[] };
    for (const { id } of checks) expect(list.stdout).toContain(id);
  });

  it('rejects an unknown id and suggests an existing one', async () => {
    const { status, stderr } = await run(['explain', 'KF-TSL-003']);
    expect(status).toBe(2);
    expect(stderr).toContain('KF-TLS-003');
  });
});
