import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOnPath } from '../../../src/files/find-on-path.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { renderProject } from '../../../src/project/render.ts';

const PROGRAM = `#!/usr/bin/env node
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }));
process.exit(3);
`;

describe.skipIf(process.platform === 'win32')('./kuflow of a Java project', () => {
  let folder: string;
  let command: string;
  let found: string;
  let batch: string;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-command-')));
    // A package with the name and the program of this one.
    const cli = join(folder, 'a cli');
    mkdirSync(cli);
    const manifest = { name: 'create-kuflow-worker', version: '1.0.0', bin: { kuflow: 'kuflow.js' } };
    writeFileSync(join(cli, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(cli, 'kuflow.js'), PROGRAM);
    chmodSync(join(cli, 'kuflow.js'), 0o755);

    const files = await renderProject({
      name: 'loan-worker',
      language: 'java',
      packageManager: 'maven',
      packageName: 'com.acme.loanworker',
      slug: 'loan',
      processes: [{ definition: sampleDefinition(), source: 'sample' }],
      local: true,
      cliPackage: 'file:../a cli',
    });
    const file = files.find(({ path }) => path === 'kuflow');
    const project = join(folder, 'loan-worker');
    found = join(project, '.kuflow', 'program');
    mkdirSync(join(project, '.kuflow'), { recursive: true });
    command = join(project, 'kuflow');
    batch = Buffer.from(files.find(({ path }) => path === 'kuflow.cmd')?.contents ?? '').toString();
    writeFileSync(command, file?.contents ?? '', { mode: file?.mode });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A PATH with only these programs. */
  function pathWith(...programs: readonly string[]): string {
    const path = mkdtempSync(join(folder, 'path-'));
    for (const name of programs) symlinkSync(findOnPath(name, process.env) ?? '', join(path, name));
    return path;
  }

  const run = (args: readonly string[], PATH = process.env['PATH'], program = command) =>
    spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH, npm_config_cache: join(folder, 'npm') },
    });

  it('runs the pinned version with exactly its arguments and status, in any folder', () => {
    const args = ['dev', 'exec', '', '--', 'a b', `"'`, '$HOME', '*', '\\', 'é\n', '-x', '--package=y'];
    const { status, stdout, stderr } = run(args);
    expect(status, stderr).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ args, cwd: folder });
  });

  it('says what to install if there is no Node.js', () => {
    const { status, stderr } = run(['--version'], pathWith('sh', 'dirname'));
    expect(status).toBe(1);
    expect(stderr).toBe(
      'kuflow requires Node.js 20.19+ or 22.3+. Install it from https://nodejs.org, then try again.\n',
    );
  });

  it('runs the program that an earlier call found without npx, which takes seconds', () => {
    expect(run(['first']).status).toBe(3);
    const args = ['-x', 'a b', '*', ''];
    const { status, stdout, stderr } = run(args, pathWith('sh', 'dirname', 'node', 'env'));
    expect(status, stderr).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ args, cwd: folder });
  });

  it('finds the program again after an update of the pinned version, and if it is gone', () => {
    run([]);
    const now = readFileSync(found, 'utf8');
    const [pinned = '', program = ''] = now.split('\n');
    expect(pinned).toBe('create-kuflow-worker@file:../a cli');
    const other = join(folder, 'other-version');
    writeFileSync(other, '#!/bin/sh\nexit 9\n', { mode: 0o755 });
    for (const stale of [`create-kuflow-worker@0.9.0\n${other}\n`, `${pinned}\n${program}.gone\n`, '']) {
      writeFileSync(found, stale);
      const { status, stderr } = run([]);
      expect([status, stderr], stale).toEqual([3, '']);
      expect(readFileSync(found, 'utf8')).toBe(now);
    }
  });

  it('works in a project that it cannot write to', () => {
    rmSync(join(found, '..'), { recursive: true });
    writeFileSync(join(found, '..'), 'not a folder');
    const { status, stderr } = run([]);
    rmSync(join(found, '..'));
    expect([status, stderr]).toEqual([3, '']);
  });

  describe('with another kuflow on the PATH', () => {
    let pinned: string;

    beforeAll(() => {
      pinned = join(folder, 'pinned', 'kuflow');
      mkdirSync(join(folder, 'pinned'));
      const script = readFileSync(command, 'utf8').replace(/^package=.*$/m, 'package=create-kuflow-worker@1.2.3');
      writeFileSync(pinned, script, { mode: 0o755 });
    });

    /** A PATH without Node.js, with a kuflow of a version that prints its arguments. */
    function pathWithKuflow(version: string): string {
      const path = pathWith('sh', 'dirname');
      symlinkSync(join(path, 'sh'), join(path, 'node-stand-in'));
      const script = `[ "$1" = --version ] && { echo ${version}; exit; }\nprintf '%s|' "$@"\nexit 4\n`;
      writeFileSync(join(path, 'kuflow'), `#!${path}/node-stand-in\n${script}`, { mode: 0o755 });
      return path;
    }

    it('runs it without Node.js if it has the version of the project', () => {
      const { status, stdout, stderr } = run(['a b', ''], pathWithKuflow('1.2.3'), pinned);
      expect([status, stdout, stderr]).toEqual([4, 'a b||', '']);
    });

    it('reports its version if the project needs another one and there is no Node.js', () => {
      const path = pathWithKuflow('1.3.0');
      const { status, stderr } = run(['dev'], path, pinned);
      expect(status).toBe(1);
      expect(stderr).toBe(
        `This project uses create-kuflow-worker@1.2.3, but ${path}/kuflow has version 1.3.0.\n` +
          'kuflow requires Node.js 20.19+ or 22.3+. Install it from https://nodejs.org, then try again.\n',
      );
    });

    it('does not run itself', () => {
      const { status, stderr } = run([], `${join(pinned, '..')}:${pathWith('sh', 'dirname')}`, pinned);
      expect([status, stderr.split('.')[0]]).toEqual([1, 'kuflow requires Node']);
    });
  });

  it('does not run kuflow by its name on Windows, where that would be the script in the current folder', () => {
    expect(batch).toContain('--package="create-kuflow-worker@file:../a cli"');
    expect(batch).not.toMatch(/-- kuflow\b/);
  });

  it('says what to install if there is no npx', () => {
    rmSync(found, { force: true });
    const { status, stderr } = run(['--version'], pathWith('sh', 'dirname', 'node'));
    expect(status).toBe(1);
    expect(stderr).toContain('Install npm');
  });
});
