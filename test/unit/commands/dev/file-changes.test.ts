import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { noticeChanges } from '../../../../src/commands/dev/file-changes.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

it('a change to a watched file is noticed, but Python bytecode is ignored', async () => {
  const folder = temporaryFolder();
  const code = join(folder, 'src', 'loan_worker');
  mkdirSync(code, { recursive: true });
  const changes = await noticeChanges(['src'], folder);
  let isNoticed = false;
  const next = changes.next(new AbortController().signal).then(() => {
    isNoticed = true;
  });
  try {
    mkdirSync(join(code, '__pycache__'));
    writeFileSync(join(code, '__pycache__', 'tasks.pyc'), '');
    // Longer than it takes to notice a change.
    await setTimeout(1500);
    expect(isNoticed).toBe(false);
    writeFileSync(join(code, 'tasks.py'), '');
    await next;
  } finally {
    await changes.close();
  }
});
