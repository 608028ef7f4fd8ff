import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Reads and edits files of the project that `folder` returns, by their paths in it. */
export function projectFiles(folder: () => string) {
  const read = (file: string): string => readFileSync(join(folder(), file), 'utf8');
  return {
    read,
    /** Replaces the first `from`, which the file must contain. */
    edit: (file: string, from: string, to: string): void => {
      const before = read(file);
      expect(before).toContain(from);
      writeFileSync(
        join(folder(), file),
        before.replace(from, () => to),
      );
    },
  };
}
