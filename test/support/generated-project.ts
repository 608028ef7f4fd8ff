import { execFileSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createOnce } from './lanes.ts';

/** A bin of the installed package, to be run with `process.execPath`. */
export function installedBin(name: 'create-kuflow-worker' | 'kuflow'): string {
  return join(inject('cliFolder'), 'node_modules', 'create-kuflow-worker', 'bin', `${name}.js`);
}

/**
 * The shared project of this run: created from the sample process with the packed package, and installed. Created for the first test that asks.
 * A test that changes files or runs something uses a `projectCopy`.
 */
export function generatedProject(): string {
  const folder = join(inject('runFolder'), 'loan-worker');
  const args = [
    'loan-worker',
    '--local',
    '--yes',
    '--no-git',
    '--no-check',
    '--editor',
    'vscode',
    '--cli-package',
    `file:${inject('tarball')}`,
  ];
  createOnce(folder, () => {
    execFileSync(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
      cwd: inject('runFolder'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  });
  return folder;
}

/** Copies the generated project to `folder`, with hard links to its modules: fast, but they must not be written to. */
export function projectCopy(folder: string): string {
  const from = generatedProject();
  cpSync(from, folder, { recursive: true, filter: (path) => path !== join(from, 'node_modules') });
  linkModules(from, folder);
  return folder;
}

/** Gives `to` the `node_modules` of another project, as hard links. */
export function linkModules(from: string, to: string): void {
  linkTree(join(from, 'node_modules'), join(to, 'node_modules'));
}

/** Copies a folder with hard links to its files: fast, but they must not be written to. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}
