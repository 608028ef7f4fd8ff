import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { renameFile } from '../../files/rename.ts';
import { create } from 'tar';
import { codeOf, KnownError } from '../../base/errors.ts';
import { syncPath } from '../../files/node-file-system.ts';
import {
  listStateFiles,
  MANIFEST_FILE,
  MAX_BYTES,
  MAX_FILES,
  STATE_FORMAT,
  type StateManifest,
} from './state-folder-files.ts';
import { withStoppedState } from './require-stopped.ts';

export interface StateExportRequest {
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute path of the new archive. */
  readonly file: string;
  /** Whether an existing file is overwritten. */
  readonly replace: boolean;
  /** Version of this package. */
  readonly version: string;
}

/**
 * Writes the whole state to a .tar.gz file. The file has mode 0600, because it contains secrets. Rejects with KnownError if the folder does not have
 * a state, if the file exists and must not be replaced, or if a local KuFlow runs on the folder. Resolves to the size of the archive, and how many
 * files of the state are in it.
 */
export async function exportState({ stateDir, file, replace, version }: StateExportRequest) {
  if ((await listStateFiles(stateDir)).every(({ path }) => path !== 'state.db'))
    throw new KnownError({
      message: 'Nothing to export: the folder does not contain the state of a local KuFlow',
      seen: `no state in ${stateDir}`,
      next: ['If it is in another folder, pass --state-dir <folder>'],
      status: 2,
    });
  if (!replace) rejectExisting(file);
  return await withStoppedState(stateDir, async () => {
    const files = await listStateFiles(stateDir);
    const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
    if (bytes > MAX_BYTES || files.length > MAX_FILES)
      throw new KnownError({
        message: `The state is too large to export: ${files.length} files with ${bytes} bytes`,
        next: [`At most ${MAX_FILES} files with ${MAX_BYTES} bytes can be exported`],
      });
    const createdAt = new Date().toISOString();
    const manifest: StateManifest = { format: STATE_FORMAT, version, createdAt, files: files.length };
    const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
    const manifestFile = join(stateDir, MANIFEST_FILE);
    try {
      await writeFile(manifestFile, JSON.stringify(manifest), { mode: 0o600 });
      await create(
        { file: temporary, cwd: stateDir, gzip: true, portable: true, noMtime: true, mode: 0o600, strict: true },
        [MANIFEST_FILE, ...files.map(({ path }) => path)],
      );
      await syncPath(temporary);
      await publish(temporary, file, replace);
    } finally {
      await rm(temporary, { force: true });
      await rm(manifestFile, { force: true });
    }
    return { bytes: (await stat(file)).size, files: files.length };
  });
}

async function publish(temporary: string, file: string, replace: boolean): Promise<void> {
  if (replace) {
    await renameFile(temporary, file);
    return;
  }
  try {
    // Unlike renaming, this does not overwrite a file that appeared in the meantime.
    await link(temporary, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw existingFileError(file);
    // A file system without hard links.
    rejectExisting(file);
    await renameFile(temporary, file);
  }
}

function rejectExisting(file: string): void {
  if (existsSync(file)) throw existingFileError(file);
}

function existingFileError(file: string): KnownError {
  return new KnownError({
    message: `${file} already exists`,
    seen: 'nothing was written',
    next: ['Choose another name, or overwrite it with --replace'],
  });
}
