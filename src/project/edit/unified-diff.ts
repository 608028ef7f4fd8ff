import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** For `git apply` and `patch -p1`; empty without a change. `before` is undefined for a new file, `after` for a deleted one; `from`: its old path. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined, from = path): string {
  const header = path === from ? '' : `diff --git a/${from} b/${path}\nrename from ${from}\nrename to ${path}\n`;
  if (before === after) return header;
  const oldName = before === undefined ? '/dev/null' : `a/${from}`;
  const newName = after === undefined ? '/dev/null' : `b/${path}`;
  const patch = createTwoFilesPatch(oldName, newName, before ?? '', after ?? '', undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
  return header + patch;
}
