import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parse } from 'yaml';
import { afterEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../../../src/base/shell.ts';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { fakeSecretTool } from '../../../support/fake-secret-tool.ts';
import {
  error,
  startLargeTenant,
  uuid,
  type LargeTenant,
  type LargeTenantOptions,
} from '../../../support/large-tenant.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const CLIENT = uuid(8, 1);
const CANARY = 'canary-of-a-profile';

let tenant: LargeTenant | undefined;
afterEach(async () => {
  await tenant?.close();
  tenant = undefined;
});

interface Place {
  readonly home: string;
  readonly project: string;
}
const place = (): Place => ({ home: folder(), project: folder() });

/** Runs a command in a separate place; its output must not contain the secret. */
async function kuflow(where: Place, args: readonly string[], over: { env?: NodeJS.ProcessEnv; stdin?: string } = {}) {
  const fake = fakeHost(args, { cwd: where.project, env: { XDG_CONFIG_HOME: where.home, CI: 'true', ...over.env } });
  const stdin = Object.assign(Readable.from([over.stdin ?? '']), { isTTY: false });
  const root = { name: 'kuflow', description: '', version: '1', invocation: 'npx kuflow', commands: kuflowEntries };
  const status = await runProgram(root, { ...fake.host, stdin });
  const [out, err] = [fake.stdout(), fake.stderr()];
  expect(out + err).not.toContain('canary');
  return { status, out, err };
}

async function start(options: LargeTenantOptions = {}): Promise<string> {
  const itself = { id: CLIENT, type: 'APPLICATION', name: 'Loans' };
  tenant = await startLargeTenant({
    processes: 10,
    intercept: (operation) =>
      operation === 'principals/{id}' ? { status: 200, body: JSON.stringify(itself) } : undefined,
    ...options,
  });
  return tenant.endpoint;
}

const loginTo = (endpoint: string, ...more: readonly string[]): readonly string[] => [
  ...['login', '--client-id', CLIENT, '--client-secret-stdin', '--endpoint', endpoint],
  ...more,
];

describe('from login to logout', () => {
  it('one profile serves all commands: as the default, by option and by variable', async () => {
    const endpoint = await start();
    const here = place();
    const before = await kuflow(here, ['definitions', 'list', '--json']);
    expect(before).toMatchObject({ status: 2 });
    expect(before.err).toContain('npx -p create-kuflow-worker kuflow login');

    const first = await kuflow(here, loginTo(endpoint), { stdin: `${CANARY}\n` });
    expect(first).toMatchObject({ status: 0 });
    expect(first.out).toContain('Stored profile default');
    expect(first.out).toContain('accepted');
    expect(first.out).toMatch(/secret +in the file .*secrets.default-/);
    expect(first.err).toContain('The secret is in a file because the keychain cannot be used: CI is set.');
    expect(first.err).toMatch(/Workers do not read profiles\.\n[^]* npx kuflow credentials pull\n/);
    expect(await kuflow(here, ['definitions', 'list', '--json'])).toMatchObject({ status: 0 });

    const second = await kuflow(here, loginTo(endpoint, '--profile', 'two', '--tenant-id', uuid(9, 1), '--json'), {
      stdin: CANARY,
    });
    expect(JSON.parse(second.out)).toMatchObject({
      profile: { name: 'two', clientId: CLIENT, tenantId: uuid(9, 1), default: false, secret: { in: 'file' } },
      replaced: false,
      whyFile: 'CI is set',
      warnings: [],
    });
    const listed = await kuflow(here, ['profiles', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({
      file: join(here.home, 'kuflow', 'profiles.json'),
      profiles: [
        { name: 'default', default: true },
        { name: 'two', default: false },
      ],
    });
    expect((await kuflow(here, ['profiles'])).out).toMatch(
      /^PROFILE +ENDPOINT +CLIENT ID +(?:TENANT +)?SECRET IN\ndefault \(default\) .*\ntwo /,
    );
    for (const [args, env] of [
      [['--profile', 'two'], {}],
      [[], { KUFLOW_PROFILE: 'two' }],
    ] as const) {
      const asked = tenant?.requests.length ?? 0;
      expect(await kuflow(here, ['definitions', 'list', ...args], { env })).toMatchObject({ status: 0 });
      expect(tenant?.requests.slice(asked).join('\n')).toContain(`tenantId=${uuid(9, 1)}`);
    }
    const status = await kuflow(here, ['credentials', 'status', '--profile', 'two', '--json']);
    expect((JSON.parse(status.out) as { settings: object[] }).settings).toContainEqual({
      key: 'kuflow.api.client-secret',
      value: '[redacted]',
      source: 'profile two',
      shadows: [],
    });

    expect(await kuflow(here, ['profiles', '--default', 'two'])).toMatchObject({ status: 0 });
    const gone = await kuflow(here, ['logout', '--profile', 'two', '--json']);
    expect(JSON.parse(gone.out)).toMatchObject({ removed: 'two', wasDefault: true, secret: { removed: true } });
    expect(await kuflow(here, ['definitions', 'list'])).toMatchObject({ status: 2 });
    expect(await kuflow(here, ['definitions', 'list', '--profile', 'default'])).toMatchObject({ status: 0 });
    const unnamed = await kuflow(here, ['logout']);
    expect(unnamed).toMatchObject({ status: 2 });
    expect(unnamed.err).toContain('npx kuflow logout --profile default');
    expect(await kuflow(here, ['logout', '--profile', 'default'])).toMatchObject({ status: 0 });
    expect((await kuflow(here, ['profiles'])).out).toBe('No profiles\n');
    expect(await kuflow(here, ['logout'])).toMatchObject({
      status: 0,
      out: 'Nothing to remove: no credentials are stored\n',
    });
    expect(JSON.parse((await kuflow(here, ['logout', '--json'])).out)).toEqual({ removed: null });
    expect(readdirSync(join(here.home, 'kuflow', 'secrets'))).toEqual([]);
    expect(readdirSync(here.project)).toEqual([]);
  });

  it('reports an unknown profile and lists the existing ones', async () => {
    const endpoint = await start();
    const here = place();
    await kuflow(here, loginTo(endpoint, '--profile', 'staging'), { stdin: CANARY });
    for (const line of [['definitions', 'list'], ['credentials', 'status'], ['logout']]) {
      const ended = await kuflow(here, [...line, '--profile', 'stagin']);
      expect(ended).toMatchObject({ status: 2 });
      expect(ended.err).toContain('--profile stagin: profile not found');
      expect(ended.err).toContain('Did you mean staging?');
    }
    const asDefault = await kuflow(here, ['profiles', '--default', 'stagin']);
    expect(asDefault).toMatchObject({ status: 2 });
    expect(asDefault.err).toContain('--default stagin: profile not found');
    const byVariable = await kuflow(here, ['definitions', 'list'], { env: { KUFLOW_PROFILE: 'other' } });
    expect(byVariable).toMatchObject({ status: 2 });
    expect(byVariable.err).toMatch(/KUFLOW_PROFILE other: profile not found[^]*Stored profiles: staging/);
  });
});

describe('create', () => {
  const worker = [
    'create',
    'loan-worker',
    '--process',
    'LOAN',
    '--task-queue',
    'Q',
    '--workflow-type',
    'LoanWorkflow',
    '--yes',
  ];
  const off = ['--no-install', '--no-git', '--no-check', '--json'];
  const local = (here: Place): string =>
    readFileSync(join(here.project, 'loan-worker', 'application-local.yaml'), 'utf8');

  it('with --profile writes the values of the profile to the project', async () => {
    const endpoint = await start();
    const here = place();
    await kuflow(here, loginTo(endpoint, '--profile', 'work', '--target', 'e.example.com:443'), { stdin: CANARY });
    const made = await kuflow(here, [...worker, '--profile', 'work', ...off]);
    expect(made, made.err).toMatchObject({ status: 0 });
    expect((JSON.parse(made.out) as { command: string }).command).toContain(' --profile work ');
    const settings = parse(local(here)) as object;
    expect(settings).toMatchObject({
      kuflow: { api: { endpoint: `${endpoint}/v2024-06-14`, 'client-id': CLIENT, 'client-secret': CANARY } },
      temporal: { target: 'e.example.com:443' },
    });
  });

  it('reads the process with the default profile, without writing its secret', async () => {
    const endpoint = await start();
    const here = place();
    expect(await kuflow(here, [...worker, ...off])).toMatchObject({ status: 2 });
    await kuflow(here, loginTo(endpoint), { stdin: CANARY });
    const made = await kuflow(here, [...worker, ...off]);
    expect(made, made.err).toMatchObject({ status: 0 });
    const project = join(here.project, 'loan-worker');
    expect(existsSync(join(project, 'application-local.yaml'))).toBe(false);
    expect(readFileSync(join(project, 'application.yaml'), 'utf8')).not.toContain(CLIENT);
  });
});

describe('login', () => {
  it.each([
    [401, 1, 'did not accept'],
    [403, 1, 'does not allow'],
  ])('stores nothing after status %i', async (code, status, message) => {
    const endpoint = await start({ intercept: () => ({ status: code, body: error(code) }) });
    const here = place();
    const ended = await kuflow(here, loginTo(endpoint, '--debug', '--json'), { stdin: CANARY });
    expect(ended).toMatchObject({ status });
    expect(ended.err).toContain(message);
    expect(ended.err).toContain('nothing was stored');
    expect(JSON.parse(ended.out)).toMatchObject({ error: { status } });
    expect(existsSync(join(here.home, 'kuflow'))).toBe(false);
  });

  it('stores nothing if KuFlow cannot be reached, except with --no-verify', async () => {
    const here = place();
    const ended = await kuflow(here, loginTo('http://127.0.0.1:1'), { stdin: CANARY });
    expect(ended.status).not.toBe(0);
    expect(existsSync(join(here.home, 'kuflow'))).toBe(false);
    const stored = await kuflow(here, loginTo('http://127.0.0.1:1', '--no-verify'), { stdin: CANARY });
    expect(stored).toMatchObject({ status: 0 });
    expect(stored.out).toContain('not verified (--no-verify)');
  });

  it('rejects a CA file without a certificate, even with --no-verify', async () => {
    const here = place();
    writeFileSync(join(here.project, 'p.yaml'), 'kuflow: {}\n');
    const ended = await kuflow(here, loginTo('http://127.0.0.1:1', '--no-verify', '--ca', 'p.yaml'), { stdin: CANARY });
    expect(ended).toMatchObject({ status: 2 });
    expect(ended.err).toContain(`${join(here.project, 'p.yaml')} does not contain any`);
    expect(existsSync(join(here.home, 'kuflow'))).toBe(false);
  });

  it('lists all missing options in one message', async () => {
    const here = place();
    const ended = await kuflow(here, ['login', '--json']);
    expect(ended).toMatchObject({ status: 2 });
    expect(ended.err).toMatch(
      /--client-id: [^]*--client-secret-file or [^]*login --profile default --client-id <id> --client-secret-stdin/,
    );
    for (const args of [
      ['--client-id', 'x', '--client-secret-stdin'],
      ['--client-id', CLIENT, '--client-secret-stdin', '--profile', '../x'],
      ['--client-id', CLIENT, '--client-secret-stdin', '--endpoint', 'http://example.com'],
      ['--client-id', CLIENT, '--client-secret-stdin', '--client-secret-file', 'x'],
    ]) {
      expect(await kuflow(here, ['login', ...args], { stdin: CANARY }), args.join(' ')).toMatchObject({ status: 2 });
    }
    expect(readdirSync(here.home)).toEqual([]);
    const homeless = await kuflow(here, ['profiles'], { env: { XDG_CONFIG_HOME: '', HOME: '', APPDATA: '' } });
    expect(homeless).toMatchObject({ status: 2 });
  });

  it('suggests the given command with the missing options', async () => {
    const endpoint = await start();
    const here = place();
    const suggested = async (...args: readonly string[]): Promise<string | undefined> => {
      const ended = await kuflow(here, ['login', ...args]);
      expect(ended, args.join(' ')).toMatchObject({ status: 2 });
      return /For example: npx kuflow login (.*)/.exec(ended.err)?.[1];
    };
    const given = ['--client-id', CLIENT, '--endpoint', endpoint, '--tenant-id', uuid(9, 1), '--target', 'e:443'];
    const rest = ['--ca', 'my ca.pem', '--default', '--no-verify', '--no-keychain', '--json'];
    expect(await suggested(...given, ...rest)).toBe(
      `--profile default ${given.join(' ')} --ca ${shellWord('my ca.pem')} --client-secret-stdin --default --no-verify --no-keychain --json`,
    );
    expect(await suggested('--profile', 'two', '--client-secret-file', 'secret')).toBe(
      '--profile two --client-id <id> --client-secret-file secret',
    );
    // A secret that was passed as the id is not shown.
    expect(await suggested('--client-id', CANARY)).toBe('--profile default --client-id <id> --client-secret-stdin');
    await kuflow(here, loginTo(endpoint), { stdin: CANARY });
    expect(await suggested('--target', 'e:443')).toBe('--profile default --target e:443 --client-secret-stdin');
  });

  it('keeps values of an existing profile, unless the application changes', async () => {
    const endpoint = await start();
    const here = place();
    const file = join(here.home, 'kuflow', 'profiles.json');
    const stored = () =>
      (JSON.parse(readFileSync(file, 'utf8')) as { profiles: Record<string, object> }).profiles['default'];
    await kuflow(here, loginTo(endpoint, '--tenant-id', uuid(9, 1), '--target', 'e.example.com:443'), {
      stdin: 'canary-1',
    });
    writeFileSync(join(here.home, 'new-secret'), 'canary-2', { mode: 0o600 });
    const again = await kuflow(here, ['login', '--client-secret-file', join(here.home, 'new-secret')]);
    expect(again).toMatchObject({ status: 0 });
    expect(again.out).toContain('Updated profile default');
    expect(stored()).toMatchObject({
      endpoint: `${endpoint}/v2024-06-14`,
      tenantId: uuid(9, 1),
      target: 'e.example.com:443',
    });
    const secrets = readdirSync(join(here.home, 'kuflow', 'secrets'));
    expect(secrets.map((name) => readFileSync(join(here.home, 'kuflow', 'secrets', name), 'utf8'))).toEqual([
      'canary-2',
    ]);
    await kuflow(here, ['login', '--client-id', uuid(8, 2), '--client-secret-stdin', '--no-verify'], {
      stdin: 'canary-3',
    });
    expect(stored()).toMatchObject({ endpoint: 'https://api.kuflow.com/v2024-06-14', clientId: uuid(8, 2) });
    expect(stored()).not.toHaveProperty('tenantId');
    expect(stored()).not.toHaveProperty('target');
  });
});

describe.runIf(process.platform === 'linux')('the keychain', () => {
  it('is opened only by commands that need the secret', async () => {
    const endpoint = await start();
    const here = place();
    const at = folder();
    const tool = fakeSecretTool(at, 'works');
    const env = { PATH: tool.PATH, CI: '' };
    const stored = await kuflow(here, loginTo(endpoint), { stdin: CANARY, env });
    expect(stored.out).toContain("in the system's keychain (secret-tool)");
    expect(existsSync(join(here.home, 'kuflow', 'secrets'))).toBe(false);
    const calls = (): number => tool.seen().split('secret-tool lookup').length;
    const before = calls();
    expect(await kuflow(here, ['profiles'], { env })).toMatchObject({ status: 0 });
    const given = { KUFLOW_API_CLIENTID: CLIENT, KUFLOW_API_CLIENTSECRET: 'other', KUFLOW_API_ENDPOINT: endpoint };
    expect(await kuflow(here, ['definitions', 'list'], { env: { ...env, ...given } })).toMatchObject({ status: 0 });
    expect(calls()).toBe(before);
    expect(await kuflow(here, ['definitions', 'list'], { env })).toMatchObject({ status: 0 });
    expect(calls()).toBe(before + 1);

    const inCi = await kuflow(here, ['definitions', 'list'], { env: { ...env, CI: 'true' } });
    expect(inCi).toMatchObject({ status: 2 });
    expect(inCi.err).toContain(
      '(profile default): the stored secret cannot be read: the keychain is not used: CI is set',
    );
    const left = await kuflow(here, ['logout', '--profile', 'default'], { env: { ...env, CI: 'true' } });
    expect(left).toMatchObject({ status: 1 });
    expect(left.err).toContain('to remove it by hand: secret-tool clear service create-kuflow-worker profile default/');
    expect(tool.seen()).not.toContain('canary');
  });

  it('that hangs is abandoned after three seconds for a file, which is reported', async () => {
    const here = place();
    const tool = fakeSecretTool(folder(), 'hangs');
    const env = { PATH: tool.PATH, CI: '' };
    const ended = await kuflow(here, loginTo('http://127.0.0.1:1', '--no-verify'), { stdin: CANARY, env });
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.err).toContain(
      'The secret is in a file because the keychain cannot be used: secret-tool did not answer within 3 s.',
    );
    expect(
      await kuflow(here, ['login', '--client-secret-stdin', '--no-verify', '--no-keychain'], { stdin: CANARY, env }),
    ).toMatchObject({ status: 0 });
  });
});

describe('a damaged profile file', () => {
  it('matters only to commands that need a profile', async () => {
    const endpoint = await start();
    const here = place();
    await kuflow(here, loginTo(endpoint), { stdin: CANARY });
    writeFileSync(join(here.home, 'kuflow', 'profiles.json'), '{ canary');
    const given = { KUFLOW_API_CLIENTID: CLIENT, KUFLOW_API_CLIENTSECRET: 'other', KUFLOW_API_ENDPOINT: endpoint };
    expect(await kuflow(here, ['definitions', 'list'], { env: given })).toMatchObject({ status: 0 });
    for (const line of [
      ['definitions', 'list'],
      ['profiles'],
      loginTo(endpoint),
      ['definitions', 'list', '--profile', 'default'],
    ]) {
      const ended = await kuflow(here, line, { stdin: CANARY });
      expect(ended.status, line.join(' ')).toBe(1);
      expect(ended.err).toContain('The profiles cannot be used: it is not valid JSON');
    }
  });
});
