import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SDK_VERSION = '3.5.0';
const PACKAGES = ['kuflow-temporal-worker', 'kuflow-temporal-activity-kuflow', 'kuflow-temporal-workflow-kuflow'];

/** The path of a Python with KuFlow's SDK from PyPI. Its virtual environment is created once and stored with the other test output. */
export async function pythonWithSdk(): Promise<string> {
  const root = join(import.meta.dirname, '../../.test-output');
  const folder = join(root, `python-kuflow-${SDK_VERSION}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'complete');
  if (existsSync(done)) return python;
  await mkdir(root, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES.map((name) => `${name}==${SDK_VERSION}`)], {
    timeout: 300_000,
  });
  await writeFile(`${done}.part`, '');
  await rename(`${done}.part`, done);
  return python;
}
