import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../../src/base/package-root.ts';
import { readPageFiles, type PageCommands } from '../../../../src/platform/console/page.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

async function indexWith(commands?: PageCommands): Promise<string> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  copyFileSync(join(packageRoot(), 'src', 'web', 'index.html'), join(folder, 'index.html'));
  return (await readPageFiles(folder, commands))?.index ?? '';
}

describe('the commands in the console', () => {
  it('are those of a TypeScript project by default', async () => {
    expect(await indexWith()).toContain('data-kuflow="npx kuflow" data-worker="npm run dev"');
  });

  it('are those of the project, also with characters that HTML reserves', async () => {
    const html = await indexWith({ kuflow: './kuflow', worker: 'run "a & b" <c>' });
    expect(html).toContain('data-kuflow="./kuflow" data-worker="run &quot;a &amp; b&quot; &lt;c>"');
  });
});
