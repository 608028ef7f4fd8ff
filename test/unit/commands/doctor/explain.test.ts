import { expect, it } from 'vitest';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('names the commands of the project in explanations', async () => {
  const folder = temporaryFolder();
  const create = ['create', '.', '--local', '--package-manager', 'pnpm', '--no-install', '--no-git', '--no-check'];
  const made = await runKuflow(folder, [...create, '--yes']);
  expect(made.status, made.stderr).toBe(0);
  const { stdout } = await runKuflow(folder, ['doctor', 'explain', 'sdk-not-installed']);
  expect(stdout).toContain('Install the dependencies: pnpm install');
  const pollers = await runKuflow(folder, ['doctor', 'explain', 'pollers-none']);
  expect(pollers.stdout).toContain('Start the worker: pnpm run dev');
  const outside = await runKuflow(temporaryFolder(), ['doctor', 'explain', 'sdk-not-installed']);
  expect(outside.stdout).toContain('Install the dependencies: INSTALL_COMMAND');
});
