import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isIgnoredFolder, readIgnored, readWorkTree } from '../../../src/files/git-state.ts';
import { runGit } from '../../support/template-folder.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const ENV = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

/** A repository with these rules and folders. */
function repository(rules: string, ...folders: readonly string[]): string {
  const root = temporaryFolder();
  runGit(root, 'init', '--quiet');
  writeFileSync(join(root, '.gitignore'), rules);
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  return root;
}

describe('a folder in a repository', () => {
  it('is not ignored because of an empty line with a Windows line end', async () => {
    const root = repository('*.tgz\r\n\r\nout/\r\n', 'a/b', 'out/c');
    const folders = ['.', 'a', 'a/b', 'out', 'out/c'].map((folder) => join(root, folder));
    expect(await Promise.all(folders.map((folder) => isIgnoredFolder(folder, ENV)))).toEqual([
      ...[false, false, false],
      ...[true, true],
    ]);
    expect(await readIgnored(root, ['x.tgz', 'y'], ENV)).toEqual(['x.tgz']);
    expect(await readWorkTree(join(root, 'a'), ENV)).toMatchObject({ kind: 'work-tree', prefix: 'a/' });
    expect(await readWorkTree(join(root, 'out'), ENV)).toEqual({ kind: 'none' });
  });

  it('is asked about in the repository that contains it', async () => {
    const root = repository('nested/\n:x\n', 'nested', ':x', 'plain');
    runGit(join(root, 'nested'), 'init', '--quiet');
    symlinkSync('nested', join(root, 'link'));
    symlinkSync(':x', join(root, 'to-ignored'));
    const folders = ['nested', 'link', ':x', 'to-ignored', 'plain'].map((folder) => join(root, folder));
    expect(await Promise.all(folders.map((folder) => isIgnoredFolder(folder, ENV)))).toEqual([
      ...[false, false],
      ...[true, true, false],
    ]);
  });
});

describe('a folder without a repository', () => {
  it('does not start git', async () => {
    const folder = temporaryFolder();
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), `#!/bin/sh\ntouch '${folder}/started'\n`, { mode: 0o755 });
    const env = { ...ENV, PATH: `${bin}${delimiter}${ENV.PATH ?? ''}` };
    expect(await readWorkTree(folder, env)).toEqual({ kind: 'none' });
    expect(await readIgnored(folder, ['x'], env)).toEqual([]);
    expect(existsSync(join(folder, 'started'))).toBe(false);
    mkdirSync(join(folder, '.git'));
    await readWorkTree(folder, env);
    expect(existsSync(join(folder, 'started'))).toBe(process.platform !== 'win32');
  });
});
