import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkBundle, checkSources } from '../../../scripts/architecture.mjs';
import { bundle } from '../../../scripts/bundle.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'architecture-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const config = {
  levels: [['commands'], ['terminal', 'flows'], ['scaffold', 'platform'], ['names', 'base']],
  entryFiles: { scaffold: ['src/scaffold/plan.ts'], platform: [] as string[] },
  open: { 'src/base/': '', 'src/names/': '' },
  bins: ['src/commands/kuflow.ts'],
  nodeOnly: ['src/platform/main.ts'],
  heavy: ['heavy', '@scope/*'],
};

const problemsOf = (files: Readonly<Record<string, string>>, changed = config): string[] =>
  checkSources(tree(files), changed);

describe('the source check', () => {
  it('accepts arrows that point down, into entry files and open rooms', () => {
    expect(
      problemsOf({
        'src/commands/a.ts': "import { plan } from '../scaffold/plan.ts';\nimport type { B } from '../base/b.ts';",
        'src/scaffold/plan.ts':
          "import { inner } from './inner.ts'; import { n } from '../names/n.ts'; export const plan = [inner, n];",
        'src/scaffold/inner.ts': 'export const inner = 1;',
        'src/names/n.ts': "import type { B } from '../base/b.ts'; export const n: B = 1;",
        'src/base/b.ts':
          "import { readFileSync } from 'node:fs'; export type B = number; export const r = readFileSync;",
      }),
    ).toEqual([]);
  });

  it.each([
    ['static', "import { a } from '../commands/a.ts';"],
    ['type', "import type { A } from '../commands/a.ts';"],
    ['dynamic', "const a = await import('../commands/a.ts');"],
    ['inline type', "let a: import('../commands/a.ts').A;"],
  ])('refuses an upward arrow (%s)', (_kind, line) => {
    const problems = problemsOf({ 'src/scaffold/plan.ts': line, 'src/commands/a.ts': 'export const a = 1;' });
    expect(problems).toContain('src/scaffold/plan.ts: scaffold is below commands and imports src/commands/a.ts');
  });

  it('refuses an import between rooms of one level', () => {
    const problems = problemsOf({
      'src/platform/p.ts': "import { plan } from '../scaffold/plan.ts';",
      'src/scaffold/plan.ts': '',
    });
    expect(problems).toEqual([
      'src/platform/p.ts: platform and scaffold are on one level, yet it imports src/scaffold/plan.ts',
    ]);
  });

  it('lets a view share the types of what it renders, and nothing else of that room', () => {
    const viewing = { ...config, rendersTypesOf: { terminal: ['flows'] } };
    const files = { 'src/flows/f.ts': '', 'src/terminal/t.ts': "import type { F } from '../flows/f.ts';" };
    expect(problemsOf(files, viewing)).toEqual([]);
    expect(problemsOf({ ...files, 'src/terminal/t.ts': "import { f } from '../flows/f.ts';" }, viewing)).toContain(
      'src/terminal/t.ts: terminal and flows are on one level, yet it imports src/flows/f.ts',
    );
  });

  it('takes the types of two files that know each other for no cycle', () => {
    expect(
      problemsOf({
        'src/scaffold/a.ts': "import { b } from './b.ts';",
        'src/scaffold/b.ts': "import type { A } from './a.ts';",
      }),
    ).toEqual([]);
  });

  it('refuses a cycle, once, by name', () => {
    const problems = problemsOf({
      'src/scaffold/a.ts': "import './b.ts';",
      'src/scaffold/b.ts': "import './c.ts';",
      'src/scaffold/c.ts': "import './a.ts';",
    });
    expect(problems).toEqual([
      'cycle: src/scaffold/a.ts -> src/scaffold/b.ts -> src/scaffold/c.ts -> src/scaffold/a.ts',
    ]);
  });

  it('refuses index.ts and re-exports', () => {
    const problems = problemsOf({ 'src/scaffold/index.ts': "export * from './plan.ts';", 'src/scaffold/plan.ts': '' });
    expect(problems).toEqual([
      'src/scaffold/index.ts: no index.ts; import the file that holds the thing',
      'src/scaffold/index.ts: re-exports ./plan.ts; import it where it is used',
    ]);
  });

  it('refuses a file of another room that is not listed as an entry, and a list of more than three', () => {
    const files = { 'src/commands/a.ts': "import '../scaffold/inner.ts';", 'src/scaffold/inner.ts': '' };
    expect(problemsOf(files)).toEqual([
      'src/commands/a.ts: src/scaffold/inner.ts is not an entry file of scaffold (scripts/architecture.json)',
    ]);
    const four = { ...config, entryFiles: { ...config.entryFiles, platform: ['1', '2', '3', '4'] } };
    expect(problemsOf({ 'src/base/b.ts': '' }, four)).toEqual([
      'architecture.json: platform lists 4 entry files, three at most',
    ]);
  });

  it('refuses a package in base, and a room that the house does not have', () => {
    expect(problemsOf({ 'src/base/b.ts': "import chalk from 'chalk';", 'src/utils/u.ts': '' })).toEqual([
      'src/base/b.ts: base imports node: only, not chalk',
      'src/utils/u.ts: utils is not a room of the house',
    ]);
  });
});

describe('the bundle check', () => {
  const packages = {
    'node_modules/heavy/package.json': '{"name":"heavy","version":"1.0.0","main":"index.js"}',
    'node_modules/heavy/index.js': 'module.exports = 1;',
    'node_modules/@scope/one/package.json': '{"name":"@scope/one","version":"1.0.0","main":"index.js"}',
    'node_modules/@scope/one/index.js': 'module.exports = 1;',
    'node_modules/light/package.json': '{"name":"light","version":"1.0.0","main":"index.js"}',
    'node_modules/light/index.js': 'module.exports = 1;',
  };
  const entries = { kuflow: 'src/commands/kuflow.ts', supervisor: 'src/platform/main.ts' };

  async function problemsOfBundle(files: Readonly<Record<string, string>>): Promise<string[]> {
    const root = tree({ ...packages, ...files });
    const { metafile } = await bundle({ root, outdir: join(root, 'dist'), entries });
    return checkBundle(metafile, config);
  }

  it('accepts a heavy package behind a dynamic import', async () => {
    expect(
      await problemsOfBundle({
        'src/commands/kuflow.ts': "import light from 'light'; console.log(light); await import('./lazy.ts');",
        'src/commands/lazy.ts': "import heavy from 'heavy'; console.log(heavy);",
        'src/platform/main.ts': "import { readFileSync } from 'node:fs'; console.log(readFileSync);",
      }),
    ).toEqual([]);
  });

  it('refuses a heavy package that a bin reaches by static imports, however deep', async () => {
    expect(
      await problemsOfBundle({
        'src/commands/kuflow.ts': "import './deep.ts';",
        'src/commands/deep.ts': "import heavy from 'heavy'; import one from '@scope/one'; console.log(heavy, one);",
        'src/platform/main.ts': '',
      }),
    ).toEqual([
      'src/commands/kuflow.ts: loads @scope/one at start; it belongs behind a dynamic import',
      'src/commands/kuflow.ts: loads heavy at start; it belongs behind a dynamic import',
    ]);
  });

  it('refuses any package in an entry that needs only Node', async () => {
    expect(
      await problemsOfBundle({
        'src/commands/kuflow.ts': '',
        'src/platform/main.ts': "import light from 'light'; console.log(light);",
      }),
    ).toEqual(['src/platform/main.ts: imports node: only, yet light is bundled into it']);
  });
});
