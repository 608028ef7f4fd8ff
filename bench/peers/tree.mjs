import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What a folder holds, path -> a digest: files with their bytes, folders and `.git` by their being there. */
export function lookAt(folder) {
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

/** What became of a folder: files made (folders are not counted), and what was changed or deleted of what was there. */
export function difference(before, after) {
  return {
    made: [...after].filter(([path, digest]) => !before.has(path) && digest !== 'folder').map(([path]) => path),
    changed: [...before]
      .filter(([path, digest]) => after.has(path) && after.get(path) !== digest)
      .map(([path]) => path),
    deleted: [...before.keys()].filter((path) => !after.has(path)),
  };
}
