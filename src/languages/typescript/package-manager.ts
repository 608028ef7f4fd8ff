import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import { foldersInRepository } from '../../process/find-project.ts';
import type { NodePackageManager, PackageManager } from '../project-spec.ts';
import { Code } from '../templates/code.ts';

const PACKAGE_MANAGER_NAMES = ['npm', 'pnpm', 'yarn', 'bun'] as const;
type PackageManagerName = (typeof PACKAGE_MANAGER_NAMES)[number];

const LOCK_FILES: Readonly<Record<PackageManagerName, readonly string[]>> = {
  npm: ['package-lock.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
};

interface Commands {
  /** Runs a script of package.json. */
  readonly run: string;
  /** Runs a program of an installed dependency. */
  readonly exec: string;
  readonly install: string;
  /** With these, this tool installs the dependencies of a new project. */
  readonly installArguments: readonly string[];
  /** Installs exactly what the lock file specifies. */
  readonly installFrozen: string;
  /** Another file that an install reads, in addition to package.json and the lock file. */
  readonly settingsFile?: string;
  /** Removes development dependencies. */
  readonly prune: string;
  /** Installs the package manager in an image. Absent for npm and Yarn 1, which the Node.js 24 image and GitHub's runners include. */
  readonly installManager?: string;
  readonly howToInstall: string;
}

const COMMANDS: Readonly<Record<NodePackageManager, Commands>> = {
  npm: {
    run: 'npm run',
    exec: 'npx',
    install: 'npm install',
    // Audit and funding messages would hide the important output. The project's tools are development dependencies.
    installArguments: ['install', '--no-audit', '--no-fund', '--include=dev'],
    installFrozen: 'npm ci',
    prune: 'npm prune --omit=dev',
    howToInstall: 'Install npm, which comes with Node.js: https://nodejs.org',
  },
  pnpm: {
    run: 'pnpm run',
    exec: 'pnpm exec',
    install: 'pnpm install',
    // If CI is set, pnpm and Yarn reject an outdated or missing lock file. A new project has no lock file yet.
    installArguments: ['install', '--no-frozen-lockfile'],
    installFrozen: 'pnpm install --frozen-lockfile',
    settingsFile: 'pnpm-workspace.yaml',
    // Without CI, pnpm 10 asks for confirmation before it removes modules.
    prune: 'CI=true pnpm prune --prod',
    installManager: 'npm install --global --allow-scripts=pnpm pnpm@12.4.2',
    howToInstall: 'Install it: npm install --global pnpm',
  },
  'yarn@1': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installArguments: ['install', '--non-interactive'],
    installFrozen: 'yarn install --frozen-lockfile',
    prune: 'yarn install --production --frozen-lockfile --prefer-offline',
    howToInstall: 'Install it: npm install --global yarn',
  },
  'yarn@4': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installArguments: ['install', '--no-immutable'],
    installFrozen: 'yarn install --immutable',
    settingsFile: '.yarnrc.yml',
    prune: 'yarn workspaces focus --production',
    // Replaces the preinstalled Yarn 1.
    installManager: 'npm install --global --force @yarnpkg/cli-dist@4.18.1',
    howToInstall: 'Install it: npm install --global @yarnpkg/cli-dist',
  },
  bun: {
    run: 'bun run',
    exec: 'bun run',
    install: 'bun install',
    installArguments: ['install'],
    installFrozen: 'bun install --frozen-lockfile',
    prune: 'rm -rf node_modules && bun install --production --frozen-lockfile',
    installManager: 'npm install --global --allow-scripts=bun bun@1.4.5',
    howToInstall: 'Install it: npm install --global --allow-scripts=bun bun',
  },
};

/** The package managers that a project can be created for. */
export const PACKAGE_MANAGERS = Object.keys(COMMANDS) as readonly NodePackageManager[];

/** The commands of the package manager of a TypeScript project. Throws if it is that of another language. */
export function commandsOf(manager: PackageManager): Commands {
  const found = PACKAGE_MANAGERS.find((one) => one === manager);
  if (found === undefined) throw new TypeError(`${manager} does not build TypeScript projects`);
  return COMMANDS[found];
}

export function programOf(manager: PackageManager): PackageManagerName {
  return PACKAGE_MANAGER_NAMES.find((name) => manager.startsWith(name)) ?? 'npm';
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

function findManagerAbove(folder: string, env: NodeJS.ProcessEnv): PackageManagerVersion | undefined {
  for (const at of foldersInRepository(dirname(folder), env)) {
    const manager = findManagerIn(at);
    if (manager !== undefined) return manager;
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
 * The package manager for a project in `folder` (absolute, may not exist yet): that of `--package-manager`. Otherwise that of the program which
 * started this process, from `npm_config_user_agent` (`pnpm/9.1.0 npm/? node/…`), unless it is npm, whose `npx` is used with all package managers. Then
 * that of the surrounding repository or workspace, from the `packageManager` field of a package.json or the lock file next to it. Otherwise npm.
 * If the version of Yarn is unknown, `yarn --version` decides. Without an installed Yarn, it is Yarn 4.
 */
export function choosePackageManager(
  flag: string | undefined,
  { env, folder }: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): NodePackageManager {
  const agent = parsePackageManager(env['npm_config_user_agent'] ?? '');
  const running = agent?.name === 'npm' ? undefined : agent;
  const given = parsePackageManager(flag ?? '') ?? running;
  if (given !== undefined && given.name !== 'yarn') return given.name;
  const above = findManagerAbove(folder, env);
  const chosen = given ?? above;
  const { name = 'npm' } = chosen ?? {};
  if (name !== 'yarn') return name;
  const known = [chosen, agent, above].map(yarnMajor).find((major) => major !== undefined);
  const major = known ?? yarnMajor(queryYarnVersion(env, nearestExistingFolder(folder)));
  return major === 1 ? 'yarn@1' : 'yarn@4';
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

/** Throws a KnownError if the package manager is not installed on this machine. */
export function requirePackageManager(manager: PackageManager, env: NodeJS.ProcessEnv): void {
  const program = programOf(manager);
  if (findOnPath(program, env) !== undefined) return;
  throw new KnownError({
    message: `${program} is not installed`,
    seen: 'nothing was written',
    next: [commandsOf(manager).howToInstall, 'Or choose another one with --package-manager, or add --no-install'],
  });
}

export function lockFiles(manager: PackageManager): readonly string[] {
  return LOCK_FILES[programOf(manager)];
}

export function scriptCommand(manager: PackageManager, script: string): string {
  return manager === 'npm' && ['test', 'start'].includes(script)
    ? `npm ${script}`
    : `${commandsOf(manager).run} ${script}`;
}

/** Its commands as `Code`, and flags for which one it is. Settings and lock file of a workspace member are in the root. */
export function packageManagerContext(manager: PackageManager, { isMember }: { readonly isMember: boolean }): object {
  const { run, exec, install, installFrozen, prune, installManager = '', settingsFile } = commandsOf(manager);
  const [lockFile = ''] = lockFiles(manager);
  const settings = settingsFile === undefined || isMember ? [] : [settingsFile];
  const installFiles = ['package.json', ...(isMember ? [] : [lockFile]), ...settings];
  const installInImage = isMember ? install : installFrozen;
  const texts = {
    run,
    exec,
    install,
    installFrozen,
    prune,
    installManager,
    lockFile,
    installFiles: installFiles.join(' '),
    installInImage,
  };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new Code(text)])),
    needsManager: installManager !== '',
    isMember,
    hasTestedLock: !isMember && !manager.startsWith('yarn'),
    // The install settings of a workspace are those of its root.
    hasNpmSettings: manager === 'npm' && !isMember,
    hasPnpmSettings: manager === 'pnpm' && !isMember,
    hasYarnSettings: manager === 'yarn@4' && !isMember,
    isPnpmMember: manager === 'pnpm' && isMember,
    isYarnMember: manager === 'yarn@4' && isMember,
    isBun: manager === 'bun',
  };
}
