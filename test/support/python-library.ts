import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/bundle.mjs';
import { replaceText } from './library-archive.ts';
import { installOnce } from './install-once.ts';
import { installPythonPackages, uvEnvironment } from './uv.ts';

const LIBRARY = join(ROOT, 'libraries/python');
const IS_WINDOWS = process.platform === 'win32';

/** The folder with the package `kuflow_worker`. */
export const PYTHON_LIBRARY_SOURCE = join(LIBRARY, 'src');

/** The path of a Python with the packages that a Python worker needs when it runs. */
export async function pythonWithLibraryPackages(): Promise<string> {
  const requirements = libraryRequirements();
  const version = createHash('sha256').update(requirements.join()).digest('hex').slice(0, 12);
  const folder = await installOnce(`python-library-${version}`, async (target) => {
    await installPythonPackages(target, requirements);
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

/** Builds the library with another version and one changed text of a module, in a new folder. Returns the path of the wheel. */
export async function buildPythonLibrary(
  folder: string,
  {
    version,
    replaced: [path, from, to],
  }: { readonly version: string; readonly replaced: readonly [string, string, string] },
): Promise<string> {
  const sources = join(folder, 'sources');
  mkdirSync(sources, { recursive: true });
  for (const name of ['pyproject.toml', 'src']) cpSync(join(LIBRARY, name), join(sources, name), { recursive: true });
  replaceText(join(sources, 'pyproject.toml'), /^version = ".*"$/m, `version = "${version}"`);
  replaceText(join(sources, 'src/kuflow_worker', path), from, to);
  const dist = join(folder, 'dist');
  // pip needs four times the processor time.
  execFileSync('uv', ['build', '--quiet', '--wheel', '--out-dir', dist, sources], {
    env: await uvEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(dist, readdirSync(dist).find((name) => name.endsWith('.whl')) ?? 'none');
}
