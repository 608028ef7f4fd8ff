import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { TEMPLATE_OUTPUT } from '../../src/languages/templates/files.ts';
import { installedBin } from '../support/generated-project.ts';
import { copyTypeCache } from '../support/python-project.ts';
import { pythonWithSdk } from '../support/python-sdk.ts';
import { uvEnvironment } from '../support/uv.ts';

let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = join(inject('runFolder'), 'python-library');
  cpSync(join(ROOT, 'libraries/python'), folder, {
    recursive: true,
    filter: (path) => !path.split(/[\\/]/).some((part) => part !== 'dist' && TEMPLATE_OUTPUT.has(part)),
  });
  env = await uvEnvironment();
  run('sync', '--quiet', '--locked');
  copyTypeCache(folder);
});

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('uv', args, { cwd: folder, env, encoding: 'utf8' });
  expect(status, `uv ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

it('the Python library passes its own checks and tests, with the commands of its README', () => {
  run('run', 'ruff', 'format', '--check');
  run('run', 'ruff', 'check');
  run('run', 'mypy');
  expect(run('run', 'pytest', '--quiet')).toMatch(/\d+ passed/);
});

it("the Python library and KuFlow's Python SDK decrypt each other's payloads", async () => {
  const { keys, payloads: samples } = JSON.parse(
    readFileSync(join(folder, 'tests/support/encrypted_payloads.json'), 'utf8'),
  ) as { keys: unknown; payloads: readonly { marked: unknown }[] };
  const marked = samples.map((sample) => sample.marked);
  const python = { library: join(folder, '.venv/bin/python'), sdk: await pythonWithSdk() };
  const convert = (codec: keyof typeof python, method: 'encode' | 'decode', payloads: unknown): unknown =>
    JSON.parse(
      execFileSync(python[codec], [join(ROOT, 'test/support/python-encryption/payloads.py'), codec, method], {
        input: JSON.stringify({ keys, payloads }),
        encoding: 'utf8',
      }),
    );
  expect(convert('sdk', 'decode', convert('library', 'encode', marked))).toEqual(marked);
  expect(convert('library', 'decode', convert('sdk', 'encode', marked))).toEqual(marked);
});

it('a project with the library from a registry locks the tested versions of all other packages', () => {
  const project = join(inject('runFolder'), 'python-registry');
  const options = ['--language', 'python', '--package-manager', 'uv', '--library', 'registry', '--local', '--yes'];
  const create = [installedBin('create-kuflow-worker'), project, ...options, '--no-install', '--no-git', '--no-check'];
  execFileSync(process.execPath, create, { stdio: ['ignore', 'ignore', 'inherit'] });
  const lock = (): readonly string[] =>
    [...readFileSync(join(project, 'uv.lock'), 'utf8').matchAll(/^name = "(.+)"\nversion = "(.+)"/gm)].map(
      ([, name = '', version = '']) => `${name} ${version}`,
    );
  const before = lock();
  // The library is not in a registry yet.
  const registry = join(inject('cliFolder'), 'node_modules/create-kuflow-worker/dist/libraries/python');
  execFileSync('uv', ['lock', '--quiet', '--find-links', registry], { cwd: project, env, stdio: 'inherit' });
  const added = lock().filter((row) => !before.includes(row));
  expect(added).toEqual([expect.stringMatching(/^kuflow-worker \d/)]);
  expect(before.filter((row) => !lock().includes(row))).toEqual([]);
});
