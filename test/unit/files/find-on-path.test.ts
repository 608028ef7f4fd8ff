import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findOnPath } from '../../../src/files/find-on-path.ts';
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
