import type { NodePackageManager, PackageManager } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { lockFiles, nodePackageManager } from './package-manager.ts';

interface Commands {
  /** Runs a script of package.json. */
  readonly run: string;
  /** Runs a program of an installed dependency. */
  readonly exec: string;
  readonly install: string;
  /** Installs exactly what the lock file specifies. */
  readonly installFrozen: string;
  /** Another file that an install reads, in addition to package.json and the lock file. */
  readonly settingsFile?: string;
  /** Removes development dependencies. */
  readonly prune: string;
  /** Installs the package manager. Absent for npm and Yarn 1, which the Node.js 24 image and GitHub's runners include. */
  readonly installManager?: string;
}

const COMMANDS: Readonly<Record<NodePackageManager, Commands>> = {
  npm: {
    run: 'npm run',
    exec: 'npx',
    install: 'npm install',
    installFrozen: 'npm ci',
    prune: 'npm prune --omit=dev',
  },
  pnpm: {
    run: 'pnpm run',
    exec: 'pnpm exec',
    install: 'pnpm install',
    installFrozen: 'pnpm install --frozen-lockfile',
    settingsFile: 'pnpm-workspace.yaml',
    // Without CI, pnpm 10 asks for confirmation before it removes modules.
    prune: 'CI=true pnpm prune --prod',
    installManager: 'npm install --global --allow-scripts=pnpm pnpm@12.4.2',
  },
  'yarn@1': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installFrozen: 'yarn install --frozen-lockfile',
    prune: 'yarn install --production --frozen-lockfile --prefer-offline',
  },
  'yarn@4': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installFrozen: 'yarn install --immutable',
    settingsFile: '.yarnrc.yml',
    prune: 'yarn workspaces focus --production',
    // Replaces the preinstalled Yarn 1.
    installManager: 'npm install --global --force @yarnpkg/cli-dist@4.18.1',
  },
  bun: {
    run: 'bun run',
    exec: 'bun run',
    install: 'bun install',
    installFrozen: 'bun install --frozen-lockfile',
    prune: 'rm -rf node_modules && bun install --production --frozen-lockfile',
    installManager: 'npm install --global --allow-scripts=bun bun@1.4.5',
  },
};

/** The commands of the package manager of a TypeScript project. Throws if it is that of another language. */
export const commandsOf = (manager: PackageManager): Commands => COMMANDS[nodePackageManager(manager)];

/** The command to run a script of package.json, for hints. */
export function scriptCommand(manager: PackageManager, script: string): string {
  return manager === 'npm' && ['test', 'start'].includes(script)
    ? `npm ${script}`
    : `${commandsOf(manager).run} ${script}`;
}

/**
 * The template context of a package manager: its commands as `Code`, and flags for which one it is. The settings and the lock file of a member
 * of a workspace are in the root of the workspace.
 */
export function packageManagerContext(manager: PackageManager, { isMember }: { readonly isMember: boolean }): object {
  const { installManager = '', settingsFile, ...commands } = commandsOf(manager);
  const [lockFile = ''] = lockFiles(manager);
  const settings = settingsFile === undefined || isMember ? [] : [settingsFile];
  const installFiles = ['package.json', ...(isMember ? [] : [lockFile]), ...settings];
  const installInImage = isMember ? commands.install : commands.installFrozen;
  const texts = { ...commands, installManager, lockFile, installFiles: installFiles.join(' '), installInImage };
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
