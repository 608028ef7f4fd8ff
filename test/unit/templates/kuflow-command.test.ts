import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
      definition: sampleDefinition(),
      definitionSource: 'sample',
      local: true,
      cliPackage: 'file:../a cli',
    });
    const file = files.find(({ path }) => path === 'kuflow');
    const project = join(folder, 'loan-worker');
    mkdirSync(project);
    command = join(project, 'kuflow');
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

  const run = (args: readonly string[], PATH = process.env['PATH']) =>
    spawnSync(command, args, {
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
    expect(stderr).toBe('kuflow needs Node.js 20.19 or newer. Install it from https://nodejs.org, then try again.\n');
  });

  it('says what to install if there is no npx', () => {
    const { status, stderr } = run(['--version'], pathWith('sh', 'dirname', 'node'));
    expect(status).toBe(1);
    expect(stderr).toContain('Install npm');
  });
});
