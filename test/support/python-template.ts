import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/bundle.mjs';
import { installOnce } from './install-once.ts';

const run = promisify(execFile);
const TEMPLATE = join(ROOT, 'templates/python');
const IS_WINDOWS = process.platform === 'win32';

/** The modules of the Python template, as the package `example_worker`. */
export const PYTHON_TEMPLATE_SOURCE = join(TEMPLATE, 'src');

/** The path of a Python with the packages that a Python worker needs when it runs. */
export async function pythonWithTemplatePackages(): Promise<string> {
  const requirements = templateRequirements();
  const version = createHash('sha256').update(requirements.join()).digest('hex').slice(0, 12);
  const folder = await installOnce(`python-template-${version}`, async (target) => {
    await run(IS_WINDOWS ? 'python' : 'python3', ['-m', 'venv', target]);
    await run(pythonIn(target), ['-m', 'pip', 'install', '--quiet', ...requirements], { timeout: 300_000 });
  });
  return pythonIn(folder);
}

function templateRequirements(): readonly string[] {
  const text = readFileSync(join(TEMPLATE, 'pyproject.toml.hbs'), 'utf8');
  const list = /^dependencies = \[\n(.*?)^\]/ms.exec(text)?.[1] ?? '';
  return [...list.matchAll(/^\s*"([^"]+)",$/gm)].map(([, requirement = '']) => requirement);
}

const pythonIn = (folder: string): string =>
  IS_WINDOWS ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
