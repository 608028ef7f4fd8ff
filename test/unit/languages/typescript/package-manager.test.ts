import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  choosePackageManager,
  commandsOf,
  PACKAGE_MANAGERS,
  programOf,
  scriptCommand,
} from '../../../../src/languages/typescript/package-manager.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

/** Recorded from the programs, started with their own `create`, `dlx` or `x`. */
const AGENTS = {
  npm: 'npm/11.19.1 node/v20.20.2 linux x64 workspaces/false',
  pnpm: 'pnpm/12.21.0 npm/? node/? linux x64',
  yarn1: 'yarn/1.22.22 npm/? node/v20.20.2 linux x64',
  yarn4: 'yarn/4.18.1 npm/? node/v20.20.2 linux x64',
  bun: 'bun/1.4.5 npm/? node/v26.3.0 linux x64',
} as const;

const by = (agent: string): NodeJS.ProcessEnv => ({ npm_config_user_agent: agent });

/** A repository with these files and a folder for a project in it. */
function repository(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  mkdirSync(join(root, '.git'));
  mkdirSync(join(root, 'packages'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return join(root, 'packages', 'worker');
}

/** A `yarn` program that reports this version. */
function yarnSays(version: string): NodeJS.ProcessEnv {
  const bin = temporaryFolder();
  writeFileSync(join(bin, 'yarn'), `#!/bin/sh\necho ${version}\n`);
  chmodSync(join(bin, 'yarn'), 0o755);
  return { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
}

describe('the detected package manager', () => {
  const detect = (env: NodeJS.ProcessEnv, folder: string): string => choosePackageManager(undefined, { env, folder });

  it.each([
    [AGENTS.npm, 'npm'],
    [AGENTS.pnpm, 'pnpm'],
    [AGENTS.yarn1, 'yarn@1'],
    [AGENTS.yarn4, 'yarn@4'],
    [AGENTS.bun, 'bun'],
  ] as const)('is recognized from %s', (agent, name) => {
    expect(detect(by(agent), temporaryFolder())).toBe(name);
  });

  it('is npm by default', () => {
    for (const env of [{}, by('cnpm/1.0.0 npm/? node/v22.0.0'), by(''), by('pnpmx/1')])
      expect(detect(env, temporaryFolder())).toBe('npm');
  });

  it('is that of the surrounding repository if npx started this process', () => {
    const found = (files: Readonly<Record<string, string>>, env = by(AGENTS.npm)): string =>
      detect(env, repository(files));
    expect(found({ 'package.json': '{"packageManager":"pnpm@10.1.0+sha512.abc"}', 'yarn.lock': '' })).toBe('pnpm');
    expect(found({ 'package.json': '{}', 'pnpm-lock.yaml': '' })).toBe('pnpm');
    expect(found({ 'package.json': '{}', 'bun.lock': '' })).toBe('bun');
    expect(found({ 'package.json': '{}', 'bun.lockb': '' })).toBe('bun');
    expect(found({ 'package.json': '{}', 'yarn.lock': '' })).toBe('yarn@4');
    expect(found({ 'package.json': '{}', 'yarn.lock': '' }, {})).toBe('yarn@4');
    expect(found({ 'package.json': '{}', 'yarn.lock': '' }, by(AGENTS.bun))).toBe('bun');
    // Neither names a known package manager.
    expect(found({ 'package.json': '{"packageManager":"deno@2"}' })).toBe('npm');
    expect(found({ 'package.json': '{"packageManager":7' })).toBe('npm');
    expect(found({ 'yarn.lock': '' })).toBe('npm');
  });

  it('is not searched beyond the repository or in the home folder', () => {
    const outer = temporaryFolder();
    writeFileSync(join(outer, 'package.json'), '{}');
    writeFileSync(join(outer, 'yarn.lock'), '');
    expect(detect({}, join(outer, 'worker'))).toBe('yarn@4');
    expect(detect({ HOME: outer }, join(outer, 'worker'))).toBe('npm');
    mkdirSync(join(outer, 'repository', '.git'), { recursive: true });
    expect(detect({}, join(outer, 'repository', 'worker'))).toBe('npm');
  });
});

describe('choosePackageManager', () => {
  const folder = (): string => join(temporaryFolder(), 'worker');

  it('prefers the named package manager', () => {
    const env = by(AGENTS.pnpm);
    for (const manager of PACKAGE_MANAGERS)
      expect(choosePackageManager(manager, { env, folder: folder() })).toBe(manager);
    expect(choosePackageManager(undefined, { env, folder: folder() })).toBe('pnpm');
  });

  it('tells Yarn 1 and 4 apart by the user agent, the lock file or the packageManager field', () => {
    const choose = (env: NodeJS.ProcessEnv, at = folder(), flag?: string) =>
      choosePackageManager(flag, { env, folder: at });
    expect(choose(by(AGENTS.yarn1))).toBe('yarn@1');
    expect(choose(by(AGENTS.yarn4))).toBe('yarn@4');
    expect(choose(by(AGENTS.yarn1), folder(), 'yarn')).toBe('yarn@1');
    expect(choose(by('yarn/3.2.0 npm/? node/v20.0.0'))).toBe('yarn@4');
    const field = (version: string) => repository({ 'package.json': `{"packageManager":"yarn@${version}"}` });
    expect(choose({}, field('1.22.22'))).toBe('yarn@1');
    expect(choose({}, field('4.1.0'))).toBe('yarn@4');
    const lock = (text: string) => repository({ 'package.json': '{}', 'yarn.lock': text });
    expect(choose({}, lock('# THIS IS AN AUTOGENERATED FILE.\n# yarn lockfile v1\n'))).toBe('yarn@1');
    expect(choose({}, lock('__metadata:\n  version: 8\n'))).toBe('yarn@4');
  });

  it.runIf(process.platform !== 'win32')(
    'asks the installed Yarn for its version, and assumes Yarn 4 if there is no Yarn',
    () => {
      const choose = (env: NodeJS.ProcessEnv) => choosePackageManager('yarn', { env, folder: folder() });
      expect(choose(yarnSays('1.22.22'))).toBe('yarn@1');
      expect(choose(yarnSays('4.18.1'))).toBe('yarn@4');
      expect(choose(yarnSays('Internal Error'))).toBe('yarn@4');
      expect(choose({ PATH: temporaryFolder() })).toBe('yarn@4');
    },
  );
});

describe('commands of a package manager', () => {
  it('match what users type', () => {
    expect(scriptCommand('npm', 'test')).toBe('npm test');
    expect(scriptCommand('npm', 'check')).toBe('npm run check');
    expect(scriptCommand('pnpm', 'check')).toBe('pnpm run check');
    expect(scriptCommand('yarn@4', 'dev')).toBe('yarn run dev');
    expect(scriptCommand('bun', 'test')).toBe('bun run test');
    expect(PACKAGE_MANAGERS.map((manager) => commandsOf(manager).install)).toEqual(
      PACKAGE_MANAGERS.map((manager) => `${programOf(manager)} install`),
    );
  });
});
