import { textFile, type PlannedFile } from '../planned-file.ts';
import { lockFiles } from './package-manager.ts';
import type { PackageManager } from '../project-spec.ts';

/** The name of the project in the lock files of the templates. */
const TEMPLATE_NAME = '"name": "example-worker"';

/**
 * A file of a project with this name. The lock files of the templates contain the tested versions of all dependencies except this package, which
 * the package manager adds when it installs the project.
 */
export function nameProjectInLock(
  file: PlannedFile,
  { name, packageManager }: { readonly name: string; readonly packageManager: PackageManager },
): PlannedFile {
  if (!lockFiles(packageManager).includes(file.path)) return file;
  const text = Buffer.from(file.contents).toString('utf8');
  return textFile(
    file.path,
    text.replaceAll(TEMPLATE_NAME, () => `"name": ${JSON.stringify(name)}`),
  );
}
