import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Replaces the archive of a library in a copy of the packed package. */
export function replaceLibrary(packageFolder: string, language: string, archive: string): void {
  const folder = join(packageFolder, 'dist/libraries', language);
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  copyFileSync(archive, join(folder, basename(archive)));
}

/** Replaces a text of a file, which must contain it. */
export function replaceText(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, () => to);
  if (after === before) throw new Error(`${path} does not contain ${String(from)}`);
  writeFileSync(path, after);
}
