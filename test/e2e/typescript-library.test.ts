import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { generatedProject, linkModules } from '../support/generated-project.ts';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

it('the TypeScript library passes its own checks and tests, with the versions that projects have', () => {
  const folder = join(inject('runFolder'), 'typescript-library');
  cpSync(join(ROOT, 'libraries/typescript'), folder, {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
  });
  linkModules(generatedProject(), folder);
  // The sources are tested, not the package that the project has.
  rmSync(join(folder, 'node_modules/kuflow-worker'), { recursive: true });
  const run = (...args: readonly string[]): string =>
    execFileSync(NPM, ['run', '--silent', ...args], {
      ...{ cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      env: { ...process.env, NO_COLOR: '1' },
      shell: process.platform === 'win32',
    });
  run('lint');
  expect(run('test')).toMatch(/Tests {2}\d+ passed/);
}, 900_000);
