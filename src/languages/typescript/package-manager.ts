import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import type { NodePackageManager, PackageManager } from '../project-spec.ts';

/** A package manager by the name of its program. */
export type PackageManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

export const PACKAGE_MANAGER_NAMES: readonly PackageManagerName[] = ['npm', 'pnpm', 'yarn', 'bun'];

/** The package managers that a project can be created for. */
export const PACKAGE_MANAGERS: readonly NodePackageManager[] = ['npm', 'pnpm', 'yarn@1', 'yarn@4', 'bun'];

const LOCK_FILES: Readonly<Record<PackageManagerName, readonly string[]>> = {
  npm: ['package-lock.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
};

const INSTALL: Readonly<Record<NodePackageManager, readonly string[]>> = {
  // Audit and funding messages would hide the important output. The project's tools are development dependencies.
  npm: ['install', '--no-audit', '--no-fund', '--include=dev'],
  // If CI is set, pnpm and Yarn reject an outdated or missing lock file. A new project has no lock file yet.
  pnpm: ['install', '--no-frozen-lockfile'],
  'yarn@1': ['install', '--non-interactive'],
  'yarn@4': ['install', '--no-immutable'],
  bun: ['install'],
};

const INSTALL_MANAGER: Readonly<Record<Exclude<NodePackageManager, 'npm'>, string>> = {
  pnpm: 'npm install --global pnpm',
  'yarn@1': 'npm install --global yarn',
  'yarn@4': 'npm install --global @yarnpkg/cli-dist',
  bun: 'npm install --global --allow-scripts=bun bun',
};

/** The package manager of a TypeScript project. Throws if it is that of another language. */
export function nodePackageManager(manager: PackageManager): NodePackageManager {
  const found = PACKAGE_MANAGERS.find((one) => one === manager);
  if (found === undefined) throw new TypeError(`${manager} does not build TypeScript projects`);
  return found;
}

/** The program of a package manager. */
export function programOf(manager: PackageManager): PackageManagerName {
  return PACKAGE_MANAGER_NAMES.find((name) => manager.startsWith(name)) ?? 'npm';
}

/**
 * The package manager for a project in `folder` (absolute, may not exist yet). First, the package manager that started this process, from
 * `npm_config_user_agent` (`pnpm/9.1.0 npm/? node/…`), unless it is npm, whose `npx` is used with all package managers. Then that of the
 * surrounding repository or workspace, from the `packageManager` field of a package.json or the lock file next to it. Otherwise npm.
 */
export function detectPackageManager(env: NodeJS.ProcessEnv, folder: string): PackageManagerName {
  const agent = readUserAgent(env);
  if (agent !== undefined && agent.name !== 'npm') return agent.name;
  return findManagerAbove(folder, env)?.name ?? 'npm';
}

interface PackageManagerVersion {
  readonly name: PackageManagerName;
  /** Major version, if known. */
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

/** Searches from the parent folder up to the root of the repository. Stops at the home folder, whose lock file belongs to no project. */
function findManagerAbove(folder: string, env: NodeJS.ProcessEnv): PackageManagerVersion | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  for (let at = dirname(folder); at !== home && at !== dirname(at); at = dirname(at)) {
    const manager = findManagerIn(at);
    if (manager !== undefined) return manager;
    if (existsSync(join(at, '.git'))) return undefined;
  }
  return undefined;
}

function findManagerIn(folder: string): PackageManagerVersion | undefined {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const field = packageManagerField(manifest);
  if (field !== undefined) return field;
  for (const name of PACKAGE_MANAGER_NAMES) {
    const lock = LOCK_FILES[name].map((file) => join(folder, file)).find((path) => existsSync(path));
    if (lock !== undefined) return { name, ...(name === 'yarn' ? readYarnMajor(lock) : {}) };
  }
  return undefined;
}

/** The package manager of the project in a folder (absolute), as a value of --package-manager; undefined if nothing says which one it is. */
export function managerInFolder(folder: string): string | undefined {
  const found = findManagerIn(folder);
  if (found === undefined) return undefined;
  return found.name === 'yarn' && found.major !== undefined ? `yarn@${found.major}` : found.name;
}

function packageManagerField(manifest: string): PackageManagerVersion | undefined {
  try {
    const { packageManager } = JSON.parse(readFileSync(manifest, 'utf8')) as { packageManager?: unknown };
    return typeof packageManager === 'string' ? parsePackageManager(packageManager) : undefined;
  } catch {
    // A malformed package.json above the project is not this tool's problem.
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
 * The package manager for a project in `folder` (absolute): the one from `--package-manager`, otherwise the detected one. If the version of Yarn
 * is unknown, `yarn --version` decides. Without an installed Yarn, it is Yarn 4.
 */
export function choosePackageManager(
  flag: string | undefined,
  { env, folder }: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): NodePackageManager {
  const name: PackageManagerVersion = parsePackageManager(flag ?? '') ?? { name: detectPackageManager(env, folder) };
  if (name.name !== 'yarn') return name.name;
  const known =
    name.major ??
    yarnMajor(readUserAgent(env)) ??
    yarnMajor(findManagerAbove(folder, env)) ??
    yarnMajor(queryYarnVersion(env, nearestExistingFolder(folder)));
  return known === 1 ? 'yarn@1' : 'yarn@4';
}

function yarnMajor(manager: PackageManagerVersion | undefined): number | undefined {
  return manager?.name === 'yarn' ? manager.major : undefined;
}

function nearestExistingFolder(folder: string): string {
  for (let at = folder; ; at = dirname(at)) if (existsSync(at) || dirname(at) === at) return at;
}

function queryYarnVersion(env: NodeJS.ProcessEnv, cwd: string): PackageManagerVersion | undefined {
  const { status, stdout } = spawnSync('yarn --version', {
    cwd,
    // Corepack replaces Yarn on many machines. It must not prompt, download Yarn, or write to a package.json.
    env: { ...env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_AUTO_PIN: '0', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' },
    shell: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: 5000,
  });
  return status === 0 ? parsePackageManager(`yarn@${stdout.trim()}`) : undefined;
}

/** Arguments for `programOf` to install a project's dependencies. */
export function installArguments(manager: NodePackageManager): readonly string[] {
  return INSTALL[manager];
}

/** Throws a KnownError if the package manager is not installed on this machine. */
export function requirePackageManager(manager: PackageManager, env: NodeJS.ProcessEnv): void {
  const program = programOf(manager);
  if (findOnPath(program, env) !== undefined) return;
  throw new KnownError({
    message: `${program} is not installed`,
    seen: 'nothing was written',
    next: [
      program === 'npm'
        ? 'Install npm, which comes with Node.js: https://nodejs.org'
        : `Install it: ${INSTALL_MANAGER[nodePackageManager(manager) as keyof typeof INSTALL_MANAGER]}`,
      'Or choose another one with --package-manager, or add --no-install',
    ],
  });
}

/** Lock files, which belong under version control. */
export function lockFiles(manager: PackageManager): readonly string[] {
  return LOCK_FILES[programOf(manager)];
}
