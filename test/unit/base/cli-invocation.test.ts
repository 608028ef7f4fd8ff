import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliInvocation } from '../../../src/base/cli-invocation.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const WITH_PACKAGE = 'npx -p create-kuflow-worker kuflow';

it('advice names the command as it was typed', () => {
  const elsewhere = temporaryFolder();
  const project = temporaryFolder();
  const bins = join(project, 'node_modules', '.bin');
  mkdirSync(bins, { recursive: true });
  writeFileSync(join(bins, 'kuflow'), '');
  const below = join(project, 'src');
  for (const [folder, script, command] of [
    [elsewhere, '/usr/local/bin/kuflow', 'kuflow'],
    [project, '/usr/local/bin/kuflow', 'kuflow'],
    [elsewhere, '/usr/lib/node_modules/create-kuflow-worker/bin/kuflow.js', 'kuflow'],
    [project, join(bins, 'kuflow'), 'npx kuflow'],
    [below, join(bins, 'kuflow'), 'npx kuflow'],
    [project, '/home/x/.npm/_npx/1a2b/node_modules/.bin/kuflow', 'npx kuflow'],
    [elsewhere, '/home/x/.npm/_npx/1a2b/node_modules/.bin/kuflow', WITH_PACKAGE],
    [elsewhere, '/home/x/.cache/pnpm/dlx/1a2b/node_modules/create-kuflow-worker/bin/kuflow.js', WITH_PACKAGE],
    [elsewhere, '/tmp/bunx-0-create-kuflow-worker@latest/node_modules/.bin/kuflow', WITH_PACKAGE],
    [elsewhere, '/usr/local/bin/create-kuflow-worker', WITH_PACKAGE],
  ] as const)
    expect(cliInvocation(folder, script), `${folder} ${script}`).toBe(command);
});

it('is the script of a project that has one', () => {
  const project = temporaryFolder();
  mkdirSync(join(project, '.kuflow'));
  mkdirSync(join(project, 'src'));
  for (const file of ['kuflow', '.kuflow/project.json']) writeFileSync(join(project, file), '');
  expect(cliInvocation(project, '/home/me/.npm/_npx/1/node_modules/.bin/kuflow', 'posix')).toBe('./kuflow');
  expect(cliInvocation(join(project, 'src'), '', 'posix')).toBe('../kuflow');
  expect(cliInvocation(project, '', 'powershell')).toBe('.\\kuflow.cmd');
  expect(cliInvocation(join(project, 'src'), '', 'cmd')).toBe('..\\kuflow.cmd');
});
