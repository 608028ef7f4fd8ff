import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = '6.0.3';
const READ = `import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin.buffer.read()))))`;

/** The documents of a text as PyYAML reads them. The package is downloaded once and stored with the other test output. */
export async function pythonYaml(text: string): Promise<readonly unknown[]> {
  const root = join(import.meta.dirname, '../../.test-output');
  const folder = join(root, `pyyaml-${VERSION}`);
  if (!existsSync(folder)) {
    await mkdir(root, { recursive: true });
    const made = await mkdtemp(join(root, 'pyyaml-'));
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', made, `PyYAML==${VERSION}`], {
      timeout: 120_000,
    });
    // Another test file may have created it first.
    await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
  }
  const child = run('python3', ['-c', READ], { env: { ...process.env, PYTHONPATH: folder } });
  child.child.stdin?.end(text);
  return JSON.parse((await child).stdout) as unknown[];
}
