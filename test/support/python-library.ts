import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/bundle.mjs';
import { installOnce } from './install-once.ts';

const run = promisify(execFile);
const LIBRARY = join(ROOT, 'libraries/python');
const IS_WINDOWS = process.platform === 'win32';

/** The folder with the package `kuflow_worker`. */
export const PYTHON_LIBRARY_SOURCE = join(LIBRARY, 'src');

/** The path of a Python with the packages that a Python worker needs when it runs. */
export async function pythonWithLibraryPackages(): Promise<string> {
  const requirements = libraryRequirements();
  const version = createHash('sha256').update(requirements.join()).digest('hex').slice(0, 12);
  const folder = await installOnce(`python-library-${version}`, async (target) => {
    await run(IS_WINDOWS ? 'python' : 'python3', ['-m', 'venv', target]);
    await run(pythonIn(target), ['-m', 'pip', 'install', '--quiet', ...requirements], { timeout: 300_000 });
  });
  return pythonIn(folder);
}

function libraryRequirements(): readonly string[] {
  const text = readFileSync(join(LIBRARY, 'pyproject.toml'), 'utf8');
  const list = /^dependencies = \[\n(.*?)^\]/ms.exec(text)?.[1] ?? '';
  return [...list.matchAll(/^\s*"([^"]+)",$/gm)].map(([, requirement = '']) => requirement);
}

const pythonIn = (folder: string): string =>
  IS_WINDOWS ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
