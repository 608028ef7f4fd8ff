import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';

interface Input {
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

/** The files of packages that these sources import, except with `import()`. */
function packageFilesOf(inputs: Readonly<Record<string, Input>>, sources: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const left = [...sources];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const one of inputs[path]?.imports ?? [])
      if (one.kind !== 'dynamic-import' && one.external !== true) left.push(one.path);
  }
  return [...seen].filter((path) => path.includes('node_modules/'));
}

// A package adds milliseconds to each run of the command, needed or not.
it('create loads only the packages that each of its runs needs', async () => {
  const { metafile } = await bundle();
  const { inputs } = metafile as { readonly inputs: Readonly<Record<string, Input>> };
  const files = packageFilesOf(inputs, ['src/commands/create/run.ts']);
  const names = files.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  expect([...new Set(names)].sort()).toEqual([
    ...['ajv', 'chalk', 'commander', 'diff', 'fast-deep-equal', 'fast-string-truncated-width', 'fast-string-width'],
    ...['fast-wrap-ansi', 'handlebars', 'isexe', 'semver', 'tar', 'which', 'yaml'],
  ]);
  // The archive of the new project needs only the headers. The whole package takes 15 ms.
  const modules = files.filter((path) => path.includes('/tar/')).map((path) => basename(path));
  expect(modules.sort()).toEqual(['header.js', 'large-numbers.js', 'types.js']);
});
