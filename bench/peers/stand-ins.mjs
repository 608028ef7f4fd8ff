// Package managers that only record how they were called, so that no run needs a registry. Each can be made to fail or hang.
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'];

/** What a failing package manager prints. */
export const COMPLAINT = 'the registry is closed today';

const SOURCE = `#!/usr/bin/env node
const fs = require('node:fs');
const name = require('node:path').basename(__filename);
const args = process.argv.slice(2);
fs.appendFileSync(process.env.STAND_IN_LOG, JSON.stringify({ name, args, pid: process.pid }) + '\\n');
if (args.includes('--version') || args.includes('-v')) console.log('10.9.0');
else if (args[0] === 'config' && args.includes('registry')) console.log('https://registry.npmjs.org/');
else if (args[0] === undefined || /^(i|install|ci|add)$/.test(args[0])) {
  if (process.env.STAND_IN === 'fail') {
    console.error(name + ' error ${COMPLAINT}');
    process.exit(1);
  }
  if (process.env.STAND_IN === 'hang') {
    console.log('added 0 packages so far');
    setInterval(() => {}, 1000);
  }
}
`;

/**
 * Writes them next to a copy of Node.js, because some tools look for a package manager in the folder of Node.js. Returns their folder and that
 * Node.js. `STAND_IN=fail` and `STAND_IN=hang` in the environment make an install fail or hang.
 */
export async function makeStandIns(folder) {
  const bin = join(folder, 'managers');
  const node = join(bin, 'node');
  await mkdir(bin);
  await copyFile(process.execPath, node, constants.COPYFILE_FICLONE);
  await chmod(node, 0o755);
  await writeFile(join(bin, 'package.json'), '{"type":"commonjs"}\n');
  for (const name of MANAGERS) {
    await writeFile(join(bin, name), SOURCE);
    await chmod(join(bin, name), 0o755);
  }
  return { bin, node };
}

/** Whether a recorded call is an install. */
export const isInstall = ({ args }) => args[0] === undefined || ['i', 'install', 'ci', 'add'].includes(args[0]);
