import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { closedPort } from '../support/answering-server.ts';
import { startCommand, startInTerminal } from '../support/dev-command.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { installedBin } from '../support/generated-project.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { startRestRelay, type RestRelay } from '../support/rest-relay.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { trialDefinition, workerProject } from '../support/worker-project.ts';

const QUEUE = 'CREDENTIALS_QUEUE';

let root: string;
let running: TestPlatform;
let user: ProcessUser;
let environment: Record<string, string>;
let relay: RestRelay;
let worker: WorkerProcess;
let processId: string;
/** The output of all commands except `token`. */
const outputs: string[] = [];

function project(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'application.yaml'), `# of the team\ntemporal:\n  kuflow-queue: ${QUEUE}\n`);
  return folder;
}

async function credentials(
  cwd: string,
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<CommandEnd> {
  const ended = await packedCommand('kuflow', ['credentials', ...args], { cwd, env: { ...environment, ...more } });
  if (args[0] !== 'token') outputs.push(`${args.join(' ')}\n${ended.out}${ended.err}`);
  return ended;
}

async function json<T>(cwd: string, args: readonly string[]): Promise<T> {
  const ended = await credentials(cwd, [...args, '--json']);
  expect(ended.status, ended.err).toBe(0);
  return JSON.parse(ended.out) as T;
}

interface Pulled {
  readonly result: string;
  readonly engine: string;
  readonly kept: readonly string[];
  readonly set: { readonly id: string; readonly previous?: string; readonly certificate: { readonly serial: string } };
}

beforeAll(async () => {
  workerProject();
  root = mkdtempSync(join(inject('runFolder'), 'credentials-'));
  running = await startTestPlatform({ definitions: [trialDefinition('CREDENTIALS', 'SteadyWorkflow')] });
  user = await processUser(running.platform);
  environment = workerEnvironment(running.platform);
  delete environment['WORKER_HEALTHPORT'];
  delete environment['WORKER_METRICSPORT'];
  relay = await startRestRelay({ to: running.platform.loopback.http });
});

afterAll(async () => {
  await worker.kill();
  await relay.close();
  await user.close();
  await running.remove();
  rmSync(root, { recursive: true, force: true });
});

describe('a worker with pulled credentials', () => {
  it('starts with them, requests no certificate, and keeps working during a rotation', async () => {
    const folder = project('worker');
    const asked = (): number =>
      running.events.filter((event) => event.kind === 'request' && event.operationId === 'createAuthentication').length;
    const first = await json<Pulled>(folder, ['pull']);
    expect(first).toMatchObject({
      result: 'pulled',
      engine: expect.stringMatching(/^Temporal server \d/) as string,
      kept: [],
    });
    // A certificate, and a token for its test.
    expect(asked()).toBe(2);
    expect(await json<Pulled>(folder, ['pull'])).toMatchObject({ result: 'unchanged', set: { id: first.set.id } });
    expect(asked()).toBe(2);

    // The built worker that all tests share, with its own application files.
    symlinkSync(join(workerProject(), 'dist'), join(folder, 'dist'));
    worker = startWorkerProcess(
      { ...environment, KUFLOW_API_ENDPOINT: relay.url, WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
      folder,
    );
    await worker.ready();
    processId = await user.start('CREDENTIALS');
    const types = relay.bodies('POST', '/authentications').map((body) => (body as { type: string }).type);
    expect(new Set(types)).toEqual(new Set(['ENGINE_TOKEN']));

    const after = join(folder, 'after');
    const line = `${JSON.stringify(process.execPath)} -e "require('fs').writeFileSync('after', 'switched')"`;
    const rotated = await json<Pulled>(folder, ['rotate', '--exec', line]);
    expect(rotated).toMatchObject({
      result: 'pulled',
      exec: { status: 0 },
      kept: [first.set.id],
      set: { previous: first.set.id },
    });
    expect(rotated.engine).toContain('namespace');
    expect(rotated.set.certificate.serial).not.toBe(first.set.certificate.serial);
    expect(readFileSync(after, 'utf8')).toBe('switched');
    expect(readdirSync(join(folder, '.kuflow', 'credentials', first.set.id))).toContain('client.key');
    expect((await credentials(folder, ['rotate', '--exec', 'exit 3'])).status).toBe(1);
  });

  it('can be rotated with --exec, which reports the rotation before the command starts and exits with 130 on Ctrl-C', async () => {
    const folder = join(root, 'worker');
    const mark = newMark();
    const line = 'echo begins; for n in 1 2 3 4 5; do sleep 0.1; echo $n; done; echo waits; sleep 1000';
    const command = startInTerminal(
      [process.execPath, installedBin('kuflow'), 'credentials', 'rotate', '--exec', line],
      { cwd: folder, mark, env: environment },
    );
    await until('the command is waiting', () => command.output().includes('waits'));
    const [before = '', during = ''] = command.output().split('begins');
    expect(before).toContain('A new engine certificate is in use');
    // No progress is drawn between its lines.
    expect(during).toMatch(/^\r\n1\r\n2\r\n3\r\n4\r\n5\r\nwaits\r\n$/);
    command.type('\u0003');
    expect(await command.ended).toMatchObject({ code: 130 });
    expect(command.output()).toContain('The command after the switch was interrupted; the new set stays in use.');
    expect(mark.alive()).toEqual([]);
    outputs.push(command.output());

    const asJson = startCommand(
      [process.execPath, installedBin('kuflow'), 'credentials', 'rotate', '--json', '--exec', 'echo waits; sleep 1000'],
      { cwd: folder, mark, env: environment },
    );
    await until('the command is waiting', () => asJson.output().includes('waits'));
    asJson.kill('SIGTERM');
    expect(await asJson.ended).toEqual({ code: 130, signal: null });
    expect(asJson.output()).toContain('"result": "pulled"');
    expect(asJson.output()).toMatch(/"exec": \{\s+"status": 143/);
    outputs.push(asJson.output());
  });

  it('is visible to the Temporal CLI, which gets the same credentials from its environment', async () => {
    const folder = join(root, 'worker');
    const temporal = await temporalPath();
    const describe = ['--', temporal, 'task-queue', 'describe', '--task-queue', QUEUE];
    const seen = await credentials(folder, ['exec', ...describe], {
      TEMPORAL_TLS: 'false',
      TEMPORAL_PROFILE: 'nobody',
    });
    expect(seen.status, seen.err).toBe(0);
    expect(seen.out).toContain('Pollers:');
    expect(seen.out).toMatch(/workflow +\d+@/);
    // The user's default profile does not interfere: this one would send the token in clear text.
    const config = join(root, 'config');
    mkdirSync(join(config, 'temporalio'), { recursive: true });
    writeFileSync(join(config, 'temporalio', 'temporal.toml'), '[profile.default.tls]\ndisabled = true\n');
    const withProfile = await credentials(folder, ['exec', ...describe], { XDG_CONFIG_HOME: config });
    expect(withProfile.status, withProfile.err).toBe(0);
    expect(withProfile.err).not.toContain('Warning');
    // Without pulled credentials, a certificate is requested and not written to a file.
    const bare = project('bare');
    // A profile with a path would contradict the inline PEM.
    const theirs = join(root, 'theirs.toml');
    writeFileSync(theirs, '[profile.default.tls]\nclient_cert_path = "/nowhere/client.pem"\n');
    const again = await credentials(bare, ['exec', ...describe], { TEMPORAL_CONFIG_FILE: theirs });
    expect(again.status, again.err).toBe(0);
    expect(readdirSync(bare)).toEqual(['application.yaml']);
    const names = `process.stdout.write(Object.keys(process.env).filter((name) => /^(KUFLOW|TEMPORAL)_/.test(name)).sort().join(' '))`;
    const listed = await credentials(folder, ['exec', '--', process.execPath, '-e', names], { TEMPORAL_TLS: 'true' });
    expect(listed.out.split(' ')).toEqual([
      ...['KUFLOW_API_CLIENTID', 'KUFLOW_API_CLIENTSECRET', 'KUFLOW_API_ENDPOINT', 'KUFLOW_API_TENANTID'],
      ...[
        'TEMPORAL_ADDRESS',
        'TEMPORAL_API_KEY',
        'TEMPORAL_CONFIG_FILE',
        'TEMPORAL_ENV_FILE',
        'TEMPORAL_MUTUALTLS_CA',
        'TEMPORAL_MUTUALTLS_CERT',
        'TEMPORAL_MUTUALTLS_KEY',
      ],
      ...['TEMPORAL_NAMESPACE', 'TEMPORAL_TARGET', 'TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    ]);
  });

  it('warns about options that override these credentials in the Temporal CLI', async () => {
    const folder = join(root, 'worker');
    const home = join(root, 'home');
    const temporal = await temporalPath();
    mkdirSync(home);
    const more = { HOME: home, USERPROFILE: home };
    const set = ['env', 'set', '--env', 'default', '--key', 'address', '--value', `127.0.0.1:${await closedPort()}`];
    const saved = spawnSync(temporal, set, { env: { ...process.env, ...more } });
    expect(saved.status, String(saved.stderr)).toBe(0);
    const describe = ['exec', '--', temporal, 'task-queue', 'describe', '--task-queue', QUEUE];
    const astray = await credentials(folder, describe, more);
    expect(astray.status).toBe(1);
    expect(astray.err).toMatch(/Warning: .*temporal\.yaml sets address; the Temporal CLI uses that instead/);
    const right = await credentials(folder, [...describe, '--env-file', join(home, 'none.yaml')], more);
    expect(right.status, right.err).toBe(0);
  });
});

describe('kuflow credentials exec', () => {
  it('forwards signals and the exit status, and keeps secrets out of process arguments', async () => {
    const folder = join(root, 'worker');
    for (const [signal, word, status] of [
      ['SIGTERM', 'SIGTERM', 7],
      ['SIGINT', 'SIGINT', 0],
      ['SIGTERM', 'none', 143],
    ] as const) {
      const script = `process.on('${word}', () => process.exit(${status})); console.log('up'); setInterval(() => {}, 1000)`;
      const mark = newMark();
      const child = spawn(
        process.execPath,
        [
          installedBin('kuflow'),
          'credentials',
          'exec',
          '--',
          process.execPath,
          '-e',
          word === 'none' ? script.replace(/^.*?; /, '') : script,
        ],
        { cwd: folder, env: { ...environment, ...mark.env }, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await until('the command is running', () => output.includes('up'));
      const alive = mark.alive();
      expect(alive.length).toBeGreaterThanOrEqual(3);
      for (const secret of secrets()) expect(alive.some(({ command }) => command.includes(secret))).toBe(false);
      expect(alive.some(({ command }) => /eyJ|PRIVATE/.test(command))).toBe(false);
      child.kill(signal);
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code, output).toBe(status);
      expect(mark.alive()).toEqual([]);
      outputs.push(output);
    }
  });

  it('exits with distinct statuses for commands that cannot run', async () => {
    const folder = join(root, 'worker');
    const file = join(folder, 'not-executable');
    writeFileSync(file, 'x');
    chmodSync(file, 0o600);
    const status = async (words: readonly string[], more: Record<string, string> = {}): Promise<number | null> =>
      (await credentials(folder, ['exec', '--debug', '--', ...words], more)).status;
    expect(await status(['no-such-command'])).toBe(127);
    expect(await status([file])).toBe(126);
    expect(await status([process.execPath, '-e', 'process.exit(41)'])).toBe(41);
    expect(await status([process.execPath], { KUFLOW_API_CLIENTSECRET: 'canary-wrong' })).toBe(125);
  });
});

describe('two parallel pulls', () => {
  it('request only one certificate', async () => {
    const folder = project('two');
    const both = await Promise.all([1, 2].map(() => json<Pulled>(folder, ['pull'])));
    expect(both.map(({ result }) => result).sort()).toEqual(['pulled', 'unchanged']);
    expect(both[0]?.set.id).toBe(both[1]?.set.id);
  });
});

describe('the output of the commands', () => {
  it('shows the credentials, their sources and their problems in status', async () => {
    const folder = project('said');
    const status = async (args: readonly string[] = [], more: Record<string, string> = {}) =>
      (await credentials(folder, ['status', ...args], more)).status;
    expect(await status()).toBe(0);
    await json(folder, ['pull', '--with-token']);
    const fine = await credentials(folder, ['status']);
    expect(fine.out).toContain('KUFLOW_API_CLIENTSECRET');
    expect(fine.out).toContain('[redacted]');
    expect(fine.out).toMatch(/renew before +\d{4}-/);
    const data = await json<{ store: { set: { id: string } }; settings: { key: string; shadows: string[] }[] }>(
      folder,
      ['status'],
    );
    expect(data).toMatchObject({ status: 0, store: { kind: 'set', set: { stale: [], provenByEngine: true } } });
    const online = await credentials(folder, ['status', '--online', '--json']);
    expect(online.err).toContain('creates an authentication');
    expect(JSON.parse(online.out)).toMatchObject({ online: { status: 0, created: ['engine token'] } });
    expect(await status(['--online'], { TEMPORAL_TARGET: `127.0.0.1:${await closedPort()}` })).toBe(1);
    writeFileSync(join(folder, '.kuflow', 'credentials', data.store.set.id, 'client.pem'), 'canary-file');
    expect(await status(['--debug'])).toBe(1);
  });

  it('contains no secret, even with --debug and after every kind of failure', async () => {
    const folder = project('wrong');
    const fails = async (args: readonly string[], more: Record<string, string> = {}): Promise<CommandEnd> => {
      const ended = await credentials(folder, [...args, '--debug'], more);
      expect(ended.status, ended.out).not.toBe(0);
      return ended;
    };
    running.platform.faults.add({
      operationId: 'createAuthentication',
      times: 1,
      action: { kind: 'status', status: 403 },
    });
    expect((await fails(['pull'])).err).toContain('403');
    expect((await fails(['pull'], { KUFLOW_API_CLIENTSECRET: 'canary-wrong' })).err).toContain('401');
    expect((await fails(['token'], { KUFLOW_API_CLIENTSECRET: 'canary-wrong' })).out).toBe('');
    expect((await fails(['pull'], { TEMPORAL_TARGET: `127.0.0.1:${await closedPort()}` })).err).toContain(
      'Nothing is listening',
    );
    writeFileSync(join(folder, 'application-local.yaml'), 'kuflow: "canary-broken\n', { mode: 0o600 });
    await fails(['pull']);
    await fails(['rotate']);
    await fails(['status']);
    writeFileSync(join(folder, 'application-local.yaml'), 'temporal:\n  mutual-tls:\n    key-data: canary-inline\n', {
      mode: 0o600,
    });
    await fails(['pull', '--force']);
    rmSync(join(folder, 'application-local.yaml'));
    mkdirSync(join(folder, 'application-local.yaml'));
    await fails(['pull']);
    expect(readdirSync(folder).sort()).toEqual(['application-local.yaml', 'application.yaml']);

    const text = outputs.join('\n');
    expect(outputs.length).toBeGreaterThan(25);
    for (const secret of secrets()) expect(text.includes(secret), secret.slice(0, 4)).toBe(false);
    expect(/canary/.exec(text)?.[0]).toBeUndefined();
    expect(/PRIVATE KEY|eyJ[\w-]{8,}\./.exec(text)?.[0]).toBeUndefined();
    // The secrets exist, so the search above could have found them.
    const token = await credentials(join(root, 'worker'), ['token', '--json']);
    const { token: printed, expiresAt } = JSON.parse(token.out) as { token: string; expiresAt: string };
    expect(printed).toMatch(/^eyJ/);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  });
});

/** The client secret and all private keys and tokens, in all encodings in which they are sent. */
function secrets(): readonly string[] {
  const { application } = running.platform.identity;
  const secret = application.secret.reveal();
  const keys = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('client.key') || name.endsWith('engine.token'))
    .map((name) => readFileSync(join(root, name), 'utf8').split('\n').at(-3) ?? readFileSync(join(root, name), 'utf8'));
  expect(keys.length).toBeGreaterThan(2);
  return [secret, Buffer.from(`${application.id}:${secret}`).toString('base64').replace(/=+$/, ''), ...keys];
}

describe('at the end', () => {
  it('the worker has switched to the new certificate without losing a task', async () => {
    await until('the worker switches to the new certificate', () =>
      worker.log.some(({ message }) => message === 'Engine certificate replaced'),
    );
    await until(
      'the workflow has ended',
      async () => {
        if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
        return (await user.client.retrieveProcess(processId)).state === 'COMPLETED';
      },
      300_000,
    );
    const history = await user.history(processId);
    const count = (type: string): number => history.filter((event) => event.type === type).length;
    expect(count('ACTIVITY_TASK_COMPLETED')).toBeGreaterThan(100);
    expect(count('ACTIVITY_TASK_COMPLETED')).toBe(count('ACTIVITY_TASK_SCHEDULED'));
    expect(history.filter(({ type }) => /TASK_(FAILED|TIMED_OUT)/.test(type))).toEqual([]);
    expect(worker.log.filter(({ level }) => level === 'WARN' || level === 'ERROR')).toEqual([]);
    const types = relay.bodies('POST', '/authentications').map((body) => (body as { type: string }).type);
    expect(new Set(types)).toEqual(new Set(['ENGINE_TOKEN']));
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });

  it('the same project runs on a local KuFlow, although its files refer to another certificate', async () => {
    const folder = join(root, 'worker');
    const state = join(root, 'state');
    const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
    const dev = ['dev', 'exec', '--state-dir', state, '--temporal-path', await temporalPath(), ...ports];
    const check = await packedCommand(
      'kuflow',
      [...dev, '--', process.execPath, join(folder, 'dist', 'main.js'), '--check'],
      { cwd: folder },
    );
    expect(check.status, check.out + check.err).toBe(0);
    expect(check.out).toMatch(/^ok +namespace/m);
    expect(readdirSync(join(state, 'worker')).sort()).toEqual(['ca.pem', 'cert.pem', 'key.pem']);
  });
});
