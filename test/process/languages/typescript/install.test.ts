import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installDependencies, watchRegistry } from '../../../../src/languages/typescript/install.ts';
import { closedPort, sendJson, startAnsweringServer } from '../../../support/answering-server.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const temporaryFolder = temporaryFolders();

function project(dependencies: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'dep'));
  writeFileSync(join(folder, 'dep', 'package.json'), '{"name":"dep","version":"1.0.0"}');
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'project', version: '1.0.0', private: true, devDependencies: dependencies }),
  );
  return folder;
}

/** A fake package manager, first on the PATH. */
function standIn(script: string, name = 'pnpm'): NodeJS.ProcessEnv {
  const bin = temporaryFolder();
  writeFileSync(join(bin, name), `#!${process.execPath}\n${script}`);
  chmodSync(join(bin, name), 0o755);
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
}

const onPosix = process.platform !== 'win32';
const json = (value: unknown): string => JSON.stringify(value);

describe('installing dependencies', () => {
  it('installs development dependencies regardless of NODE_ENV, and reports the output lines', async () => {
    const folder = project({ dep: 'file:./dep' });
    const lines: string[] = [];
    const result = await installDependencies({
      folder,
      packageManager: 'npm',
      env: { ...process.env, NODE_ENV: 'production', npm_config_package: 'something-else' },
      onLine: (line) => lines.push(line),
    });
    expect(result.kind).toBe('installed');
    expect(existsSync(join(folder, 'node_modules', 'dep', 'package.json'))).toBe(true);
    expect(lines.join('\n')).toContain('added 1 package');
  });

  it('returns the output of a failed install and keeps the project', async () => {
    const folder = project({ absent: 'file:./absent.tgz' });
    const result = await installDependencies({ folder, packageManager: 'npm', env: process.env });
    if (result.kind !== 'failed') throw new Error(result.kind);
    expect(result.output).toContain('npm error');
    expect(result.output).toContain('absent');
    expect(result.seen).toMatch(/^exit status \d+$/);
    expect(existsSync(join(folder, 'package.json'))).toBe(true);
  });

  it('reports a missing package manager', async () => {
    const env = { ...process.env, PATH: temporaryFolder() };
    const result = await installDependencies({ folder: project({}), packageManager: 'bun', env });
    expect(result).toMatchObject({
      kind: 'failed',
      seen: 'bun is not installed',
      command: 'bun install',
    });
  });

  it.runIf(onPosix)('gives the package manager no stdin', async () => {
    const env = standIn("process.stdin.on('end', () => process.exit(7)).resume();");
    const result = await installDependencies({ folder: temporaryFolder(), packageManager: 'pnpm', env });
    expect(result).toMatchObject({ kind: 'failed', seen: 'exit status 7' });
  });

  it.runIf(onPosix)(
    'ends the package manager and its children when interrupted, even if they ignore SIGTERM',
    async () => {
      const folder = temporaryFolder();
      const pidFile = join(folder, 'pids');
      const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send('ready')`;
      const env = standIn(
        `const child = require('child_process').spawn(process.execPath, ['-e', ${json(deaf)}], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
       child.on('message', () => require('fs').writeFileSync(${json(pidFile)}, process.pid + ' ' + child.pid + ' end'));`,
      );
      const abort = new AbortController();
      const work = installDependencies({ folder, packageManager: 'pnpm', env, signal: abort.signal });
      const pids = await until('both run', () =>
        existsSync(pidFile) ? (/^(\d+) (\d+) end/.exec(readFileSync(pidFile, 'utf8')) ?? undefined) : undefined,
      );
      abort.abort();
      expect(await work).toEqual({ kind: 'interrupted' });
      for (const pid of pids.slice(1)) await until(`${pid} is gone`, () => isGone(Number(pid)));
    },
  );

  it('gives up on an unreachable registry instead of retrying for every package', async () => {
    const closed = await closedPort();
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    const folder = project(Object.fromEntries(names.map((name) => [name, '1.0.0'])));
    const lines: string[] = [];
    const result = await installDependencies({
      folder,
      packageManager: 'npm',
      env: {
        ...process.env,
        npm_config_registry: `http://someone:canary-4d1a@127.0.0.1:${closed}/`,
        npm_config_cache: join(folder, 'cache'),
        // As on a machine where npm checks for updates.
        npm_config_userconfig: join(folder, 'none'),
        npm_config_update_notifier: undefined,
        CI: undefined,
        npm_config_fetch_retry_mintimeout: '300',
        npm_config_loglevel: '',
      },
      onLine: (line) => lines.push(line),
    });
    if (result.kind !== 'failed') throw new Error(result.kind);
    expect(result.registry).toBe(`http://127.0.0.1:${closed}`);
    expect(result.seen).toBe(`no connection to the registry http://127.0.0.1:${closed}: ECONNREFUSED, twice`);
    expect(result.command).toBe('npm install --no-audit --no-fund --include=dev');
    const tried = lines.flatMap((line) => /fetch GET (\S+) attempt/.exec(line)?.[1] ?? []);
    expect(tried).toHaveLength(2);
    expect(new Set(tried).size).toBe(1);
    expect(result.output).toContain('attempt 2 failed with ECONNREFUSED');
  });

  it('waits for a slow registry that responds, and leaves its requests out of the output', async () => {
    const server = await startAnsweringServer((_request, response) => sendJson(response, 404, { error: 'not found' }));
    try {
      const folder = project({ 'absent-one': '1.0.0' });
      const lines: string[] = [];
      const env = { ...process.env, npm_config_registry: server.url, npm_config_cache: join(folder, 'cache') };
      const result = await installDependencies({
        folder,
        packageManager: 'npm',
        env: { ...env, npm_config_loglevel: '' },
        onLine: (line) => lines.push(line),
      });
      if (result.kind !== 'failed') throw new Error(result.kind);
      expect(result.seen).toBe('exit status 1');
      expect(lines.join('\n')).toContain('npm http fetch GET 404');
      expect(result.output).toContain('npm error code E404');
      expect(result.output).not.toContain('npm http');
    } finally {
      await server.close();
    }
  });

  it('does not start if already interrupted', async () => {
    const signal = AbortSignal.abort();
    const result = await installDependencies({ folder: '/absent', packageManager: 'npm', env: process.env, signal });
    expect(result).toEqual({ kind: 'interrupted' });
  });

  it.runIf(onPosix)(
    'returns the end of a long output, and writes all of it to a file that only the user can read',
    async () => {
      const env = standIn("for (let line = 1; line <= 100; line++) console.log('line ' + line); process.exitCode = 3;");
      const folder = temporaryFolder();
      const result = await installDependencies({ folder, packageManager: 'pnpm', env });
      if (result.kind !== 'failed') throw new Error(result.kind);
      expect(result.output.split('\n')).toEqual(Array.from({ length: 40 }, (_, index) => `line ${index + 61}`));
      expect(result.log).toBe('.kuflow/install.log');
      const log = join(folder, '.kuflow', 'install.log');
      expect(readFileSync(log, 'utf8').split('\n')).toHaveLength(101);
      expect(statSync(log).mode & 0o777).toBe(0o600);
    },
  );

  it.runIf(onPosix)('writes no file for a short output or a successful install', async () => {
    for (const script of ["console.log('short'); process.exitCode = 3;", '']) {
      const folder = project({});
      const result = await installDependencies({ folder, packageManager: 'pnpm', env: standIn(script) });
      expect(result).not.toHaveProperty('log');
      expect(readdirSync(folder).sort()).toEqual(['dep', 'package.json']);
    }
  });

  it.runIf(onPosix)('does not pass on variables that were set for this process', async () => {
    const folder = temporaryFolder();
    const said = join(folder, 'said');
    const env = {
      ...standIn(`require('fs').writeFileSync(${json(said)}, JSON.stringify(process.env)); process.exitCode = 1;`),
      NODE_OPTIONS:
        '--require /tmp/xfs-1/dlx-2/.pnp.cjs --max-old-space-size=500 --experimental-loader file:///tmp/dlx-2/.pnp.loader.mjs',
      npm_config_call: 'x',
      npm_config_registry: 'http://127.0.0.1:4873/',
      npm_lifecycle_event: 'npx',
    };
    // With the first hook, which does not exist, this would not even start.
    await installDependencies({ folder, packageManager: 'pnpm', env });
    const seen = JSON.parse(readFileSync(said, 'utf8')) as Record<string, string>;
    expect(seen['NODE_OPTIONS']).toBe('--max-old-space-size=500');
    expect(seen).toMatchObject({ npm_config_registry: 'http://127.0.0.1:4873/', COREPACK_ENABLE_AUTO_PIN: '0' });
    expect(Object.keys(seen).filter((name) => /^npm_(?:config_call|lifecycle)/.test(name))).toEqual([]);
  });

  it.runIf(onPosix)(
    'marks the project as separate for Yarn with an empty lock file, and removes it if it stays empty',
    async () => {
      const folder = project({});
      const lock = join(folder, 'yarn.lock');
      const seen = `const fs = require('fs'); fs.writeFileSync('seen', String(fs.statSync('yarn.lock').size));`;
      await installDependencies({ folder, packageManager: 'yarn@4', env: standIn(seen, 'yarn') });
      expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('0');
      expect(existsSync(lock)).toBe(false);
      await installDependencies({
        folder,
        packageManager: 'yarn@4',
        env: standIn("require('fs').writeFileSync('yarn.lock', 'x')", 'yarn'),
      });
      expect(readFileSync(lock, 'utf8')).toBe('x');
      await installDependencies({ folder, packageManager: 'yarn@4', env: standIn('', 'yarn') });
      expect(readFileSync(lock, 'utf8')).toBe('x');
    },
  );

  it('reports the outer workspace that the project was installed into', async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'package.json'), '{"name":"root","private":true,"workspaces":["packages/*"]}');
    const inside = join(root, 'packages', 'worker');
    const outside = join(root, 'other');
    for (const folder of [inside, outside]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"name":"worker","version":"1.0.0"}');
    }
    const install = (folder: string) => installDependencies({ folder, packageManager: 'npm', env: process.env });
    expect(await install(inside)).toMatchObject({ kind: 'installed', workspace: root });
    expect(await install(outside)).not.toHaveProperty('workspace');
    expect(existsSync(join(outside, 'package-lock.json'))).toBe(true);
  });
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  // Processes that nobody reaps stay listed after they end.
  return process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

describe('watching npm and its registry', () => {
  const lineOf = (attempt: number, code: string): string =>
    `npm http fetch GET https://r.test/@a%2fb attempt ${attempt} failed with ${code}`;
  const verdict = (...lines: readonly string[]): unknown => {
    const watch = watchRegistry();
    return lines.map((line) => watch(line)).find((found) => found !== undefined);
  };

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])('treats a second %s as unreachable', (code) => {
    expect(verdict(lineOf(1, code))).toBeUndefined();
    expect(verdict(lineOf(1, code), lineOf(2, code))).toEqual({ registry: 'https://r.test', code });
  });

  it('lets npm retry after a response, and after errors of an established connection', () => {
    const answer = 'npm http fetch GET 200 https://r.test/x 12ms (cache miss)';
    expect(verdict(answer, lineOf(1, 'ECONNREFUSED'), lineOf(2, 'ECONNREFUSED'))).toBeUndefined();
    expect(verdict(lineOf(2, 'ECONNRESET'), lineOf(2, '503'))).toBeUndefined();
  });
});
