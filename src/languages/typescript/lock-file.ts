import { textFile, type PlannedFile } from '../planned-file.ts';
import type { LibraryArchive } from '../library.ts';
import { lockFiles } from './package-manager.ts';
import type { PackageManager } from '../project-spec.ts';

/** The name of the project in the lock files of the templates. */
const TEMPLATE_NAME = '"name": "example-worker"';
/** The name of the library's archive, with its version. */
export const ARCHIVE = /^kuflow-worker-(.+)\.tgz$/;
/** The same in a path. */
const ARCHIVE_IN_LOCK = /kuflow-worker-[^"\s/@{}(),]+\.tgz/g;
/** The version in the entry of the library. */
const VERSION =
  /(?<="node_modules\/kuflow-worker": \{\s+"version": ")[^"]+|(?<=, tarball: file:\S+kuflow-worker-\S+\}\s+version: )\S+/;
/** The checksum after the path of the archive, or before it. */
const CHECKSUM =
  /(?<=kuflow-worker-[^/]+\.tgz",\s+(?:\{.*\}, )?"(?:integrity": ")?)sha512-[\w+/=]+|sha512-[\w+/=]+(?=, tarball: file:\S+kuflow-worker-)/;

/**
 * A lock file with the name of the project, and with the present archive of the library, which may be newer than the locked archive. The
 * lock files of the templates contain the tested versions of all dependencies except this package, which the package manager adds when it
 * installs the project.
 */
export function completeLock(
  file: PlannedFile,
  { name, packageManager }: { readonly name: string; readonly packageManager: PackageManager },
  library: LibraryArchive,
): PlannedFile {
  if (!lockFiles(packageManager).includes(file.path)) return file;
  const text = Buffer.from(file.contents).toString('utf8');
  return textFile(
    file.path,
    text
      .replaceAll(TEMPLATE_NAME, () => `"name": ${JSON.stringify(name)}`)
      .replaceAll(ARCHIVE_IN_LOCK, library.file)
      .replace(VERSION, library.version)
      .replace(CHECKSUM, library.integrity),
  );
}
