import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { kuflowDev, platformReady, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { runKuflow } from '../support/kuflow-run.ts';
import { newMark } from '../support/marked-processes.ts';
import { describeWithOtherUser, runAsOtherUser } from '../support/other-user.ts';
import { until } from '../support/until.ts';

/** Asks every TCP port of this machine that listens for Temporal's namespaces. Prints the answers by port. */
const LIST_NAMESPACES = `
  const { readFileSync } = require('node:fs');
  const { connect } = require('node:http2');
  const ports = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      readFileSync(table, 'utf8').split('\\n').map((line) => line.trim().split(/\\s+/))
        .filter((columns) => columns[3] === '0A')
        .map((columns) => parseInt(columns[1].split(':')[1], 16)),
    ),
  );
  const ask = (port) => new Promise((resolve) => {
    const session = connect('http://127.0.0.1:' + port);
    let answer = '';
    const end = () => { session.destroy(); resolve([port, answer]); };
    session.on('error', end);
    session.setTimeout(3000, end);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/temporal.api.workflowservice.v1.WorkflowService/ListNamespaces',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('data', (chunk) => { answer += chunk.toString('latin1'); });
    stream.on('error', end).on('close', end);
    stream.end(Buffer.alloc(5));
  });
  Promise.all([...ports].map(ask)).then((answers) => console.log(JSON.stringify(answers)));
`;

/** Connects to a Unix socket. Prints the code of the error. */
const CONNECT = `
  const socket = require('node:net').connect(process.argv[1]);
  socket.on('connect', () => console.log('"connected"')).on('error', ({ code }) => console.log(JSON.stringify(code)));
`;

/** Reads the arguments of every process, and a file. Prints the arguments, and the code of the error. */
const SPY = `
  const { readdirSync, readFileSync } = require('node:fs');
  const read = (path) => { try { return readFileSync(path, 'utf8'); } catch ({ code }) { return code; } };
  const pids = readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
  console.log(JSON.stringify({ processes: pids.map((pid) => read('/proc/' + pid + '/cmdline')), file: read(process.argv[1]) }));
`;

describeWithOtherUser('another user of this machine', () => {
  const mark = newMark();
  let folder: string;
  let platform: RunningCommand;
  let state: PlatformState;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(inject('runFolder'), 'others-')));
    const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
    platform = startCommand(kuflowDev(...ports), { cwd: folder, mark });
    state = await platformReady(platform, join(folder, '.kuflow', 'dev'));
  });
  afterAll(() => {
    mark.killLeft();
    rmSync(folder, { recursive: true, force: true });
  });

  // A container without privileges does not allow it.
  const hasNetworks = spawnSync('unshare', ['--net', 'true']).status === 0;
  const reason = hasNetworks ? '' : ' (skipped: this system does not let programs create networks)';
  it.skipIf(!hasNetworks)(`cannot connect to the Temporal server${reason}`, () => {
    const answers = runAsOtherUser(LIST_NAMESPACES) as readonly (readonly [number, string])[];
    expect(answers.map(([port]) => port)).toContain(Number(new URL(state.loopback.http).port));
    expect(answers.filter(([, answer]) => answer.includes(state.namespace)).map(([port]) => port)).toEqual([]);
    expect(runAsOtherUser(CONNECT, [state.endpoints.temporal.replace('unix:', '')])).toBe('EACCES');
  });

  it('does not learn the address of the Temporal server from the local KuFlow', async () => {
    const health = await (await fetch(`${state.loopback.http}/health`)).text();
    expect(health).toContain('"temporal":{"state":"up"}');
    expect(health).not.toContain(state.endpoints.temporal);
  });

  it('neither sees nor reads the code with which kuflow dev open signs in', () => {
    const bin = join(folder, 'bin');
    const [seen, close] = [join(folder, 'seen'), join(folder, 'close')];
    mkdirSync(bin);
    // It runs as long as a browser.
    const browser = `#!/bin/sh\nprintf %s "$1" > "${seen}"\nuntil [ -e "${close}" ]; do sleep 0.1; done\n`;
    writeFileSync(join(bin, 'xdg-open'), browser, { mode: 0o755 });
    const { status, stderr } = runKuflow(['dev', 'open'], {
      cwd: folder,
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(status, stderr).toBe(0);
    const file = readFileSync(seen, 'utf8');
    const { processes, file: content } = runAsOtherUser(SPY, [file]) as { processes: string[]; file: string };
    writeFileSync(close, '');
    expect(processes.filter((words) => words.includes(file))).not.toEqual([]);
    expect(content).toBe('EACCES');
    const [, code = ''] = /#code=([\w-]{20,})/.exec(readFileSync(file, 'utf8')) ?? [];
    expect(code).not.toBe('');
    expect(processes.filter((words) => words.includes(code))).toEqual([]);
  });

  it.skipIf(!hasNetworks)(`finds nothing left when the local KuFlow was killed${reason}`, async () => {
    const sockets = dirname(state.endpoints.temporal.replace('unix:', ''));
    expect(existsSync(sockets)).toBe(true);
    platform.kill('SIGKILL');
    await until('the sockets of the Temporal server are removed', () => !existsSync(sockets));
    await until('every process has ended', () => mark.alive().length === 0);
  });
});
