import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { shellWord } from '../../text/shell.ts';
import type { PackageManager } from '../project-spec.ts';

/** A package manager as a person names it: their program. */
export type PackageManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

export const PACKAGE_MANAGER_NAMES: readonly PackageManagerName[] = ['npm', 'pnpm', 'yarn', 'bun'];

/** Every one that a project can be made for. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = ['npm', 'pnpm', 'yarn@1', 'yarn@4', 'bun'];

const LOCK_FILES: Readonly<Record<PackageManagerName, readonly string[]>> = {
  npm: ['package-lock.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
};

const INSTALL: Readonly<Record<PackageManager, readonly string[]>> = {
  // Audit and funding notes would hide what matters; development dependencies hold the tools of the project.
  npm: ['install', '--no-audit', '--no-fund', '--include=dev'],
  // Where CI is set, pnpm and Yarn take a lock file that does not fit yet for a mistake. A new project has none that does.
  pnpm: ['install', '--no-frozen-lockfile'],
  'yarn@1': ['install', '--non-interactive'],
  'yarn@4': ['install', '--no-immutable'],
  bun: ['install'],
};

const INSTALL_MANAGER: Readonly<Record<Exclude<PackageManager, 'npm'>, string>> = {
  pnpm: 'npm install --global pnpm',
  'yarn@1': 'npm install --global yarn',
  'yarn@4': 'npm install --global @yarnpkg/cli-dist',
  bun: 'npm install --global --allow-scripts=bun bun',
};

/** The name of the program to run. */
export function programOf(manager: PackageManager): PackageManagerName {
  return PACKAGE_MANAGER_NAMES.find((name) => manager.startsWith(name)) ?? 'npm';
}

export interface DetectedPackageManager {
  readonly name: PackageManagerName;
  /** What says so: a file above the project, the program that started this process, or nothing. */
  readonly by:
    { readonly kind: 'file'; readonly path: string } | { readonly kind: 'user-agent' } | { readonly kind: 'default' };
}

/**
 * The package manager for a project in `folder` (absolute, need not exist): the one that started this process, by `npm_config_user_agent`
 * (`pnpm/9.1.0 npm/? node/…`), unless that is npm, whose `npx` starts things in everybody's projects. Then that of the repository or
 * workspace around the folder, by the `packageManager` field or the lock file beside a package.json; else npm.
 */
export function detectPackageManager(env: NodeJS.ProcessEnv, folder?: string): DetectedPackageManager {
  const agent = readUserAgent(env);
  if (agent !== undefined && agent.name !== 'npm') return { name: agent.name, by: { kind: 'user-agent' } };
  const around = folder === undefined ? undefined : findManagerAbove(folder, env);
  if (around !== undefined) return { name: around.name, by: { kind: 'file', path: around.path } };
  return { name: 'npm', by: { kind: agent === undefined ? 'default' : 'user-agent' } };
}

interface PackageManagerVersion {
  readonly name: PackageManagerName;
  /** Its first number, where it is known. */
  readonly major?: number;
}

function parsePackageManager(text: string): PackageManagerVersion | undefined {
  const [, word = '', major] = /^([a-z]+)(?:[@/]\D*(\d+)?.*)?$/s.exec(text) ?? [];
  const name = PACKAGE_MANAGER_NAMES.find((manager) => manager === word);
  return name === undefined ? undefined : { name, ...(major === undefined ? {} : { major: Number(major) }) };
}

function readUserAgent(env: NodeJS.ProcessEnv): PackageManagerVersion | undefined {
  return parsePackageManager(env['npm_config_user_agent'] ?? '');
}

/** Looks from the parent folder up to the root of the repository. A lock file that lies in the home folder says nothing of a project. */
function findManagerAbove(
  folder: string,
  env: NodeJS.ProcessEnv,
): (PackageManagerVersion & { readonly path: string }) | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  for (let at = dirname(folder); at !== home && at !== dirname(at); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    const isProject = existsSync(manifest);
    const field = isProject ? packageManagerField(manifest) : undefined;
    if (field !== undefined) return { ...field, path: manifest };
    for (const name of isProject ? PACKAGE_MANAGER_NAMES : []) {
      const lock = LOCK_FILES[name].map((file) => join(at, file)).find((path) => existsSync(path));
      if (lock !== undefined) return { name, path: lock, ...(name === 'yarn' ? readYarnMajor(lock) : {}) };
    }
    if (existsSync(join(at, '.git'))) return undefined;
  }
  return undefined;
}

function packageManagerField(manifest: string): PackageManagerVersion | undefined {
  try {
    const { packageManager } = JSON.parse(readFileSync(manifest, 'utf8')) as { packageManager?: unknown };
    return typeof packageManager === 'string' ? parsePackageManager(packageManager) : undefined;
  } catch {
    // A broken package.json above is not this project's.
    return undefined;
  }
}

function readYarnMajor(path: string): { readonly major?: number } {
  try {
    const text = readFileSync(path, 'utf8');
    return text.trim() === '' ? {} : { major: /^# yarn lockfile v1$/m.test(text) ? 1 : 4 };
  } catch {
    return {};
  }
}

/**
 * The package manager that a project in `folder` (absolute) is made for: the one of `--package-manager`, else the detected one. A Yarn of
 * unknown version is asked for it; where there is none, today's is meant.
 */
export function choosePackageManager(
  flag: string | undefined,
  { env, folder }: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): PackageManager {
  const name = parsePackageManager(flag ?? '') ??
    parsePackageManager(detectPackageManager(env, folder).name) ?? { name: 'npm' };
  if (name.name !== 'yarn') return name.name;
  const known =
    name.major ??
    yarnMajor(readUserAgent(env)) ??
    yarnMajor(findManagerAbove(folder, env)) ??
    yarnMajor(queryYarnVersion(env, nearestExistingFolder(folder)));
  return known === 1 ? 'yarn@1' : 'yarn@4';
}

function yarnMajor(found: PackageManagerVersion | undefined): number | undefined {
  return found?.name === 'yarn' ? found.major : undefined;
}

function nearestExistingFolder(folder: string): string {
  for (let at = folder; ; at = dirname(at)) if (existsSync(at) || dirname(at) === at) return at;
}

function queryYarnVersion(env: NodeJS.ProcessEnv, cwd: string): PackageManagerVersion | undefined {
  const { status, stdout } = spawnSync('yarn --version', {
    cwd,
    // Corepack stands in for Yarn on many machines: it shall neither ask, nor download one, nor write to a package.json.
    env: { ...env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_AUTO_PIN: '0', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' },
    shell: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: 5000,
  });
  return status === 0 ? parsePackageManager(`yarn@${stdout.trim()}`) : undefined;
}

/** The command that installs a project's dependencies, as arguments of `programOf`. */
export function installArguments(manager: PackageManager): readonly string[] {
  return INSTALL[manager];
}

/** What a person types to install. */
export function installCommand(manager: PackageManager): string {
  return `${programOf(manager)} install`;
}

/** What a person types to get the package manager itself; undefined for npm, which brings the others. */
export function installManagerCommand(manager: PackageManager): string | undefined {
  return manager === 'npm' ? undefined : INSTALL_MANAGER[manager];
}

/** What a person types to run a script of package.json. */
export function scriptCommand(manager: PackageManager, script: string, args: readonly string[] = []): string {
  const program = programOf(manager);
  const separator = program === 'npm' && args.some((arg) => arg.startsWith('-')) ? ['--'] : [];
  const run = program === 'npm' && (script === 'test' || script === 'start') ? [program] : [program, 'run'];
  return [...run, script, ...separator, ...args.map(shellWord)].join(' ');
}

const PROGRAM: Readonly<Record<PackageManagerName, string>> = {
  npm: 'npx',
  pnpm: 'pnpm exec',
  yarn: 'yarn',
  bun: 'bun run',
};

/** What a person types to run a program that a dependency of the project brings. */
export function programCommand(manager: PackageManager, program: string): string {
  return `${PROGRAM[programOf(manager)]} ${program}`;
}

/** Files that an install leaves behind and that belong under version control. */
export function lockFiles(manager: PackageManager): readonly string[] {
  return LOCK_FILES[programOf(manager)];
}
