import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { bareEnvironment } from './worker-process.ts';

/** A pinned package manager from the registry. */
export interface ManagerRelease {
  readonly package: string;
  readonly version: string;
  readonly program: 'pnpm' | 'yarn' | 'bun';
}

export const PNPM: ManagerRelease = { package: 'pnpm', version: '12.4.2', program: 'pnpm' };
export const BUN: ManagerRelease = { package: 'bun', version: '1.4.5', program: 'bun' };

const run = promisify(execFile);

/**
 * Installs a package manager into the folder of this run and returns an environment that finds it, with caches in that folder; CI is set,
 * as on a build server. Returns the reason when it is not available.
 */
export async function provideManager({
  package: name,
  version,
  program,
}: ManagerRelease): Promise<{ readonly env: Record<string, string> } | { readonly missing: string }> {
  const home = join(inject('runFolder'), 'package-managers');
  const folder = join(home, `${program}-${version}`);
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const { PATH = '', ...bare } = bareEnvironment();
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  const env = {
    ...bare,
    // For a registry behind a proxy that intercepts TLS.
    ...(authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities }),
    PATH: [join(folder, 'node_modules', '.bin'), PATH].join(delimiter),
    CI: 'true',
    // Before pnpm 11, and since.
    npm_config_store_dir: join(home, 'pnpm-store'),
    pnpm_config_store_dir: join(home, 'pnpm-store'),
    YARN_GLOBAL_FOLDER: join(home, 'yarn'),
    YARN_CACHE_FOLDER: join(home, `yarn-${version}-cache`),
    YARN_ENABLE_TELEMETRY: '0',
    BUN_INSTALL_CACHE_DIR: join(home, 'bun'),
  };
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const shell = process.platform === 'win32';
    await run(npm, ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder, shell });
    const { stdout } = await run(program, ['--version'], { cwd: folder, env, shell });
    if (stdout.trim() !== version) return { missing: `${program} says that it is ${stdout.trim()}, not ${version}` };
    return { env };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
