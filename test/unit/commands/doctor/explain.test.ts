import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('doctor and its explanations name the commands of the project, as other commands do', async () => {
  const folder = temporaryFolder();
  const create = ['create', '.', '--local', '--package-manager', 'pnpm', '--no-install', '--no-git', '--no-check'];
  const made = await runKuflow(folder, [...create, '--yes']);
  expect(made.status, made.stderr).toBe(0);
  const { stdout } = await runKuflow(folder, ['doctor', 'explain', 'sdk-not-installed']);
  expect(stdout).toContain('Install the dependencies: pnpm install');
  const pollers = await runKuflow(folder, ['doctor', 'explain', 'pollers-none']);
  expect(pollers.stdout).toContain('Start the worker: pnpm install && pnpm run dev');
  const outside = await runKuflow(temporaryFolder(), ['doctor', 'explain', 'sdk-not-installed']);
  expect(outside.stdout).toContain('Install the dependencies: INSTALL_COMMAND');
  const home = { HOME: folder, XDG_CONFIG_HOME: folder };
  const doctor = await runKuflow(folder, ['doctor', '--only', 'KF-SET-001,KF-SET-006'], home);
  expect(doctor.stdout).toContain(
    '✖ KF-SET-001 REST API settings: No local KuFlow is running here, and no other connection is configured\n' +
      '  → Start the local KuFlow and the worker in another terminal: pnpm install && pnpm run dev\n',
  );
  expect(doctor.stdout).not.toContain('engine.kuflow.com');
  const list = await runKuflow(folder, ['process', 'list'], home);
  expect(list.stderr).toContain(
    `✖ No local KuFlow is running here\n  Looked in ${join(folder, '.kuflow/dev')}\n` +
      '  → Start the local KuFlow and the worker in another terminal: pnpm install && pnpm run dev\n',
  );
});
