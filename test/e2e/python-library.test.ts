import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { TEMPLATE_OUTPUT } from '../../src/languages/templates/files.ts';
import { installedBin } from '../support/generated-project.ts';
import { uvEnvironment } from '../support/uv.ts';

it('the Python library passes its own checks and tests, with the commands of its README', async () => {
  const folder = join(inject('runFolder'), 'python-library');
  cpSync(join(ROOT, 'libraries/python'), folder, {
    recursive: true,
    filter: (path) => !path.split(/[\\/]/).some((part) => part !== 'dist' && TEMPLATE_OUTPUT.has(part)),
  });
  const env = await uvEnvironment();
  const run = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('uv', args, { cwd: folder, env, encoding: 'utf8' });
    expect(status, `uv ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
    return stdout;
  };
  run('sync', '--quiet', '--locked');
  run('run', 'ruff', 'format', '--check');
  run('run', 'ruff', 'check');
  run('run', 'mypy');
  expect(run('run', 'pytest', '--quiet')).toMatch(/\d+ passed/);
});

it('a project that gets the library from a registry is locked with the tested versions of all other packages', async () => {
  const folder = join(inject('runFolder'), 'python-registry');
  const options = ['--language', 'python', '--package-manager', 'uv', '--library', 'registry', '--local', '--yes'];
  const create = [installedBin('create-kuflow-worker'), folder, ...options, '--no-install', '--no-git', '--no-check'];
  execFileSync(process.execPath, create, { stdio: ['ignore', 'ignore', 'inherit'] });
  const lock = (): readonly string[] =>
    [...readFileSync(join(folder, 'uv.lock'), 'utf8').matchAll(/^name = "(.+)"\nversion = "(.+)"/gm)].map(
      ([, name = '', version = '']) => `${name} ${version}`,
    );
  const before = lock();
  // The library is not in a registry yet.
  const registry = join(inject('cliFolder'), 'node_modules/create-kuflow-worker/dist/libraries/python');
  const env = await uvEnvironment();
  execFileSync('uv', ['lock', '--quiet', '--find-links', registry], { cwd: folder, env, stdio: 'inherit' });
  const added = lock().filter((row) => !before.includes(row));
  expect(added).toEqual([expect.stringMatching(/^kuflow-worker \d/)]);
  expect(before.filter((row) => !lock().includes(row))).toEqual([]);
});
