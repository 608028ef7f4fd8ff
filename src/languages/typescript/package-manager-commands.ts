import type { PackageManager } from '../project-spec.ts';
import { Code } from '../templates/code.ts';

interface Commands {
  /** Runs a script of package.json. */
  readonly run: string;
  /** Runs a program that a dependency brings, and never one that is fetched for it. */
  readonly exec: string;
  readonly install: string;
  /** Exactly what the lock file says. */
  readonly installFrozen: string;
  readonly lockFile: string;
  /** What an install reads besides package.json and the lock file. */
  readonly settingsFile?: string;
  /** Leaves only what production needs. */
  readonly prune: string;
  /** What makes the package manager available where Node.js 24 is; its image, and GitHub's, bring npm and Yarn 1. */
  readonly installManager?: string;
}

const COMMANDS: Readonly<Record<PackageManager, Commands>> = {
  npm: {
    run: 'npm run',
    exec: 'npx',
    install: 'npm install',
    installFrozen: 'npm ci',
    lockFile: 'package-lock.json',
    prune: 'npm prune --omit=dev',
  },
  pnpm: {
    run: 'pnpm run',
    exec: 'pnpm exec',
    install: 'pnpm install',
    installFrozen: 'pnpm install --frozen-lockfile',
    lockFile: 'pnpm-lock.yaml',
    settingsFile: 'pnpm-workspace.yaml',
    // Without CI, pnpm 10 wants to ask before it takes modules away, and there is nobody to answer.
    prune: 'CI=true pnpm prune --prod',
    installManager: 'npm install --global --allow-scripts=pnpm pnpm@12',
  },
  'yarn@1': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installFrozen: 'yarn install --frozen-lockfile',
    lockFile: 'yarn.lock',
    prune: 'yarn install --production --frozen-lockfile --prefer-offline',
  },
  'yarn@4': {
    run: 'yarn run',
    exec: 'yarn',
    install: 'yarn install',
    installFrozen: 'yarn install --immutable',
    lockFile: 'yarn.lock',
    settingsFile: '.yarnrc.yml',
    prune: 'yarn workspaces focus --production',
    // Over the Yarn 1 that is there.
    installManager: 'npm install --global --force @yarnpkg/cli-dist@4',
  },
  bun: {
    run: 'bun run',
    exec: 'bun run',
    install: 'bun install',
    installFrozen: 'bun install --frozen-lockfile',
    lockFile: 'bun.lock',
    prune: 'rm -rf node_modules && bun install --production --frozen-lockfile',
    installManager: 'npm install --global --allow-scripts=bun bun@1',
  },
};

/** What the templates read of the package manager: its commands as `Code`, and which one it is. */
export function packageManagerContext(manager: PackageManager): object {
  const { installManager = '', settingsFile, lockFile, ...commands } = COMMANDS[manager];
  const installFiles = ['package.json', `${lockFile}*`, ...(settingsFile === undefined ? [] : [settingsFile])];
  const texts = { ...commands, installManager, lockFile, installFiles: installFiles.join(' ') };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new Code(text)])),
    needsManager: installManager !== '',
    isNpm: manager === 'npm',
    isPnpm: manager === 'pnpm',
    isYarnBerry: manager === 'yarn@4',
  };
}
