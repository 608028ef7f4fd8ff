import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The content of a folder, path -> digest: files by their bytes, folders and `.git` by their existence. */
export function snapshot(folder) {
  const found = new Map();
  const walk = (below) => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      const stat = lstatSync(join(folder, path));
      if (stat.isSymbolicLink()) found.set(path, `-> ${readlinkSync(join(folder, path))}`);
      else if (stat.isFile())
        found.set(
          path,
          createHash('sha256')
            .update(readFileSync(join(folder, path)))
            .digest('hex'),
        );
      else {
        found.set(path, 'folder');
        if (name !== '.git' && name !== 'node_modules') walk(path);
      }
    }
  };
  walk('');
  return found;
}

/** The changes in a folder: files created (folders are not counted), and existing files that were changed or deleted. */
export function difference(before, after) {
  return {
    made: [...after].filter(([path, digest]) => !before.has(path) && digest !== 'folder').map(([path]) => path),
    changed: [...before]
      .filter(([path, digest]) => after.has(path) && after.get(path) !== digest)
      .map(([path]) => path),
    deleted: [...before.keys()].filter((path) => !after.has(path)),
  };
}
