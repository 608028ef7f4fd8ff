import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { installedBin } from '../support/generated-project.ts';
import { runAlone } from '../support/lanes.ts';

runAlone('ports');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'create-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the final check of create --local', () => {
  const create = (env: NodeJS.ProcessEnv): { status: number | null; stdout: string; stderr: string } => {
    const args = ['x', '--local', '--yes', '--no-install', '--no-git', '--json'];
    return spawnSync(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
  };

  it('starts a platform, passes every check and leaves nothing behind', () => {
    const { status, stdout, stderr } = create({ ...process.env, TMPDIR: folder });
    const result = JSON.parse(stdout) as {
      check: { kind: string; results: { id: string; state: string; skipped?: string }[] };
    };
    expect(result.check.kind, stderr).toBe('checked');
    const states = result.check.results.filter(({ skipped }) => skipped !== 'not-applicable').map(({ state }) => state);
    expect(states).toEqual(states.map(() => 'pass'));
    expect(states.length).toBeGreaterThanOrEqual(6);
    expect(status).toBe(0);
    expect(stderr).toMatch(/✔ Engine connection/);
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readdirSync(join(folder, 'x', '.kuflow'))).toEqual(['base.tgz', 'lib', 'project.json']);
    expect(existsSync(join(folder, 'x', 'application-local.yaml'))).toBe(false);
  });

  it('keeps the project and exits with 4 if it cannot start', () => {
    const { status, stdout } = create({ ...process.env, KUFLOW_TEMPORAL_PATH: join(folder, 'absent') });
    expect(status).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ check: { kind: 'impossible' }, status: 4 });
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true);
  });
});

describe('a project without installed dependencies', () => {
  it.each(['dev', 'smoke'])('says in npm run %s what to run first', (script) => {
    const args = ['x', '--local', '--yes', '--no-install', '--no-git', '--no-check'];
    const env = { ...process.env, npm_config_user_agent: 'npm/11.0.0' };
    execFileSync(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
      cwd: folder,
      env,
      stdio: 'pipe',
    });
    const run = spawnSync('npm', ['run', script], { cwd: join(folder, 'x'), encoding: 'utf8', shell: true });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('Dependencies are not installed. Run npm install, then try again.\n');
    expect(run.stdout + run.stderr).not.toContain('not found');
  });
});

describe.runIf(process.platform !== 'win32')('Ctrl-C during the install', () => {
  it('ends the package manager, keeps the project and exits with 130, even when npm doubles the signal', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const pidFile = join(folder, 'pid');
    writeFileSync(join(bin, 'package.json'), '{"type":"commonjs"}');
    // A package manager that never ends by itself.
    writeFileSync(
      join(bin, 'npm'),
      `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);\n`,
    );
    chmodSync(join(bin, 'npm'), 0o755);
    const child = spawn(
      process.execPath,
      [installedBin('create-kuflow-worker'), 'x', '--local', '--yes', '--package-manager', 'npm'],
      {
        cwd: folder,
        env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true);
    expect(stderr).toContain('npm install');
  });
});
