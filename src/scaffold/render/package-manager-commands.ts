import type { PackageManager } from '../answers.ts';
import { Code } from './code.ts';

interface Commands {
  /** Runs a script of package.json. */
  readonly run: string;
  /** Runs a program that a dependency brings. */
  readonly exec: string;
  readonly install: string;
  /** Exactly what the lock file says. */
  readonly installFrozen: string;
  readonly lockFile: string;
  /** Leaves only what production needs. */
  readonly prune: string;
  /** What makes the package manager available where Node is; Node itself brings npm and Yarn, in its images. */
  readonly provide?: string;
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
    prune: 'pnpm prune --prod',
    provide: 'npm install --global pnpm@10',
  },
  yarn: {
    run: 'yarn run',
    exec: 'yarn exec',
    install: 'yarn install',
    installFrozen: 'yarn install --frozen-lockfile',
    lockFile: 'yarn.lock',
    prune: 'yarn install --production --frozen-lockfile',
  },
  bun: {
    run: 'bun run',
    exec: 'bunx',
    install: 'bun install',
    installFrozen: 'bun install --frozen-lockfile',
    lockFile: 'bun.lock',
    prune: 'rm -rf node_modules && bun install --production --frozen-lockfile',
    provide: 'npm install --global bun@1',
  },
};

export function packageManagerContext(manager: PackageManager): object {
  const { provide, ...commands } = COMMANDS[manager];
  const texts: Readonly<Record<string, string>> = { ...commands, provide: provide ?? '' };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new Code(text)])),
    isAdded: provide !== undefined,
  };
}
