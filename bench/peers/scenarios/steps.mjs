// Shared by several scenarios.
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inPipe } from '../observe.mjs';
import { ended, files } from '../words.mjs';

export const TARGET = 'target';
export const NOTES = `${TARGET}/notes.txt`;
export const PACKAGE = `${TARGET}/package.json`;
export const MINE = `${TARGET}/src/mine.ts`;

export const seconds = (facts) => `${facts.seconds.toFixed(1)} s`;
const inFolder = async (cwd, path, text) => {
  await mkdir(dirname(join(cwd, path)), { recursive: true });
  await writeFile(join(cwd, path), text);
};
export const withNotes = ({ cwd }) => inFolder(cwd, NOTES, 'mine\n');
export const withProject = async ({ cwd }) => {
  await inFolder(cwd, NOTES, 'mine\n');
  await inFolder(cwd, PACKAGE, '{"name":"precious","version":"7.7.7"}\n');
  await inFolder(cwd, MINE, 'export const mine = 1;\n');
};
export const git = (cwd, ...args) => {
  const identity = ['-c', 'user.name=You', '-c', 'user.email=you@example.com'];
  const { status, stdout } = spawnSync('git', [...identity, ...args], { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** What a person sees of a run that may not have done anything. */
export const outcome = (facts) =>
  facts.made.length > 0 ? `${ended(facts)}, ${files(facts.made.length)} written` : `${ended(facts)}, nothing written`;

export const plain = (args, { prepare, env, wrap } = {}) =>
  async function run(tool, place) {
    await prepare?.(place);
    return await inPipe(tool, args(tool), place, { env, wrap });
  };
