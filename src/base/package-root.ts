import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRecord } from './json.ts';

export const PACKAGE_NAME = 'create-kuflow-worker';

interface OwnPackage {
  readonly root: string;
  readonly version: string;
}

let own: OwnPackage | undefined;

// This code runs from `src/base/` and from a chunk in `dist/`, so the distance to package.json varies.
function findOwnPackage(): OwnPackage {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    let text: string | undefined;
    try {
      text = readFileSync(join(folder, 'package.json'), 'utf8');
    } catch {
      text = undefined;
    }
    if (text !== undefined) {
      const manifest: unknown = JSON.parse(text);
      if (isRecord(manifest) && manifest['name'] === PACKAGE_NAME && typeof manifest['version'] === 'string') {
        return { root: folder, version: manifest['version'] };
      }
    }
    if (dirname(folder) === folder) throw new Error(`${PACKAGE_NAME}: its own package.json was not found`);
  }
}

/** The folder of this package, which contains `dist/`, `templates/` and `schemas/`. */
export function packageRoot(): string {
  own ??= findOwnPackage();
  return own.root;
}

/** The version of this package. */
export function packageVersion(): string {
  own ??= findOwnPackage();
  return own.version;
}
