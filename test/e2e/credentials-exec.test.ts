import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DOUBLE_SIGNAL_MS } from '../../src/base/interrupts.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../support/answering-server.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { startCommand, startInTerminal, type CommandOptions } from '../support/dev-command.ts';
import { installedBin } from '../support/generated-project.ts';
import { newMark, type Mark } from '../support/marked-processes.ts';
import { until } from '../support/until.ts';

const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();

let folder: string;
let server: AnsweringServer;
let mark: Mark;
let options: CommandOptions;

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'credentials-exec-'));
  const authority = await makeTestAuthority();
  const { cert, key } = await authority.issue({ commonName: 'app' });
  const tls = { serverRootCaCertificate: authority.cert, clientCertificate: cert, clientPrivateKey: key };
  server = await startAnsweringServer(({ body }, response) => {
    const { type } = JSON.parse(body.toString('utf8')) as { type: string };
    const answer =
      type === 'ENGINE_TOKEN'
        ? { engineToken: { token: 'a-token', expiredAt: IN_AN_HOUR } }
        : { engineCertificate: { namespace: 'loans', tls } };
    sendJson(response, 200, { type, ...answer });
  });
});

beforeEach(() => {
  mark = newMark();
  rmSync(join(folder, 'seen'), { force: true });
  const env = {
    KUFLOW_API_ENDPOINT: server.url,
    KUFLOW_API_CLIENTID: '018f3a1c-0000-7000-8000-000000000001',
    KUFLOW_API_CLIENTSECRET: 'a-secret',
  };
  options = { cwd: folder, mark, env };
});

afterEach(() => {
  expect(mark.killLeft()).toEqual([]);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A command that survives and counts all signals, and reads lines. `quit` and SIGUSR1 end it. It logs to a file,
 * because its terminal may be closed.
 */
function listeningCommand(): { readonly words: readonly string[]; readonly seen: () => string[] } {
  const script = join(folder, 'listens.mjs');
  const file = join(folder, 'seen');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
    import { createInterface } from 'node:readline';
    const say = (text) => appendFileSync(${JSON.stringify(file)}, text + '\\n');
    const counts = {};
    const hear = (signal) => process.on(signal, () => say(signal + ' ' + (counts[signal] = (counts[signal] ?? 0) + 1)));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) hear(signal);
    process.on('SIGUSR1', () => process.exit(9));
    process.stdout.on('resize', () => say('columns ' + process.stdout.columns));
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => (line === 'quit' ? process.exit(5) : say('line ' + line)));
    setInterval(() => {}, 1000);
    say('running');
    `,
  );
  return {
    words: [process.execPath, script],
    seen: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
  };
}

const exec = (...words: readonly string[]): [string, ...string[]] => [
  ...([process.execPath, installedBin('kuflow'), 'credentials', 'exec'] as const),
  ...['--', ...words],
];

describe.runIf(process.platform !== 'win32')('kuflow credentials exec', () => {
  it('passes each Ctrl-C in a terminal once, and lets the command use the terminal', async () => {
    const { words, seen } = listeningCommand();
    const command = startInTerminal(exec(...words), options);
    const sees = (what: string): Promise<unknown> => until(`the command receives ${what}`, () => seen().includes(what));
    await sees('running');
    for (const time of [1, 2, 3]) {
      command.type('\u0003');
      await sees(`SIGINT ${time}`);
      await pause(DOUBLE_SIGNAL_MS);
    }
    command.type('hello\r');
    await sees('line hello');
    command.resize(120, 40);
    await sees('columns 120');
    command.type('\u001c');
    await sees('SIGQUIT 1');
    command.type('quit\r');
    expect(await command.ended).toMatchObject({ code: 5 });
    expect(seen()).toEqual([
      ...['running', 'SIGINT 1', 'SIGINT 2', 'SIGINT 3'],
      ...['line hello', 'columns 120', 'SIGQUIT 1'],
    ]);
  });

  it('runs a program that reads single keys in a terminal', async () => {
    const command = startInTerminal(exec(process.execPath, '--interactive'), options);
    await until('the prompt appears', () => command.output().includes('> '));
    command.type('`six ${6 * 7}`\r');
    await until('the result appears', () => command.output().includes("'six 42'"));
    command.type('\u0003');
    await until('Ctrl-C reaches the program', () => command.output().includes('To exit'));
    command.type('process.exit(6)\r');
    expect(await command.ended).toMatchObject({ code: 6 });
  });

  it('is suspended with Ctrl-Z, returns the terminal to the shell, and continues with fg', async () => {
    const { words, seen } = listeningCommand();
    const shell = startInTerminal(['bash', '--norc', '--noprofile', '-i'], options);
    shell.type(`${exec(...words).join(' ')}\r`);
    await until('the command is running', () => seen().includes('running'));
    shell.type('\u001a');
    await until('the job is stopped', () => shell.output().includes('Stopped'));
    shell.type('echo shell-$((40 + 2))\r');
    await until('the shell answers', () => shell.output().includes('shell-42'));
    shell.type('fg\r');
    await until('the shell shows the resumed command', () =>
      shell.output().split('shell-42').at(-1)?.includes('credentials exec'),
    );
    shell.type('hello\r');
    await until('the command continues', () => seen().includes('line hello'));
    shell.type('quit\r');
    await until('only the shell is left', () => mark.alive().length === 1);
    shell.type('echo status-$?\r');
    await until('the shell prints the status', () => shell.output().includes('status-5'));
    shell.type('exit\r');
    await shell.ended;
    expect(seen()).toEqual(['running', 'line hello']);
  });

  it('forwards every signal without a terminal, and a SIGINT that npm doubles only once', async () => {
    const { words, seen } = listeningCommand();
    const command = startCommand(exec(...words), options);
    const hears = (what: string): Promise<unknown> =>
      until(`the command receives ${what}`, () => seen().includes(what));
    await hears('running');
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGTERM', 'SIGHUP'] as const) {
      const before = seen().length;
      command.kill(signal);
      await until(`the command receives ${signal}`, () => seen().length > before);
    }
    for (const time of [1, 2]) {
      command.kill('SIGINT');
      command.kill('SIGINT');
      await hears(`SIGINT ${time}`);
      await pause(DOUBLE_SIGNAL_MS);
    }
    command.kill('SIGUSR1');
    expect(await command.ended).toEqual({ code: 9, signal: null });
    expect(seen()).toEqual([
      ...['running', 'SIGTERM 1', 'SIGHUP 1', 'SIGUSR2 1'],
      ...['SIGTERM 2', 'SIGHUP 2', 'SIGINT 1', 'SIGINT 2'],
    ]);
  });

  it("exits with the signal's status when the signal ends the command", async () => {
    const quiet = exec(
      process.execPath,
      '-e',
      "require('fs').writeFileSync('seen', 'running'); setInterval(() => {}, 1000)",
    );
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      rmSync(join(folder, 'seen'), { force: true });
      const command = startCommand(quiet, options);
      await until('the command is running', () => existsSync(join(folder, 'seen')));
      command.kill(signal);
      expect(await command.ended).toEqual({ code: status, signal: null });
    }
    rmSync(join(folder, 'seen'));
    const inTerminal = startInTerminal(quiet, options);
    await until('the command is running', () => existsSync(join(folder, 'seen')));
    inTerminal.closeTerminal();
    await until('all processes have ended', () => mark.alive().length === 0);
  });
});
