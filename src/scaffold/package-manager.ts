import { shellWord } from '../names/shell.ts';
import type { PackageManager } from './answers.ts';

export const PACKAGE_MANAGERS: readonly PackageManager[] = ['npm', 'pnpm', 'yarn', 'bun'];

const LOCK_FILES: Readonly<Record<PackageManager, readonly string[]>> = {
  npm: ['package-lock.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
};

/** The package manager that started this process, by `npm_config_user_agent` (`pnpm/9.1.0 npm/? node/…`); npm when none did. */
export function detectPackageManager(env: NodeJS.ProcessEnv): PackageManager {
  const agent = /^([a-z]+)\//.exec(env['npm_config_user_agent'] ?? '')?.[1];
  return PACKAGE_MANAGERS.find((manager) => manager === agent) ?? 'npm';
}

/** The command that installs a project's dependencies, as arguments. */
export function installArguments(manager: PackageManager): readonly string[] {
  // Audit and funding notes would hide what matters; development dependencies hold the tools of the project.
  return manager === 'npm' ? ['install', '--no-audit', '--no-fund', '--include=dev'] : ['install'];
}

/** What a person types to install. */
export function installCommand(manager: PackageManager): string {
  return `${manager} install`;
}

/** What a person types to run a script of package.json. */
export function scriptCommand(manager: PackageManager, script: string, args: readonly string[] = []): string {
  const separator = manager === 'npm' && args.some((arg) => arg.startsWith('-')) ? ['--'] : [];
  const run = manager === 'npm' && (script === 'test' || script === 'start') ? [manager] : [manager, 'run'];
  return [...run, script, ...separator, ...args.map(shellWord)].join(' ');
}

/** Files that an install leaves behind and that belong under version control. */
export function lockFiles(manager: PackageManager): readonly string[] {
  return LOCK_FILES[manager];
}
