import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
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
  // Projects have another linter, so this one is linked. It skips what the repository around it ignores, so the folder becomes a separate repository.
  spawnSync('git', ['init', '--quiet'], { cwd: folder });
  for (const name of ['oxlint', '@oxlint', 'oxlint-tsgolint', '@oxlint-tsgolint', '.bin/oxlint', '.bin/tsgolint'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  const run = (script: string): void => {
    const { status, stdout, stderr } = spawnSync(NPM, ['run', '--silent', script], {
      ...{ cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
      shell: process.platform === 'win32',
    });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  };
  run('lint');
  run('test');
}, 900_000);
