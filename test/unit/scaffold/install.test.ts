import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installDependencies } from '../../../src/scaffold/install.ts';
import { detectPackageManager, scriptCommand } from '../../../src/scaffold/package-manager.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

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

/** A package manager of ours, first on the PATH. */
function standIn(script: string): NodeJS.ProcessEnv {
  const bin = temporaryFolder();
  writeFileSync(join(bin, 'pnpm'), `#!${process.execPath}\n${script}`);
  chmodSync(join(bin, 'pnpm'), 0o755);
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('installing dependencies', () => {
  it('installs development dependencies too, whatever NODE_ENV says, and passes the lines on', async () => {
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

  it('returns the real output of a failure and keeps the project', async () => {
    const folder = project({ absent: 'file:./absent.tgz' });
    const result = await installDependencies({ folder, packageManager: 'npm', env: process.env });
    if (result.kind !== 'failed') throw new Error(result.kind);
    expect(result.output).toContain('npm error');
    expect(result.output).toContain('absent');
    expect(result.seen).toMatch(/^exit status \d+$/);
    expect(existsSync(join(folder, 'package.json'))).toBe(true);
  });

  it('says that the package manager is not there', async () => {
    const env = { ...process.env, PATH: temporaryFolder() };
    const result = await installDependencies({ folder: project({}), packageManager: 'bun', env });
    expect(result).toMatchObject({ kind: 'failed', seen: 'bun is not installed', command: 'bun install' });
  });

  it.runIf(process.platform !== 'win32')('gives the package manager no stdin to wait on', async () => {
    const env = standIn("process.stdin.on('end', () => process.exit(7)).resume();");
    const result = await installDependencies({ folder: temporaryFolder(), packageManager: 'pnpm', env });
    expect(result).toMatchObject({ kind: 'failed', seen: 'exit status 7' });
  });

  it.runIf(process.platform !== 'win32')('ends the package manager when interrupted', async () => {
    const folder = temporaryFolder();
    const pidFile = join(folder, 'pid');
    const env = standIn(
      `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const abort = new AbortController();
    const work = installDependencies({ folder, packageManager: 'pnpm', env, signal: abort.signal });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    abort.abort();
    expect(await work).toEqual({ kind: 'interrupted' });
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
  });
});

describe('package managers', () => {
  it.each([
    ['npm/11.0.0 node/v22.0.0 linux x64 workspaces/false', 'npm'],
    ['pnpm/9.1.0 npm/? node/v20.0.0 linux x64', 'pnpm'],
    ['yarn/1.22.22 npm/? node/v20.0.0 linux x64', 'yarn'],
    ['bun/1.1.0 npm/? node/v22.0.0 linux x64', 'bun'],
    ['cnpm/1.0.0 npm/? node/v22.0.0', 'npm'],
    [undefined, 'npm'],
  ] as const)('knows %s', (agent, manager) => {
    expect(detectPackageManager(agent === undefined ? {} : { npm_config_user_agent: agent })).toBe(manager);
  });

  it('writes scripts as a person types them', () => {
    expect(scriptCommand('npm', 'test')).toBe('npm test');
    expect(scriptCommand('npm', 'check', ['--json'])).toBe('npm run check -- --json');
    expect(scriptCommand('pnpm', 'check', ['--json'])).toBe('pnpm run check --json');
    expect(scriptCommand('yarn', 'dev', ['a b'])).toBe("yarn run dev 'a b'");
  });
});
