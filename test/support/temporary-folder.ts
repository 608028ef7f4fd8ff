import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** Folders that are removed after each test; call once at the top of a file. */
export function temporaryFolders(): () => string {
  const folders: string[] = [];
  afterEach(() => {
    // Windows deletes a file only when the last program closes it, so a folder may not be empty at first.
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return () => {
    // The system's temporary folder can be a link (macOS), and tests compare paths.
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-test-')));
    folders.push(folder);
    return folder;
  };
}
