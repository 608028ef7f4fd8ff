import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium } from '../../../scripts/test-programs.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const extension = process.platform === 'win32' ? '.exe' : '';

function program(folder: string, name: string): string {
  const path = join(folder, `${name}${extension}`);
  writeFileSync(path, '');
  chmodSync(path, 0o755);
  return path;
}

describe('the browser for the tests of the console', () => {
  it('is the one in KUFLOW_CHROMIUM, or the first on the PATH: Chromium before Chrome', () => {
    const folder = newFolder();
    const chrome = program(folder, 'google-chrome');
    expect(findChromium({ PATH: folder, PATHEXT: '.EXE' })).toBe(chrome);
    const chromium = program(folder, 'chromium');
    expect(findChromium({ PATH: folder, PATHEXT: '.EXE' })).toBe(chromium);
    expect(findChromium({ PATH: folder, KUFLOW_CHROMIUM: '/own/chrome' })).toBe('/own/chrome');
  });
});
