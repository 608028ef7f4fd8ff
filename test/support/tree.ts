import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The content of every file below `folder` by relative path with `/`, except below folders with the given name. */
export function treeOf(folder: string, without: readonly string[] = ['node_modules', '.git']): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const at = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!without.includes(entry.name)) walk(at);
      } else if (entry.isFile()) files.set(relative(folder, at).split(sep).join('/'), readFileSync(at, 'latin1'));
    }
  };
  walk(folder);
  return files;
}
