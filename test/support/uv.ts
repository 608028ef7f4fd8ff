import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from './install-once.ts';

const run = promisify(execFile);
const VERSION = '0.13.9';

/** The folder of a uv from PyPI, for the PATH of tests. It installs into its own cache, and never downloads a Python. */
export async function uvFolder(): Promise<string> {
  const folder = await installOnce(`uv-${VERSION}`, async (target) => {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--target', target, `uv==${VERSION}`];
    await run('python3', args, { timeout: 300_000 });
  });
  return join(folder, 'bin');
}

/** Creates a virtual environment in `folder` with packages from PyPI. pip needs ten times the processor time. */
export async function installPythonPackages(folder: string, requirements: readonly string[]): Promise<void> {
  const env = await uvEnvironment();
  await run('uv', ['venv', '--quiet', '--clear', folder], { env });
  const args = ['pip', 'install', '--quiet', '--python', folder, ...requirements];
  await run('uv', args, { env, timeout: 300_000 });
}

/** The environment of this process with uv. */
export async function uvEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { PATH = '' } = process.env;
  return { ...process.env, PATH: `${await uvFolder()}${delimiter}${PATH}`, UV_PYTHON_DOWNLOADS: 'never' };
}
