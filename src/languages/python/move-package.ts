import type { PlannedFile } from '../planned-file.ts';

/** The package of the template. */
const TEMPLATE_PACKAGE = 'example_worker';

/** A file of the template in another package. */
export function movePythonPackage(file: PlannedFile, packageName: string): PlannedFile {
  const path = file.path.replace(`src/${TEMPLATE_PACKAGE}/`, `src/${packageName}/`);
  if (!path.endsWith('.py')) return { ...file, path };
  const text = Buffer.from(file.contents).toString('utf8');
  return { ...file, path, contents: Buffer.from(text.replaceAll(TEMPLATE_PACKAGE, packageName)) };
}
