import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from './install-once.ts';

const run = promisify(execFile);
const VERSION = '0.13.9';

/** The folder of a uv from PyPI, for the PATH of tests. It installs into its own cache, and never downloads a Python. */
export async function uvFolder(): Promise<string> {
  const folder = await installOnce(`uv-${VERSION}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(join(target, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', `uv==${VERSION}`], {
      timeout: 300_000,
    });
  });
  return join(folder, 'bin');
}

/** The environment of this process with uv. */
export async function uvEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { PATH = '' } = process.env;
  return { ...process.env, PATH: `${await uvFolder()}${delimiter}${PATH}`, UV_PYTHON_DOWNLOADS: 'never' };
}
