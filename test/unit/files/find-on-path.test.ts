import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findOnPath, isNotInstalled } from '../../../src/files/find-on-path.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const end = process.platform === 'win32' ? '.cmd' : '';

it('finds the first executable file on PATH, and nothing outside of it', () => {
  const [first, second] = [newFolder(), newFolder()];
  mkdirSync(join(first, `tool${end}`));
  writeFileSync(join(second, `tool${end}`), '');
  chmodSync(join(second, `tool${end}`), 0o755);
  expect(findOnPath('tool', { PATH: [first, second].join(delimiter) })?.toLowerCase()).toBe(
    join(second, `tool${end}`).toLowerCase(),
  );
  expect(findOnPath('tool', { PATH: first })).toBeUndefined();
  expect(findOnPath('node', { PATH: '' })).toBeUndefined();
});

it('detects a missing program from the error, or on Windows from the PATH', () => {
  const folder = newFolder();
  writeFileSync(join(folder, `tool${end}`), '', { mode: 0o755 });
  const env = { PATH: folder };
  expect(isNotInstalled('tool', env, { code: 'ENOENT' }, 'linux')).toBe(true);
  expect(isNotInstalled('absent', env, { exitCode: 1 }, 'linux')).toBe(false);
  expect(isNotInstalled('absent', env, { exitCode: 1 }, 'win32')).toBe(true);
  expect(isNotInstalled('absent', env, { exitCode: 0 }, 'win32')).toBe(false);
  // It failed by itself.
  expect(isNotInstalled('tool', env, { exitCode: 1 }, 'win32')).toBe(false);
  expect(isNotInstalled('./absent', env, { exitCode: 1 }, 'win32')).toBe(false);
});
