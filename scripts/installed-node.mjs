import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './bundle.mjs';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';

/** A recent Node.js of each major version with long-term support that `engines` in package.json allows. `npm run soak` runs tests with each. */
export const SUPPORTED_NODES = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];

/**
 * The path of a Node.js of this version, from the `node` package of npm. It is installed once and stored with the test output.
 * @param {string} version
 * @returns {Promise<string>}
 */
export async function installedNode(version) {
  const folder = join(ROOT, '.test-output', `node-${version}`);
  const node = join(folder, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  const part = `${folder}.${process.pid}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  // An install script of the package provides the binary.
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
  await writeFile(join(part, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
  await run(isWindows ? 'npm.cmd' : 'npm', args, { cwd: part, shell: isWindows, timeout: 120_000 });
  try {
    await rename(part, folder);
  } catch (error) {
    // Another lane installed it at the same time.
    if (!existsSync(node)) throw error;
    await rm(part, { recursive: true, force: true });
  }
  return node;
}
