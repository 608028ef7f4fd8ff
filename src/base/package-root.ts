import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRecord } from './json.ts';
import { lazy } from './lazy.ts';

export const PACKAGE_NAME = 'create-kuflow-worker';

// This code runs from `src/base/` and from a chunk in `dist/`, so the distance to package.json varies.
const own = lazy((): { readonly root: string; readonly version: string } => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = readManifest(folder);
    if (isRecord(manifest) && manifest['name'] === PACKAGE_NAME && typeof manifest['version'] === 'string')
      return { root: folder, version: manifest['version'] };
    if (dirname(folder) === folder) throw new Error(`${PACKAGE_NAME}: its own package.json was not found`);
  }
});

function readManifest(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The folder of this package, which contains `dist/`, `templates/` and `schemas/`. */
export function packageRoot(): string {
  return own().root;
}

export function packageVersion(): string {
  return own().version;
}
