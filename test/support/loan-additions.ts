import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect } from 'vitest';
import type { AddResult } from '../../src/commands/add/add-to-project.ts';
import type { Ran } from './create-worker.ts';
import { projectFiles } from './project-files.ts';
import { runKuflow } from './run-kuflow.ts';
import { temporaryFolders } from './temporary-folder.ts';

const FILES_ONLY = ['--no-install', '--no-git', '--no-check', '--yes'];

/** Before each test, creates a project of the sample process in this language, for `kuflow add` to change. */
export function loanAdditions(language: 'java' | 'python', packageName: string) {
  const temporaryFolder = temporaryFolders();
  const names = ['--language', language, '--package', packageName];
  let project = '';

  async function create(name: string, options: readonly string[]): Promise<string> {
    const folder = temporaryFolder();
    const made = await runKuflow(folder, ['create', name, ...names, ...options, ...FILES_ONLY]);
    expect(made.status, made.stderr).toBe(0);
    return join(folder, name);
  }

  beforeEach(async () => {
    project = await create('loan-worker', ['--local']);
  });

  return {
    ...projectFiles(() => project),
    project: (): string => project,
    add: (...args: readonly string[]): Promise<Ran> => runKuflow(project, ['add', ...args]),
    /** What happened to each file but those of `.kuflow`. */
    actions: (ran: Ran): Readonly<Record<string, string>> =>
      Object.fromEntries(
        (JSON.parse(ran.stdout) as AddResult).files
          .filter(({ how }) => how !== 'state')
          .map(({ path, how, action }) => [path, `${action} ${how}`]),
      ),
    /** Reads the files that `create` writes for the current definition in an empty folder. */
    createdAgain: async (): Promise<(path: string) => string> => {
      const again = await create('again', ['--definition', join(project, 'kuflow.process.yaml')]);
      return (path) => readFileSync(join(again, path), 'utf8');
    },
  };
}
