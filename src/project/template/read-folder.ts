import { existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { shellWord } from '../../base/shell.ts';
import {
  chooseEntries,
  isIgnoredName,
  MAX_TEMPLATE_FILE_MIB,
  rejectLfsPointer,
  unusableTemplateError,
  type TemplateEntry,
  type TemplateFiles,
} from './allowed-files.ts';
import { PASS_TEMPLATE } from './source.ts';

/** Entries to list before giving up: the folder may not be a template, such as `/`. */
const MAX_ENTRIES = 20_000;

/** Reads the template in a folder (absolute). Rejects with a KnownError. `shown` is how messages name it. */
export async function readTemplateFolder(folder: string, shown: string): Promise<TemplateFiles> {
  const entries: TemplateEntry[] = [];
  let seen = 0;
  const walk = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      if (++seen > MAX_ENTRIES) throw unusableTemplateError(shown, [`it has more than ${MAX_ENTRIES} files`]);
      const name = `${prefix}${entry.name}`;
      if (isIgnoredName(entry.name)) continue;
      if (entry.isDirectory()) await walk(`${name}/`);
      else entries.push({ name, ...(await describeEntry(join(folder, name))) });
    }
  };
  try {
    if (['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)))) throw bareRepositoryError(folder);
    await walk('');
    const files = new Map<string, Uint8Array>();
    for (const { name } of chooseEntries(entries, shown)) {
      const { bytes } = await readSmallFile(join(folder, name), MAX_TEMPLATE_FILE_MIB * MIB);
      if (bytes === undefined) throw unusableTemplateError(shown, [`${name} changed while it was read`]);
      rejectLfsPointer(name, bytes, shown);
      files.set(name, bytes);
    }
    return files;
  } catch (error) {
    if (error instanceof KnownError) throw error;
    throw unreadableError(folder, shown, error);
  }
}

async function describeEntry(path: string): Promise<Pick<TemplateEntry, 'kind' | 'bytes'>> {
  const stats = await lstat(path);
  const kind = stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'symbolic link' : 'special file';
  return { kind, bytes: stats.size };
}

function bareRepositoryError(folder: string): KnownError {
  return new KnownError({
    message: 'Could not read the template',
    seen: `${folder} is a git repository without a working tree`,
    next: [`Pass its URL: --template ${shellWord(pathToFileURL(folder).href)}`],
  });
}

function unreadableError(folder: string, shown: string, error: unknown): KnownError {
  const code = codeOf(error);
  const seen =
    code === 'ENOENT'
      ? `${folder} does not exist`
      : code === 'ENOTDIR'
        ? `${folder} is not a folder`
        : messageOf(error);
  return new KnownError({
    message: 'Could not read the template',
    seen,
    next: [
      shown.includes('#')
        ? 'A folder has no branches. For a git repository on this machine, pass its URL: file:///path#ref'
        : PASS_TEMPLATE,
    ],
    cause: error,
  });
}
