import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { superviseProcess } from '../../../../src/platform/supervisor/client.ts';
import { bundleForNode, supervisorEntry } from '../../../support/supervisor-entry.ts';

let entry = '';
let ownerEntry = '';
let folder = '';
beforeAll(async () => {
  entry = await supervisorEntry();
  ownerEntry = await bundleForNode('test/process/platform/supervisor/owner.ts');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kuflow-supervisor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (...pids: readonly number[]): Promise<void> =>
  vi.waitFor(() => expect(pids.filter(lives)).toEqual([]), { timeout: 60_000, interval: 50 });

/**
 * A process with a child. It writes `<pid> <child pid>` to `<file>`, and creates `<file>.clean` when it exits on
 * SIGTERM.
 */
function family(file: string): string {
  return `
    const { spawn } = require('node:child_process');
    const { writeFileSync } = require('node:fs');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    process.on('SIGTERM', () => setTimeout(() => { writeFileSync(${JSON.stringify(`${file}.clean`)}, ''); process.exit(0); }, 200));
    setInterval(() => {}, 1000);
    writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
  `;
}

async function pidsIn(file: string): Promise<[number, number]> {
  const text = await vi.waitFor(async () => {
    const pids = await readFile(file, 'utf8');
    expect(pids).toMatch(/^\d+ \d+$/);
    return pids;
  }, 60_000);
  const [a = '', b = ''] = text.split(' ');
  return [Number(a), Number(b)];
}

async function startOwner(file: string, mode: string): Promise<{ owner: ChildProcess; pids: readonly number[] }> {
  const owner = spawn(process.execPath, [ownerEntry, entry, family(file), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const line = await new Promise<string>((resolve) => createInterface({ input: owner.stdout }).once('line', resolve));
  const { pid, supervisorPid } = JSON.parse(line) as { pid: number; supervisorPid: number };
  const [, grandchild] = await pidsIn(file);
  return { owner, pids: [pid, supervisorPid, grandchild] };
}

describe.skipIf(process.platform === 'win32')('a supervised process', () => {
  it('stops gracefully with its children, and can be stopped twice', async () => {
    const file = join(folder, 'pids');
    const logFile = join(folder, 'log');
    const supervised = await superviseProcess({
      supervisorEntry: entry,
      command: process.execPath,
      args: ['-e', `console.log('hello');${family(file)}`],
      logFile,
    });
    const [pid, child] = await pidsIn(file);
    expect(pid).toBe(supervised.pid);
    await Promise.all([supervised.stop(), supervised.stop()]);
    expect(await supervised.exited).toEqual({ code: 0, signal: null });
    await gone(pid, child, supervised.supervisorPid);
    expect(await readFile(logFile, 'utf8')).toBe('hello\n');
  });

  it('is killed if it ignores SIGTERM', async () => {
    const file = join(folder, 'pids');
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + process.pid);`;
    const supervised = await superviseProcess({
      supervisorEntry: entry,
      command: process.execPath,
      args: ['-e', stubborn],
      stopGrace: 200,
    });
    await pidsIn(file);
    await supervised.stop();
    expect(await supervised.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await gone(supervised.pid, supervised.supervisorPid);
  });

  it('reports how it exited, and rejects if it cannot be started', async () => {
    const supervised = await superviseProcess({
      supervisorEntry: entry,
      command: process.execPath,
      args: ['-e', 'process.exit(7)'],
    });
    expect(await supervised.exited).toEqual({ code: 7, signal: null });
    await expect(
      superviseProcess({ supervisorEntry: entry, command: '/nowhere/to/be/found', args: [] }),
    ).rejects.toMatchObject({
      name: 'KnownError',
      seen: expect.stringContaining('ENOENT') as string,
    });
    const logFile = join(folder, 'absent', 'log');
    await expect(
      superviseProcess({ supervisorEntry: entry, command: process.execPath, args: ['-e', ''], logFile }),
    ).rejects.toMatchObject({ seen: `ENOENT: no such file or directory, open '${logFile}'` });
    await expect(
      superviseProcess({ supervisorEntry: join(folder, 'absent.js'), command: 'true', args: [] }),
    ).rejects.toMatchObject({
      seen: expect.stringContaining('Cannot find module') as string,
    });
  });

  it('reads nothing if its input is ignored, and writes to the given outputs', async () => {
    const logFile = join(folder, 'output');
    const output = await open(logFile, 'w');
    const supervised = await superviseProcess({
      supervisorEntry: entry,
      command: 'cat',
      args: [],
      stdio: ['ignore', output.fd, output.fd],
    });
    expect(await supervised.exited).toEqual({ code: 0, signal: null });
    await output.close();
    expect(await readFile(logFile, 'utf8')).toBe('');
  });

  it('can be a command line with its own quotes', async () => {
    const logFile = join(folder, 'output');
    const supervised = await superviseProcess({
      ...{ supervisorEntry: entry, command: `printf '%s|' "a b" 'c"d' > output`, args: [], shell: true, cwd: folder },
    });
    expect(await supervised.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(logFile, 'utf8')).toBe('a b|c"d|');
  });

  describe('on Windows', () => {
    const AS_WINDOWS = "Object.defineProperty(process, 'platform', { value: 'win32' });";

    /** Runs a command with an owner that assumes it is on Windows. Returns the arguments that cmd.exe gets, or the code of the error. */
    const start = async (command: string, args: readonly string[], below = '.'): Promise<readonly string[]> => {
      const client = await bundleForNode('src/platform/supervisor/client.ts');
      const shell = join(folder, 'cmd.exe');
      await writeFile(shell, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
      const tools = join(folder, 'tools');
      await mkdir(tools);
      for (const name of ['npm.cmd', 'own tool.cmd']) await writeFile(join(tools, name), '', { mode: 0o755 });
      const logFile = join(folder, 'log');
      const options = { supervisorEntry: entry, command, args, logFile, cwd: join(folder, below) };
      const script = `${AS_WINDOWS}
        const { superviseProcess } = await import(${JSON.stringify(client)});
        try {
          await (await superviseProcess(${JSON.stringify(options)})).exited;
        } catch (error) {
          console.log(error.cause.code);
        }`;
      const env = { PATH: `/usr/bin;${tools}`, PATHEXT: '.exe;.cmd', comspec: shell };
      const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
      expect(ran.stderr).toBe('');
      const output = ran.stdout === '' ? await readFile(logFile, 'utf8') : ran.stdout;
      return output.split('\n').slice(0, -1);
    };

    it('runs a .cmd file with cmd.exe, and passes every argument unchanged', async () => {
      expect(await start('npm', ['run', 'dev', '--', 'a b', '50%', 'x&y'])).toEqual([
        ...['/d', '/s', '/c'],
        '"npm ^"run^" ^"dev^" ^"--^" ^"a^ b^" ^"50^%^" ^"x^&y^""',
      ]);
    });

    it('resolves a relative path from its own folder', async () => {
      expect(await start('./own tool', [], 'tools')).toContain('"own^ tool"');
    });

    it('receives Ctrl-C from the console that it shares with its owner, and exits on its own', async () => {
      const client = await bundleForNode('src/platform/supervisor/client.ts');
      const supervisor = join(folder, 'supervisor.mjs');
      await writeFile(supervisor, `${AS_WINDOWS} await import(${JSON.stringify(entry)});`);
      await symlink(process.execPath, join(folder, 'node.exe'));
      const file = join(folder, 'pids');
      const worker = family(file).replace("'SIGTERM'", "'SIGINT'");
      const options = {
        supervisorEntry: supervisor,
        command: join(folder, 'node.exe'),
        args: ['-e', worker],
        stdio: [0, 1, 2],
      };
      const script = `${AS_WINDOWS}
        const { superviseProcess } = await import(${JSON.stringify(client)});
        const supervised = await superviseProcess(${JSON.stringify(options)});
        process.on('SIGINT', () => supervised.signal('SIGINT'));
        process.exitCode = (await supervised.exited).code ?? 1;`;
      const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, PATHEXT: '.exe' },
        detached: true,
        stdio: 'inherit',
      });
      const exited = new Promise<number | null>((resolve) => owner.once('exit', resolve));
      const pids = await pidsIn(file);
      process.kill(-(owner.pid ?? 0), 'SIGINT');
      expect(await exited).toBe(0);
      expect(await readFile(`${file}.clean`, 'utf8')).toBe('');
      for (const pid of pids.filter(lives)) process.kill(pid, 'SIGKILL');
    });

    it('shuts down when asked, if it has connected to its supervisor', async () => {
      const client = await bundleForNode('src/platform/supervisor/client.ts');
      const supervisor = join(folder, 'supervisor.mjs');
      await writeFile(supervisor, `${AS_WINDOWS} await import(${JSON.stringify(entry)});`);
      await symlink(process.execPath, join(folder, 'node.exe'));
      const logFile = join(folder, 'log');
      const worker = `
        const socket = require('node:net').connect(Number(process.env.KUFLOW_SHUTDOWN_PORT), '127.0.0.1');
        socket.on('connect', () => console.log('connected'));
        socket.on('end', () => console.log('shut down')).resume();`;
      const options = {
        ...{ supervisorEntry: supervisor, command: join(folder, 'node.exe'), args: ['-e', worker], logFile },
      };
      for (const request of [`supervised.signal('SIGTERM')`, 'await supervised.stop()']) {
        const script = `${AS_WINDOWS}
          const { readFileSync } = await import('node:fs');
          const { superviseProcess } = await import(${JSON.stringify(client)});
          const supervised = await superviseProcess(${JSON.stringify(options)});
          while (!readFileSync(${JSON.stringify(logFile)}, 'utf8').includes('connected')) await new Promise(setImmediate);
          ${request};
          console.log(JSON.stringify(await supervised.exited));`;
        const env = { ...process.env, PATHEXT: '.exe' };
        const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
        expect(ran.stdout, ran.stderr).toBe('{"code":0,"signal":null}\n');
        expect(await readFile(logFile, 'utf8')).toBe('connected\nshut down\n');
        await rm(logFile);
      }
    });

    it('says that a command does not exist', async () => {
      expect(await start('absent', [])).toEqual(['ENOENT']);
    });
  });

  it('ends with its children after kill -9 of the owner', async () => {
    const file = join(folder, 'pids');
    const { owner, pids } = await startOwner(file, 'none');
    owner.kill('SIGKILL');
    await gone(...pids);
    expect(await readFile(`${file}.clean`, 'utf8')).toBe('');
  });

  it('ends once and cleanly on a doubled Ctrl-C, whether or not the owner handles it', async () => {
    for (const mode of ['graceful', 'none']) {
      const file = join(folder, mode);
      const { owner, pids } = await startOwner(file, mode);
      const ended = new Promise<number | null>((resolve) => owner.once('exit', resolve));
      // To the whole group, like a terminal.
      process.kill(-(owner.pid ?? 0), 'SIGINT');
      if (mode === 'graceful') process.kill(-(owner.pid ?? 0), 'SIGINT');
      expect(await ended).toBe(mode === 'graceful' ? 0 : null);
      await gone(...pids);
      expect(await readFile(`${file}.clean`, 'utf8')).toBe('');
    }
  });

  it('ends when the supervisor is killed', async () => {
    const file = join(folder, 'pids');
    const supervised = await superviseProcess({
      supervisorEntry: entry,
      command: process.execPath,
      args: ['-e', family(file)],
    });
    const pids = await pidsIn(file);
    process.kill(supervised.supervisorPid, 'SIGKILL');
    await supervised.exited;
    await gone(...pids);
  });
});
