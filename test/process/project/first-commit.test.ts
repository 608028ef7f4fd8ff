import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRepository } from '../../../src/project/first-commit.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const withoutGit = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));

/** An environment in which git has only this configuration. */
function environment(config: string): NodeJS.ProcessEnv {
  const home = temporaryFolder();
  writeFileSync(join(home, '.gitconfig'), config);
  return { ...withoutGit, HOME: home, XDG_CONFIG_HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
}

const IDENTITY = '[user]\n\tname = Someone\n\temail = someone@example.com\n';

function project(): string {
  const folder = join(temporaryFolder(), 'project');
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, '.gitignore'), 'application-local.yaml\n');
  writeFileSync(join(folder, 'application-local.yaml'), 'secret\n');
  writeFileSync(join(folder, 'src', 'main.ts'), '');
  writeFileSync(join(folder, 'mine.txt'), 'not part of the project');
  return folder;
}

const PATHS = ['.gitignore', 'application-local.yaml', 'src/main.ts', 'package-lock.json'];

const git = (folder: string, env: NodeJS.ProcessEnv, ...args: string[]): string =>
  execFileSync('git', args, { cwd: folder, env, encoding: 'utf8' }).trim();

describe('the first commit', () => {
  it('contains the files of the project, but not the secret or unrelated files', async () => {
    const folder = project();
    const env = environment(`${IDENTITY}[commit]\n\tgpgsign = true\n`);
    expect(await startRepository({ folder, paths: PATHS, env })).toEqual({ kind: 'committed' });
    expect(git(folder, env, 'ls-files').split('\n')).toEqual(['.gitignore', 'src/main.ts']);
    expect(git(folder, env, 'branch', '--show-current')).toBe('main');
    expect(git(folder, env, 'status', '--porcelain')).toBe('?? mine.txt');
  });

  it("uses the user's default branch", async () => {
    const folder = project();
    const env = environment(`${IDENTITY}[init]\n\tdefaultBranch = trunk\n`);
    await startRepository({ folder, paths: PATHS, env });
    expect(git(folder, env, 'branch', '--show-current')).toBe('trunk');
  });

  it('is skipped inside another repository', async () => {
    const folder = project();
    const env = environment(IDENTITY);
    const outer = join(folder, '..');
    git(outer, env, 'init', '--quiet');
    expect(await startRepository({ folder, paths: PATHS, env })).toEqual({
      kind: 'skipped',
      reason: `the folder is inside the repository ${git(outer, env, 'rev-parse', '--show-toplevel')}`,
    });
    expect(existsSync(join(folder, '.git'))).toBe(false);
  });

  it('is skipped if git has no user name or email, and reports which is missing', async () => {
    const folder = project();
    const reasonOf = async (config: string): Promise<unknown> =>
      startRepository({ folder: project(), paths: PATHS, env: environment(config) });
    expect(await reasonOf('')).toEqual({ kind: 'initialised', reason: 'git config user.name is not set' });
    expect(await reasonOf('[user]\n\tname = Someone\n')).toEqual({
      kind: 'initialised',
      reason: 'git config user.email is not set',
    });
    const variables = {
      GIT_AUTHOR_NAME: 'S',
      GIT_COMMITTER_NAME: 'S',
      GIT_AUTHOR_EMAIL: 's@e.org',
      GIT_COMMITTER_EMAIL: 's@e.org',
    };
    const env = { ...environment(''), ...variables };
    expect(await startRepository({ folder, paths: PATHS, env })).toEqual({ kind: 'committed' });
  });

  it('is skipped if git would track the secret', async () => {
    const folder = project();
    writeFileSync(join(folder, '.gitignore'), '');
    const result = await startRepository({ folder, paths: PATHS, env: environment(IDENTITY) });
    expect(result).toEqual({
      kind: 'initialised',
      reason: 'git does not ignore application-local.yaml, which contains a secret',
    });
  });

  it("leaves out and reports the files that the user's own rules ignore", async () => {
    const folder = project();
    const env = environment(IDENTITY);
    mkdirSync(join(env['HOME'] ?? '', 'git'));
    writeFileSync(join(env['HOME'] ?? '', 'git', 'ignore'), 'package-lock.json\nmai?.ts\n');
    writeFileSync(join(folder, 'package-lock.json'), '{}');
    writeFileSync(join(folder, 'src', 'a\tb é.ts'), '');
    const result = await startRepository({ folder, paths: [...PATHS, 'src/a\tb é.ts'], env });
    expect(result).toEqual({ kind: 'committed', ignored: ['src/main.ts', 'package-lock.json'] });
    expect(git(folder, env, '-c', 'core.quotePath=false', 'ls-files', '-z').split('\0').filter(Boolean)).toEqual([
      '.gitignore',
      'src/a\tb é.ts',
    ]);
    writeFileSync(join(env['HOME'] ?? '', 'git', 'ignore'), '*\n');
    expect(await startRepository({ folder: project(), paths: PATHS, env })).toEqual({
      kind: 'initialised',
      reason: 'git ignores every file of the project',
    });
  });

  it('is skipped if git is not installed', async () => {
    const env = { PATH: temporaryFolder() };
    expect(await startRepository({ folder: project(), paths: PATHS, env })).toEqual({
      kind: 'skipped',
      reason: 'git is not installed',
    });
  });

  it('goes to the new repository even when run in a hook of another one', async () => {
    const other = temporaryFolder();
    const env = environment(IDENTITY);
    git(other, env, 'init', '--quiet');
    const folder = project();
    const inHook = {
      ...env,
      GIT_DIR: join(other, '.git'),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, '.git', 'index'),
    };
    expect(await startRepository({ folder, paths: PATHS, env: inHook })).toEqual({ kind: 'committed' });
    expect(git(folder, env, 'log', '--format=%s')).toBe('Start from the worker template');
    expect(() => git(other, env, 'log')).toThrow();
  });
});
