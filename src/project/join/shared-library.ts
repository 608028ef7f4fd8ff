import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { readLibrary } from '../../languages/library.ts';
import type { LanguageId } from '../../languages/names.ts';
import type { ComparedFile } from '../existing-files.ts';
import { writeFiles, type WriteOptions } from '../write-files.ts';

/** Writes what `compareSharedLibrary` finds, and resolves to it. Rejects with a KnownError, and then nothing changed. */
export async function writeSharedLibrary(
  root: string,
  language: LanguageId,
  options: WriteOptions,
): Promise<readonly ComparedFile[]> {
  const files = compareSharedLibrary(root, language);
  await writeFiles({ folder: root, files, conflicts: [] }, options);
  return files;
}

/** Archives of other versions stay: members that were not updated yet use them. Empty if the root has this version. Throws like `readLibrary`. */
export function compareSharedLibrary(root: string, language: LanguageId): readonly ComparedFile[] {
  return readLibrary(language).flatMap((file): readonly ComparedFile[] => {
    const original = readIfExists(join(root, file.path));
    if (original === undefined) return [{ ...file, action: 'create' }];
    return original.equals(file.contents) ? [] : [{ ...file, action: 'overwrite', original }];
  });
}

function readIfExists(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
