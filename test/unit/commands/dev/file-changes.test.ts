import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    // Starting another watch takes as long as noticing a change.
    await (await noticeChanges(['src'], folder)).close();
    await (await noticeChanges(['src'], folder)).close();
    expect(isNoticed).toBe(false);
    writeFileSync(join(code, 'tasks.py'), '');
    await next;
  } finally {
    await changes.close();
  }
});
