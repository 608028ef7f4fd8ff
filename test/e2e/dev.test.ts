import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { findTestServer } from '../../src/platform/temporal/find.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { kuflowDev, platformReady, readState, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { runKuflow, type KuflowRun } from '../support/kuflow-run.ts';
import { asUser, startLoan } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { missingJdk } from '../support/jdk.ts';
import { until } from '../support/until.ts';

const ANY_PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
const NAMES = [
  'KUFLOW_API_ENDPOINT',
  'KUFLOW_API_CLIENTID',
  'KUFLOW_API_CLIENTSECRET',
  'KUFLOW_API_TENANTID',
  'KUFLOW_API_CA',
  'TEMPORAL_TARGET',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'SSL_CERT_FILE',
];

/** Prints the status of a request with the trust store of the JVM, and the settings that KuFlow's Spring samples read. */
const ASK_HEALTH = `
import java.net.URI;
import javax.net.ssl.HttpsURLConnection;

class Ask {
  public static void main(String[] args) throws Exception {
    var url = URI.create(System.getenv("KUFLOW_API_ENDPOINT") + "/health").toURL();
    var status = ((HttpsURLConnection) url.openConnection()).getResponseCode();
    var queue = System.getenv("APPLICATION_TEMPORAL_KUFLOWQUEUE");
    System.out.println(status + " " + System.getenv("APPLICATION_TEMPORAL_TARGET") + " " + queue);
  }
}
`;

type JsonLine = Readonly<Record<string, unknown>>;

const EVERY_READY_FIELD = Object.fromEntries(
  [
    ...['version', 'stateDir', 'stateFile', 'http', 'https', 'engine', 'temporal', 'console'],
    ...['tenantId', 'namespace', 'applicationId', 'caFile', 'caBundleFile'],
  ].map((name) => [name, expect.any(String) as string]),
);
const LOAN_QUEUES = [{ code: 'LOAN', workflowType: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' }];

const mark = newMark();
let folder: string;
let platform: RunningCommand;
let state: PlatformState;

// The folder's name contains a space and a quote, to test the escaping of what is printed for a shell.
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "kuflow-dev it's ")));
  platform = startCommand(kuflowDev(...ANY_PORTS, '--requests'), { cwd: folder, mark, stdin: 'pipe' });
  // Without --json and --ephemeral, it keeps running after stdin closes, as the tests below require.
  platform.closeInput?.();
  state = await platformReady(platform, join(folder, '.kuflow', 'dev'));
  await until('the platform is ready', () => platform.output().includes('Ctrl-C'));
});

afterAll(async () => {
  platform.kill('SIGTERM');
  await platform.ended;
  const left = mark.killLeft();
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const dev = (args: readonly string[], env: Readonly<Record<string, string>> = {}): KuflowRun =>
  runKuflow(['dev', ...args], { cwd: folder, env });

describe('kuflow dev', () => {
  it('prints one line when it is ready, then how to use it', () => {
    const { http, https, engine } = state.endpoints;
    const lines = platform.output().split('\n');
    expect(lines).toContain(`kuflow dev is ready: REST ${https} and ${http}, engine ${engine}`);
    expect(lines).toContain('  processes      LOAN');
    expect(lines).toContain('  start worker   kuflow dev exec -- <command>');
    expect(platform.output()).not.toContain('\x1b');
    expect(lines).toContain('  console        kuflow dev open');
    expect(platform.output()).not.toContain(state.user.token.reveal());
  });

  it('--requests does not show its own probes', () => {
    expect(platform.output()).not.toContain('/health');
  });

  it('shows what happens to a process, with its full id once', async () => {
    const id = await asUser(state, (user) => startLoan(user, state));
    await until('the process is shown', () => platform.output().includes(`· LOAN process started (${id})\n`));
  });

  it('fails with 1 if a platform already runs here, and identifies it', () => {
    const { status, stdout, stderr } = dev([]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`A local KuFlow is already running for this folder (pid ${platform.pid})`);
    expect(stderr).toContain('kuflow dev exec');
  });

  it.each([
    ['--port', 'http', 'must be a whole number from 0 to 65535, not '],
    ['--port', '65536', 'must be a whole number from 0 to 65535, not '],
    ['--token-life', '1 week', 'must be a duration such as 30s, 5m, 1h or 7d, not '],
    ['--token-life', '0s', 'must be a duration of at least one second, not '],
    ['--nonsense', 'x', 'Unknown option --nonsense'],
  ])('exits with 2 for %s %s', (option, value, message) => {
    const { status, stdout, stderr } = dev([option, value, '--state-dir', join(folder, 'other')]);
    expect({ status, stdout, stderr }).toMatchObject({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });
});

describe('kuflow dev --json --ephemeral', () => {
  let temporary: string;
  let first: RunningCommand;
  let second: RunningCommand;
  let inText: RunningCommand;
  const linesOf = (command: RunningCommand): readonly JsonLine[] =>
    command
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonLine);
  const lineOf = (command: RunningCommand, kind: string): Promise<JsonLine> =>
    until(`a line ${kind}`, () => linesOf(command).find((line) => line['kind'] === kind));

  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), 'kuflow-t-'));
    // What a killed process has left: no process has this pid.
    mkdirSync(join(temporary, 'kuflow-dev-4194305-left'));
    const options = { cwd: folder, mark, env: { TMPDIR: temporary } };
    first = startCommand(kuflowDev('--json', '--ephemeral'), { ...options, stdin: 'pipe' });
    second = startCommand(kuflowDev('--json', '--ephemeral'), { ...options, stdin: 'pipe' });
    inText = startCommand(kuflowDev('--ephemeral'), options);
  });
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  it('reports its addresses in one line, and runs alongside other platforms of the same folder', async () => {
    const ready = [await lineOf(first, 'ready'), await lineOf(second, 'ready')] as const;
    expect(ready[0]).toMatchObject({ ...EVERY_READY_FIELD, pid: first.pid, ephemeral: true, definitions: LOAN_QUEUES });
    const addresses = [state, ...ready.map(({ stateDir }) => readState(String(stateDir)))].map(
      (running) => running?.loopback.http,
    );
    expect(new Set(addresses).size).toBe(3);
    for (const address of addresses) expect((await fetch(`${address}/health`)).status).toBe(200);
    expect(readState(join(folder, '.kuflow', 'dev'))?.pid).toBe(platform.pid);
    expect(readdirSync(temporary).filter((name) => name.startsWith('kuflow-dev-'))).toHaveLength(3);
  });

  it('reports processes and polling workers, but no secrets', async () => {
    const { stateDir, temporal, namespace } = await lineOf(first, 'ready');
    const running = readState(String(stateDir));
    if (running === undefined) throw new Error('There is no state file');
    const id = await asUser(running, (user) => startLoan(user, running));
    await until('the process is reported', () =>
      linesOf(first).some(({ what, processId }) => what === 'process-started' && processId === id),
    );
    const connection = await PlatformConnection.connect({ address: String(temporal) });
    const request = { namespace: String(namespace), taskQueue: { name: 'LOAN_QUEUE' }, identity: 'a worker' };
    const poll = connection.withDeadline(Date.now() + 300_000, () =>
      connection.workflowService.pollWorkflowTaskQueue(request),
    );
    expect(await lineOf(first, 'worker')).toMatchObject({ taskQueue: 'LOAN_QUEUE', identity: 'a worker', polls: true });
    expect((await poll).workflowExecution?.workflowId).toBe(id);
    await connection.close();
    for (const secret of [running.user.token, running.application.secret])
      expect(first.output()).not.toContain(secret.reveal());
    expect(linesOf(second).map(({ kind }) => kind)).toEqual(['ready']);
  });

  it('exits with 0 when stdin closes, and leaves nothing behind, not even after a signal or a kill', async () => {
    const stateDir = await until('it is ready', () => /--state-dir (\S+)/.exec(inText.output())?.[1]);
    expect(existsSync(stateDir)).toBe(true);
    first.closeInput?.();
    second.kill('SIGKILL');
    inText.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(linesOf(first).at(-1)).toEqual({ kind: 'stopped' });
    expect((await inText.ended).code).toBe(130);
    await until('the folders are removed', () => readdirSync(temporary).length === 0);
  });

  it('reports an error as one JSON line with the status', () => {
    for (const [args, status] of [
      [['--json'], 1],
      [['--json', '--ephemeral', '--state-dir', 'other'], 2],
      [['--json', '--ephemeral', '--definition', 'none.yaml'], 1],
    ] as const) {
      const run = dev(args);
      expect({ status: run.status, lines: run.stdout.split('\n') }).toEqual({
        status,
        lines: [expect.stringContaining(`"status":${status}}`), ''],
      });
    }
    expect(dev(['--json', 'env']).stderr).toContain('--json applies only to kuflow dev itself, not to kuflow dev env');
  });
});

describe('a definition that cannot be read', () => {
  it('fails with 1, or with 125 for exec, before anything starts', () => {
    const options = ['--definition', 'none.yaml', '--state-dir', join(folder, 'other')];
    for (const [args, expected] of [
      [options, 1],
      [['exec', ...options, '--', 'true'], 125],
    ] as const) {
      const { status, stdout, stderr } = dev(args);
      expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
      expect(stderr).toContain('none.yaml');
    }
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });
});

describe('kuflow dev env', () => {
  it('prints assignments that a shell reads back exactly', () => {
    const { status, stdout } = dev(['env']);
    expect(status).toBe(0);
    const read = execFileSync('sh', ['-c', `eval "$1"; node -p 'JSON.stringify(process.env)'`, 'sh', stdout], {
      encoding: 'utf8',
    });
    expect(JSON.parse(read)).toMatchObject(JSON.parse(dev(['env', '--json']).stdout) as object);
  });

  it('prints the same settings as JSON, with the secret in clear text', () => {
    const { status, stdout, stderr } = dev(['env', '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const settings = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(settings).filter((name) => !/^no_proxy$/i.test(name))).toEqual(NAMES);
    expect(settings['KUFLOW_API_CLIENTSECRET']).toBe(state.application.secret.reveal());
    expect(settings['TEMPORAL_TARGET']).toBe(state.endpoints.engine);
    expect(readFileSync(settings['SSL_CERT_FILE'] ?? '', 'utf8')).toContain(
      readFileSync(settings['KUFLOW_API_CA'] ?? '', 'utf8').trim(),
    );
  });

  it('--for java lets a Java program reach the REST API on HTTPS', (context) => {
    const reason = missingJdk();
    if (reason !== undefined) return context.skip(reason);
    const { status, stdout } = dev(['env', '--for', 'java']);
    expect(status).toBe(0);
    writeFileSync(join(folder, 'Ask.java'), ASK_HEALTH);
    const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const answer = execFileSync('sh', ['-c', 'eval "$1"; shift; java "$@" Ask.java', 'sh', stdout, ...options], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(answer).toBe(`200 ${state.endpoints.engine} LOAN_QUEUE\n`);
  });

  it("excludes loopback from the caller's proxy", () => {
    const settings = JSON.parse(
      dev(['env', '--json'], { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: 'intra.example' }).stdout,
    ) as Record<string, string>;
    expect(settings['NO_PROXY']).toBe('intra.example,localhost,127.0.0.1,::1');
  });

  it('fails with 2 if no platform runs, and names the command that starts one, in JSON too', () => {
    const elsewhere = mkdtempSync(join(folder, 'empty-'));
    const { status, stdout, stderr } = runKuflow(['dev', 'env', '--json'], { cwd: elsewhere });
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { message: 'No local KuFlow is running here', status: 2 } });
    expect(stderr).toMatch(/→ Start a local KuFlow in another terminal: kuflow dev$/m);
  });
});

describe('kuflow dev open', () => {
  it('--print prints an address that signs in', () => {
    const { status, stdout } = dev(['open', 'tasks/latest', '--print']);
    expect([status, stdout]).toEqual([
      0,
      `${state.endpoints.http}/console/tasks/latest#token=${state.user.token.reveal()}\n`,
    ]);
  });

  it.skipIf(process.platform === 'win32')('passes the browser a file that signs in only once', async () => {
    const bin = join(folder, 'bin');
    const seen = join(folder, 'opened');
    mkdirSync(bin);
    // What opens the browser on Linux and on macOS.
    for (const name of ['xdg-open', 'open'])
      writeFileSync(join(bin, name), `#!/bin/sh\nprintf %s "$1" > "${seen}"\n`, { mode: 0o755 });
    const { status, stderr } = dev(['open', 'tasks'], { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
    expect([status, stderr]).toEqual([0, `Opened ${state.endpoints.http}/console/tasks\n`]);
    const file = readFileSync(seen, 'utf8');
    expect(dirname(file)).toBe(join(folder, '.kuflow', 'dev', 'open'));
    const address = new URL(/url=([^"]+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? '');
    expect(`${address.origin}${address.pathname}`).toBe(`${state.endpoints.http}/console/tasks`);
    const code = new URLSearchParams(address.hash.slice(1)).get('code') ?? '';
    const redeem = (): Promise<Response> =>
      fetch(`${state.endpoints.http}/_dev/open-codes/${code}`, { method: 'POST' });
    expect(await (await redeem()).json()).toEqual({ token: state.user.token.reveal() });
    expect((await redeem()).status).toBe(404);
    expect(existsSync(file)).toBe(false);
  });

  it('fails with 1 without a browser, and names --print', () => {
    const { status, stderr } = dev(['open'], { PATH: '' });
    expect(status).toBe(1);
    expect(stderr).toContain('No browser could be opened');
    expect(stderr).toContain('--print');
  });

  it('exits with 2 for a path outside the console', () => {
    expect(dev(['open', '../processes']).status).toBe(2);
  });
});

describe('kuflow dev exec', () => {
  const script = (text: string): string[] => ['exec', '--', process.execPath, '-e', text];

  it("passes the platform's settings to the command, and keeps its status, streams and options", () => {
    const { status, stdout, stderr } = dev([
      ...script(
        'console.log(process.env.TEMPORAL_TARGET, process.argv.slice(1).join()); console.error("talk"); process.exit(7)',
      ),
      'one',
      '--json',
      '--port',
      '1',
    ]);
    expect({ status, stdout }).toEqual({ status: 7, stdout: `${state.endpoints.engine} one,--json,--port,1\n` });
    expect(stderr).toContain('talk\n');
    expect(stderr).toContain(`Using the local KuFlow that is already running (pid ${platform.pid}`);
  });

  it.runIf(process.platform !== 'win32')(
    'exits with 128 plus the number of the signal that ended the command, like a shell',
    () => {
      expect(dev(script('process.kill(process.pid, "SIGTERM")')).status).toBe(143);
    },
  );

  it('exits with 127 if the command does not exist', () => {
    const { status, stdout, stderr } = dev(['exec', '--', 'no-such-program', '--help']);
    expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
    expect(stderr).toContain('Command not found: no-such-program');
  });

  it.runIf(process.platform !== 'win32')('exits with 126 if the command is not executable', () => {
    const file = join(folder, 'plain.txt');
    writeFileSync(file, 'no program', { mode: 0o644 });
    const { status, stderr } = dev(['exec', '--', file]);
    expect(status).toBe(126);
    expect(stderr).toContain(`Cannot run the command ${file}`);
  });

  it('exits with 125 if the platform does not start', () => {
    const { status, stdout, stderr } = dev([
      'exec',
      '--state-dir',
      join(folder, 'other'),
      '--temporal-path',
      join(folder, 'none'),
      '--',
      'true',
    ]);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toContain('--temporal-path');
    expect(stderr).toContain('there is no such file');
  });

  it('exits with 2 without a command', () => {
    expect(dev(['exec']).status).toBe(2);
    expect(dev(['exec', '--nonsense', '--', 'true']).status).toBe(2);
  });
});

describe('kuflow dev history', () => {
  it('prints the history of a workflow or writes it to a file', async () => {
    const id = await asUser(state, (user) => startLoan(user, state));
    const history = await until('the workflow has started', () => {
      const { status, stdout } = dev(['history', id]);
      return status === 0 && stdout;
    });
    const events = (JSON.parse(history) as { events: { eventType: string }[] }).events;
    expect(events[0]?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
    expect(dev(['history', 'latest'])).toMatchObject({ status: 0, stdout: history });
    expect(dev(['history', id.slice(-8)])).toMatchObject({ status: 0, stdout: history });
    const { status, stdout } = dev(['history', id, '--output', 'history.json']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(readFileSync(join(folder, 'history.json'), 'utf8')).toBe(history);
    const nowhere = join(folder, 'none', 'history.json');
    const refused = dev(['history', id, '--output', nowhere]);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('Writing the history failed');
    expect(refused.stderr).toContain(nowhere);
    expect(refused.stderr).toContain('ENOENT');
    expect(refused.stderr).not.toContain('defect');
  });

  it('fails with 2 if the workflow does not exist', () => {
    const { status, stdout, stderr } = dev(['history', 'nothing']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('No process or workflow has the ID nothing');
  });
});

describe('kuflow dev server-path', () => {
  it('prints only the path of the Temporal server', () => {
    const { status, stdout } = dev(['server-path']);
    expect(status).toBe(0);
    expect(execFileSync(stdout.trim(), ['--version'], { encoding: 'utf8' })).toContain('temporal version');
    expect(dev(['server-path', '--temporal-path', stdout.trim()]).stdout).toBe(stdout);
  });

  it('prints the path of the time-skipping server', async () => {
    const { path } = await findTestServer({ env: process.env });
    const { status, stdout } = dev(['server-path', '--time-skipping']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${path}\n` });
  });

  it('refuses what an intercepting proxy sends instead of the archive, and executes nothing', async () => {
    const place = mkdtempSync(join(folder, 'intercepted-'));
    const marker = join(place, 'executed');
    writeFileSync(join(place, 'temporal'), `#!/bin/sh\ntouch "${marker}"\necho "temporal version 1.9.1 (Server 1)"\n`, {
      mode: 0o755,
    });
    const archive = execFileSync('tar', ['-czf', '-', '-C', place, 'temporal']);
    const plain = await startAnsweringServer((_, response) => void response.end(archive));
    const authority = await makeTestAuthority('Company CA');
    const hosts = ['temporal.download', 'files.pythonhosted.org', 'github.com'];
    const elsewhere = JSON.stringify({ archiveUrl: `http://downloads.test:${plain.port}/temporal.tar.gz` });
    const interceptor = createServer(
      await authority.issue({ commonName: 'proxy', usage: 'server', hosts }),
      (_, response) => response.end(elsewhere),
    );
    const proxy = await startConnectProxy({ hosts: { 'downloads.test': '127.0.0.1' }, intercept: interceptor });
    writeFileSync(join(place, 'ca.pem'), authority.cert);
    const command = startCommand(kuflowDev('server-path'), {
      cwd: place,
      mark,
      env: {
        PATH: join(place, 'nothing'),
        XDG_CACHE_HOME: join(place, 'cache'),
        HTTPS_PROXY: proxy.url,
        HTTP_PROXY: proxy.url,
        NO_PROXY: '',
        NODE_EXTRA_CA_CERTS: join(place, 'ca.pem'),
        KUFLOW_TEMPORAL_PATH: '',
        KUFLOW_TEMPORAL_URL: '',
      },
    });
    const { code } = await command.ended;
    await proxy.close();
    await plain.close();
    expect(command.output()).toContain('its SHA-256 is');
    expect(code).toBe(1);
    expect(proxy.connects).not.toEqual([]);
    expect(plain.requests).toEqual([]);
    expect(existsSync(marker)).toBe(false);
  });

  it('fails with the reason if the given path is not usable', () => {
    const { status, stdout, stderr } = dev(['server-path', '--temporal-path', 'none']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('there is no such file');
  });
});
