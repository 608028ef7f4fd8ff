import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DOUBLE_SIGNAL_MS } from '../../src/base/interrupts.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import {
  freePorts,
  kuflowDev,
  platformReady,
  portsOf,
  startCommand,
  startInTerminal,
  type CommandOptions,
} from '../support/dev-command.ts';
import { runAlone } from '../support/lanes.ts';
import { userOf } from '../support/loan-process.ts';
import { newMark, type Mark } from '../support/marked-processes.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { workerProject } from '../support/worker-project.ts';

const DRAIN_MS = 60_000;

runAlone('ports');

// A gRPC status code.
const NOT_FOUND = 5;
const ANY_PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
const INTERRUPTED = { code: 130, signal: null };

let folder: string;
let stateDir: string;
let mark: Mark;
let options: CommandOptions;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-interrupts-'));
  stateDir = join(folder, '.kuflow', 'dev');
  mark = newMark();
  options = { cwd: folder, mark };
});

afterEach(() => {
  const left = mark.killLeft();
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

/** Checks that no process of the platform is left and that its ports are free. */
async function expectGone(state: PlatformState): Promise<void> {
  expect(mark.alive()).toEqual([]);
  expect(await freePorts(portsOf(state))).toEqual(portsOf(state));
}

/**
 * A command that drains: on a signal it checks that the platform is still up, waits, checks again and exits. It logs
 * to the file `seen`, because its terminal may be closed.
 */
function drainingCommand(): { readonly words: readonly string[]; readonly seen: () => string[] } {
  const script = join(folder, 'drains.mjs');
  const file = join(folder, 'seen');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
    const say = (text) => appendFileSync(${JSON.stringify(file)}, text + '\\n');
    const url = process.env.KUFLOW_API_ENDPOINT + '/health';
    let draining = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, async () => {
      say('heard ' + signal);
      if (draining) return;
      draining = true;
      say('platform ' + (await fetch(url)).status);
      await new Promise((resolve) => setTimeout(resolve, Number(process.env.DRAIN_MS ?? 1000)));
      say('platform ' + (await fetch(url)).status);
      say('drained');
      process.exit(0);
    });
    setInterval(() => {}, 1000);
    say('running');
    `,
  );
  return {
    words: [process.execPath, script],
    seen: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
  };
}

/**
 * A worker that connects. The first `failures` times it ends by itself with status 1; after that, it waits for a signal. It logs its starts to
 * the file `starts`.
 */
function failingWorker(failures: number): { readonly words: readonly string[]; readonly starts: () => number } {
  const script = join(folder, 'fails.mjs');
  const file = join(folder, 'starts');
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs';
    const { KUFLOW_API_ENDPOINT, KUFLOW_API_CLIENTID, KUFLOW_API_CLIENTSECRET } = process.env;
    const credentials = Buffer.from(KUFLOW_API_CLIENTID + ':' + KUFLOW_API_CLIENTSECRET).toString('base64');
    const registered = await fetch(KUFLOW_API_ENDPOINT + '/v2024-06-14/workers', {
      method: 'POST',
      headers: { authorization: 'Basic ' + credentials, 'content-type': 'application/json' },
      body: JSON.stringify({
        identity: process.pid + '@here', taskQueue: 'LOAN_QUEUE', workflowTypes: [], activityTypes: [], hostname: 'here', ip: '127.0.0.1',
      }),
    });
    if (!registered.ok) throw new Error(await registered.text());
    appendFileSync(${JSON.stringify(file)}, 'x');
    if (readFileSync(${JSON.stringify(file)}).length <= ${failures}) process.exit(1);
    process.on('SIGINT', () => process.exit(0));
    setInterval(() => {}, 1000);
    `,
  );
  return {
    words: [process.execPath, script],
    starts: () => (existsSync(file) ? readFileSync(file).length : 0),
  };
}

/** A command that logs each start to the file `starts`, with the text of `src/part`. It runs until a signal unless the text is `broken`. */
function watchedCommand(): { readonly words: readonly string[]; readonly starts: () => string } {
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src', 'part'), 'one');
  const script = join(folder, 'watched.mjs');
  const file = join(folder, 'starts');
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs';
    const part = readFileSync('src/part', 'utf8');
    appendFileSync(${JSON.stringify(file)}, part + ' ');
    if (part === 'broken') process.exit(1);
    process.on('SIGTERM', () => process.exit(0));
    setInterval(() => {}, 1000);
    `,
  );
  return { words: [process.execPath, script], starts: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

const DRAINED = ['running', 'heard SIGINT', 'platform 200', 'platform 200', 'drained'];

describe.runIf(process.platform !== 'win32')('kuflow dev', () => {
  it('stops everything in order on Ctrl-C in a terminal, and exits with 130', async () => {
    const command = startInTerminal(kuflowDev(...ANY_PORTS), options);
    const state = await platformReady(command, stateDir);
    await until('the platform is ready', () =>
      command.output().includes('kuflow dev is ready: REST https://127.0.0.1:'),
    );
    command.type('\u0003');
    expect(await command.ended).toMatchObject({ code: 130 });
    expect(command.output()).not.toContain('    at ');
    expect(existsSync(join(stateDir, 'platform.json'))).toBe(false);
    await expectGone(state);
  });

  it('treats a Ctrl-C that npm doubles as one', async () => {
    const command = startCommand(kuflowDev(...ANY_PORTS), options);
    const state = await platformReady(command, stateDir);
    command.kill('SIGINT');
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    // The shutdown was clean, because only a clean shutdown removes this file.
    expect(existsSync(join(stateDir, 'platform.json'))).toBe(false);
    expect(existsSync(join(stateDir, 'state.db.owner'))).toBe(false);
    await expectGone(state);
  });

  it('can be interrupted while it starts: it does not report ready and leaves nothing behind', async () => {
    // A server that never answers, so that the start does not end.
    const started = join(folder, 'started');
    const temporal = join(folder, 'temporal');
    const wait = `touch '${started}'; while true; do sleep 0.1; done`;
    writeFileSync(
      temporal,
      `#!/bin/sh\ncase "$*" in *start-dev*) ${wait} ;; esac\nexec '${await temporalPath()}' "$@"\n`,
      { mode: 0o755 },
    );
    const command = startCommand(kuflowDev('--temporal-path', temporal, ...ANY_PORTS), options);
    await until('the Temporal server is running', () => existsSync(started));
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    expect(command.output()).not.toContain('is ready');
    expect(command.output()).not.toContain('    at ');
    expect(mark.alive()).toEqual([]);
  });

  it('stops everything when its terminal closes', async () => {
    const command = startInTerminal(kuflowDev(...ANY_PORTS), options);
    const state = await platformReady(command, stateDir);
    command.closeTerminal();
    await until('all processes have ended', () => mark.alive().length === 0);
    expect(existsSync(join(stateDir, 'platform.json'))).toBe(false);
    expect(existsSync(join(stateDir, 'state.db.owner'))).toBe(false);
    await expectGone(state);
  });
});

describe.runIf(process.platform !== 'win32')('kuflow dev exec', () => {
  const exec = (words: readonly string[]): [string, ...string[]] => kuflowDev('exec', ...ANY_PORTS, '--', ...words);

  it('passes Ctrl-C in a terminal to the command once, and keeps the platform up while the command drains', async () => {
    const { words, seen } = drainingCommand();
    const command = startInTerminal(exec(words), options);
    const state = await platformReady(command, stateDir);
    await until('the command is running', () => seen().includes('running'));
    command.type('\u0003');
    expect(await command.ended).toMatchObject({ code: 130 });
    expect(seen()).toEqual(DRAINED);
    await expectGone(state);
  });

  it('passes a doubled Ctrl-C to the command once', async () => {
    const { words, seen } = drainingCommand();
    const command = startCommand(exec(words), options);
    const state = await platformReady(command, stateDir);
    await until('the command is running', () => seen().includes('running'));
    command.kill('SIGINT');
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    expect(seen()).toEqual(DRAINED);
    await expectGone(state);
  });

  it('stops at once on a second Ctrl-C, without waiting for the drain, and leaves nothing behind', async () => {
    const { words, seen } = drainingCommand();
    const command = startCommand(exec(words), { ...options, env: { DRAIN_MS: String(DRAIN_MS) } });
    const state = await platformReady(command, stateDir);
    await until('the command is running', () => seen().includes('running'));
    command.kill('SIGINT');
    await until('the command is draining', () => seen().includes('platform 200'));
    await pause(DOUBLE_SIGNAL_MS);
    const insisted = performance.now();
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    await until('all processes have ended', () => mark.alive().length === 0);
    expect(performance.now() - insisted).toBeLessThan(DRAIN_MS);
    expect(seen()).not.toContain('drained');
    await expectGone(state);
  });

  it('lets the command drain when its terminal closes, then stops everything', async () => {
    const { words, seen } = drainingCommand();
    const command = startInTerminal(exec(words), options);
    const state = await platformReady(command, stateDir);
    await until('the command is running', () => seen().includes('running'));
    expect(command.output()).toMatch(/processes +LOAN\r?\n +settings +.* dev env\r?\n +run a process +/);
    command.closeTerminal();
    await until('all processes have ended', () => mark.alive().length === 0);
    expect(seen().filter((line) => !line.startsWith('heard'))).toEqual([
      'running',
      'platform 200',
      'platform 200',
      'drained',
    ]);
    expect(existsSync(join(stateDir, 'state.db.owner'))).toBe(false);
    await expectGone(state);
  });

  it('starts a worker again that ended by itself, after a pause, until it is interrupted', async () => {
    const { words, starts } = failingWorker(2);
    const command = startCommand(kuflowDev('exec', '--restart', ...ANY_PORTS, '--', ...words), options);
    const state = await platformReady(command, stateDir);
    await until('the worker runs for the third time', () => starts() === 3, 60_000);
    const line = 'The worker ended with status 1. Starting it again in';
    expect(command.output().match(new RegExp(`${line} \\d+ s`, 'g'))).toEqual([`${line} 1 s`, `${line} 2 s`]);
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    await expectGone(state);
  });

  it('ends on Ctrl-C during such a pause', async () => {
    const { words } = failingWorker(100);
    const command = startCommand(kuflowDev('exec', '--restart', ...ANY_PORTS, '--', ...words), options);
    const state = await platformReady(command, stateDir);
    await until('the worker is about to be started again', () => command.output().includes('again in 4 s'), 60_000);
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    await expectGone(state);
  });

  it('starts the command again when a watched file changes, and also after it ended by itself', async () => {
    const { words, starts } = watchedCommand();
    const watched = ['--watch', 'src', '--watch', 'application.yaml'];
    const command = startCommand(kuflowDev('exec', ...watched, ...ANY_PORTS, '--', ...words), options);
    const state = await platformReady(command, stateDir);
    await until('the command runs', () => starts() === 'one ');
    writeFileSync(join(folder, 'src', 'part'), 'broken');
    const waiting = 'The command ended with status 1. Waiting for a file to change';
    await until('the command has ended', () => command.output().includes(waiting));
    writeFileSync(join(folder, 'src', 'part'), 'two');
    await until('the command runs again', () => starts() === 'one broken two ');
    writeFileSync(join(folder, 'application.yaml'), 'app: {}\n');
    await until('a new file starts it again', () => starts() === 'one broken two two ');
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    await expectGone(state);
  });

  it('waits for a file to change while another command runs the local KuFlow', async () => {
    const platform = startCommand(kuflowDev(...ANY_PORTS), options);
    const state = await platformReady(platform, stateDir);
    const { words, starts } = watchedCommand();
    writeFileSync(join(folder, 'src', 'part'), 'broken');
    const command = startCommand(kuflowDev('exec', '--watch', 'src', '--', ...words), options);
    await until('the command has ended', () => command.output().includes('The command ended with status 1.'));
    writeFileSync(join(folder, 'src', 'part'), 'two');
    await until('the command runs again', () => starts() === 'broken two ');
    command.kill('SIGINT');
    expect(await command.ended).toEqual(INTERRUPTED);
    platform.kill('SIGINT');
    expect(await platform.ended).toEqual(INTERRUPTED);
    await expectGone(state);
  });

  it('does not start a worker again with --no-restart', async () => {
    const { words, starts } = failingWorker(1);
    const command = startCommand(kuflowDev('exec', '--no-restart', ...ANY_PORTS, '--', ...words), options);
    await platformReady(command, stateDir);
    expect(await command.ended).toEqual({ code: 1, signal: null });
    expect(starts()).toBe(1);
  });

  it("stops the platform when the command ends that was not a worker, and exits with the command's status", async () => {
    const words = [process.execPath, '-e', 'process.exit(7)'];
    const command = startCommand(kuflowDev('exec', '--restart', ...ANY_PORTS, '--', ...words), options);
    const state = await platformReady(command, stateDir);
    expect(await command.ended).toEqual({ code: 7, signal: null });
    await expectGone(state);
  });
});

describe.runIf(process.platform !== 'win32')('a generated worker whose terminal closes', () => {
  it('completes its running activity on the first attempt before the platform stops', async () => {
    const definition = join(folder, 'slow.yaml');
    writeFileSync(
      definition,
      'process:\n  code: SLOW\nworkflow:\n  type: SlowWorkflow\n  task-queue: LOAN_QUEUE\ntasks: []\n',
    );
    const project = workerProject();
    const main = join(project, 'dist', 'main.js');
    const platformOptions = ['--state-dir', stateDir, '--definition', definition, ...ANY_PORTS];
    const inProject = { ...options, cwd: project, env: { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' } };
    const exec = startInTerminal(kuflowDev('exec', ...platformOptions, '--', process.execPath, main), inProject);
    const state = await platformReady(exec, stateDir);
    const user = userOf(state);
    const { id } = await user.createProcess({ processDefinitionCode: 'SLOW', tenantId: state.tenantId });
    await user.close();
    await until('the activity is running', () => startedActivity(state, id));
    exec.closeTerminal();
    await until('all processes have ended', () => mark.alive().length === 0);
    expect(existsSync(join(stateDir, 'state.db.owner'))).toBe(false);

    const again = startCommand(kuflowDev(...platformOptions), options);
    await platformReady(again, stateDir);
    const history = startCommand(kuflowDev('history', id, '--state-dir', stateDir), options);
    expect(await history.ended).toEqual({ code: 0, signal: null });
    expect(history.output()).toContain('EVENT_TYPE_ACTIVITY_TASK_COMPLETED');
    expect(history.output()).toContain(Buffer.from('"attempt 1"').toString('base64'));
    again.kill('SIGINT');
    expect(await again.ended).toEqual(INTERRUPTED);
  });

  async function startedActivity(state: PlatformState, workflowId: string): Promise<boolean> {
    const connection = await PlatformConnection.connect({ address: state.endpoints.temporal });
    try {
      const { pendingActivities } = await connection.workflowService.describeWorkflowExecution({
        namespace: state.namespace,
        execution: { workflowId },
      });
      return pendingActivities.some(({ lastStartedTime }) => lastStartedTime);
    } catch (error) {
      // The workflow starts shortly after the API has returned the process.
      if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return false;
      throw error;
    } finally {
      await connection.close();
    }
  }
});

describe.runIf(process.platform !== 'win32')('kuflow dev on ports and folders in use', () => {
  it('fails if a requested port is in use, names the process that holds it, and leaves nothing behind', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const command = startCommand(kuflowDev('--port', '0', '--https-port', String(port), '--engine-port', '0'), options);
    try {
      expect(await command.ended).toEqual({ code: 1, signal: null });
      expect(command.output()).toContain(`Port ${port} is not free`);
      expect(command.output()).toMatch(new RegExp(`\\(pid ${process.pid}\\)`));
      expect(mark.alive()).toEqual([]);
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it('starts platforms in two folders at once on different ports, and refuses a second one in the same folder', async () => {
    const elsewhere = join(folder, 'elsewhere');
    // Both start at the same time and prefer the same ports.
    const one = startCommand(kuflowDev(), options);
    const two = startCommand(kuflowDev('--state-dir', elsewhere), options);
    const [state, other] = await Promise.all([platformReady(one, stateDir), platformReady(two, elsewhere)]);
    const ports = [...portsOf(state), ...portsOf(other)];
    expect(new Set(ports).size).toBe(ports.length);
    const [http = 0, otherHttp = 0] = [portsOf(state)[0], portsOf(other)[0]];
    const [first, second] = http < otherHttp ? [one, two] : [two, one];
    const moved = Math.max(http, otherHttp);
    expect(second.output()).toMatch(
      new RegExp(`Port 7480 is in use(?: by .+ \\(pid \\d+\\))?; using ${moved} for HTTP`),
    );
    if (Math.min(http, otherHttp) === 7480)
      expect(second.output()).toMatch(new RegExp(`Port 7480 is in use by node kuflow.* \\(pid ${first.pid}\\)`));

    const third = startCommand(kuflowDev(...ANY_PORTS), options);
    expect(await third.ended).toEqual({ code: 1, signal: null });
    expect(third.output()).toContain(`pid ${one.pid}`);
    expect(third.output()).toContain('is already running');
    expect(third.output()).not.toContain('    at ');

    for (const { loopback } of [state, other]) {
      const health = await fetch(`${loopback.http}/health`);
      expect([health.status, await health.json()]).toMatchObject([200, { ready: true }]);
      const openapi = (await (await fetch(`${loopback.http}/openapi.json`)).json()) as { openapi: string };
      expect(openapi.openapi).toMatch(/^3\./);
    }
    const authorization = `Bearer ${state.user.token.reveal()}`;
    const unknown = await fetch(`${state.loopback.http}/v2024-06-14/nothing`, { headers: { authorization } });
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining('/v2024-06-14/nothing')]);
    const unsupported = await fetch(`${state.loopback.http}/v2024-06-14/robots`, { headers: { authorization } });
    expect([unsupported.status, await unsupported.text()]).toEqual([501, expect.stringContaining('findRobots')]);

    for (const command of [one, two]) {
      command.kill('SIGTERM');
      expect(await command.ended).toEqual(INTERRUPTED);
    }
    await expectGone(state);
    await expectGone(other);
  });
});
