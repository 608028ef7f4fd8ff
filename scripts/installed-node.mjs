import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';

/** The path of a Node.js of this version, from the `node` package of npm. It is installed once and stored with the other test output. */
export async function installedNode(version: string): Promise<string> {
  const root = join(import.meta.dirname, '../../.test-output');
  const folder = join(root, `node-${version}`);
  const node = join(folder, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  const part = `${folder}.${process.pid}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  // The binary comes from an install script of the package.
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
  await writeFile(join(part, 'package.json'), JSON.stringify(manifest));
  const arguments_ = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
  await run(isWindows ? 'npm.cmd' : 'npm', arguments_, { cwd: part, shell: isWindows, timeout: 120_000 });
  try {
    await rename(part, folder);
  } catch (error) {
    // Another lane installed it at the same time.
    if (!existsSync(node)) throw error;
    await rm(part, { recursive: true, force: true });
  }
  return node;
}
