import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { TEMPLATE_OUTPUT } from '../../src/languages/templates/files.ts';
import { uvEnvironment } from '../support/uv.ts';

it('the Python library passes its own checks and tests, with the commands of its README', async () => {
  const folder = join(inject('runFolder'), 'python-library');
  cpSync(join(ROOT, 'libraries/python'), folder, {
    recursive: true,
    filter: (path) => !path.split(/[\\/]/).some((part) => part !== 'dist' && TEMPLATE_OUTPUT.has(part)),
  });
  const env = await uvEnvironment();
  const run = (...args: readonly string[]): string =>
    execFileSync('uv', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  run('sync', '--quiet', '--locked');
  run('run', 'ruff', 'format', '--check');
  run('run', 'ruff', 'check');
  run('run', 'mypy');
  expect(run('run', 'pytest', '--quiet')).toMatch(/\d+ passed/);
});
