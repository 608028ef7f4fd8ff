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
  levels: [
    ['bin'],
    ['commands/add'],
    ['commands/create'],
    ['cli'],
    ['project', 'platform'],
    ['terminal', 'files'],
    ['base'],
  ],
  publicEntries: ['src/platform/public.ts'],
  closed: {} as Readonly<Record<string, { types: string[]; values: string[]; packages: string[] }>>,
  commandEntries: ['^src/commands/'],
  terminalImporters: { values: ['/run\\.ts$', 'view\\.ts$'], types: ['^src/cli/'] },
  optionFiles: { files: ['^src/commands/[a-z]+/command\\.ts$'], values: ['^src/cli/'] },
  lazyFiles: ['/run\\.ts$'],
  unreachable: [{ from: 'src/platform/public.ts', modules: ['terminal', 'commands'] }],
  ownedLiterals: [{ literal: 'local.yaml', module: 'files' }],
  repeatableExports: ['configure'],
  bins: ['src/bin/kuflow.ts'],
  nodeOnly: ['src/platform/main.ts'],
  heavy: ['heavy', '@scope/*'],
};

const problemsOf = (files: Readonly<Record<string, string>>, changed = config): string[] =>
  checkSources(tree(files), changed);

describe('the source check', () => {
  it('accepts imports that point down', () => {
    expect(
      problemsOf({
        'src/bin/kuflow.ts': "await import('../commands/create/command.ts');",
        'src/commands/create/command.ts':
          "import { Option } from 'commander'; import { o } from '../../cli/options.ts'; import { N } from './names.ts';\n" +
          "import type { Flags } from './run.ts'; export const configure = [Option, o, N]; await import('./run.ts');",
        'src/commands/create/names.ts': "import type { B } from '../../base/b.ts'; export const N: B = 1;",
        'src/commands/create/run.ts':
          "import { plan } from '../../project/plan.ts'; import { show } from './view.ts'; export type Flags = typeof plan | typeof show;",
        'src/commands/create/view.ts': "import { print } from '../../terminal/print.ts'; export const show = print;",
        'src/cli/options.ts': "import type { Print } from '../terminal/print.ts'; export const o: Print = 1;",
        'src/project/plan.ts': "import { inner } from './inner.ts'; export const plan = inner;",
        'src/project/inner.ts': 'export const inner = 1;',
        'src/terminal/print.ts': 'export type Print = number; export const print = 1;',
        'src/base/b.ts':
          "import { readFileSync } from 'node:fs'; export type B = number; export const r = readFileSync;",
      }),
    ).toEqual([]);
  });

  it.each([
    ['static', "import { a } from '../bin/a.ts';"],
    ['type', "import type { A } from '../bin/a.ts';"],
    ['dynamic', "const a = await import('../bin/a.ts');"],
    ['inline type', "let a: import('../bin/a.ts').A;"],
  ])('rejects an import that points up (%s)', (_kind, line) => {
    const problems = problemsOf({ 'src/project/plan.ts': line, 'src/bin/a.ts': 'export const a = 1;' });
    expect(problems).toEqual(['src/project/plan.ts: project is below bin and imports src/bin/a.ts']);
  });

  it('treats each command as a separate module', () => {
    const problems = problemsOf({
      'src/commands/create/plan.ts': "import '../add/task.ts';",
      'src/commands/add/task.ts': '',
    });
    expect(problems).toEqual([
      'src/commands/create/plan.ts: commands/create is below commands/add and imports src/commands/add/task.ts',
    ]);
  });

  it('rejects an import between modules on one level, types included', () => {
    const problems = problemsOf({
      'src/platform/p.ts': "import type { Plan } from '../project/plan.ts';",
      'src/project/plan.ts': '',
    });
    expect(problems).toEqual([
      'src/platform/p.ts: platform and project are on one level, but it imports src/project/plan.ts',
    ]);
  });

  it.each([
    ['static', "import './b.ts';"],
    ['type-only', "import type { B } from './b.ts';"],
    ['lazy', "await import('./b.ts');"],
  ])('rejects a cycle that a %s import closes', (_kind, line) => {
    const problems = problemsOf({
      'src/project/a.ts': line,
      'src/project/b.ts': "import './c.ts';",
      'src/project/c.ts': "import './a.ts';",
    });
    expect(problems).toEqual(['cycle: src/project/a.ts -> src/project/b.ts -> src/project/c.ts -> src/project/a.ts']);
  });

  it('rejects folders in a circle, unless one is in the other', () => {
    const problems = problemsOf({
      'src/project/a/one.ts': "import '../b/one.ts'; import '../top.ts';",
      'src/project/a/two.ts': '',
      'src/project/b/one.ts': '',
      'src/project/b/two.ts': "import type { T } from '../a/two.ts';",
      'src/project/bottom.ts': "import './a/two.ts';",
      'src/project/top.ts': '',
    });
    expect(problems).toEqual(['folders in a circle: src/project/a -> src/project/b -> src/project/a']);
  });

  it('lets a closed module import only what is listed', () => {
    const closed = { bin: { types: ['^src/base/json\\.ts$'], values: [], packages: ['preact', 'preact/*'] } };
    const problems = problemsOf(
      {
        'src/bin/page.tsx':
          "import type { Json } from '../base/json.ts'; import { render } from 'preact'; import { h } from 'preact/hooks';\n" +
          "import { isRecord } from '../base/json.ts'; import type { P } from '../project/p.ts'; import 'react';",
        'src/base/json.ts': '',
        'src/project/p.ts': '',
      },
      { ...config, closed },
    );
    expect(problems).toEqual([
      'src/bin/page.tsx: bin may not import react (scripts/architecture.json)',
      'src/bin/page.tsx: bin may not import values of src/base/json.ts',
      'src/bin/page.tsx: bin may not import types of src/project/p.ts',
    ]);
  });

  it('rejects a file that imports itself', () => {
    expect(problemsOf({ 'src/project/a.ts': "import type { A } from './a.ts';" })).toEqual([
      'cycle: src/project/a.ts imports itself',
    ]);
  });

  it('rejects a file of a command that is not one of its entries', () => {
    const problems = problemsOf(
      {
        'src/bin/kuflow.ts': "import '../commands/add/command.ts'; import type { T } from '../commands/add/plan.ts';",
        'src/commands/add/command.ts': "import '../create/view.ts';",
        'src/commands/add/plan.ts': 'export type T = 1;',
        'src/commands/create/view.ts': '',
      },
      { ...config, commandEntries: ['/command\\.ts$'] },
    );
    expect(problems).toContain(
      'src/commands/add/command.ts: src/commands/create/view.ts is not an entry file of commands/create (scripts/architecture.json)',
    );
    expect(problems.filter((problem) => problem.includes('entry file'))).toHaveLength(1);
  });

  it('rejects a name that two files export', () => {
    const problems = problemsOf({
      'src/project/a.ts': 'export type Source = 1; export function configure() {}',
      'src/platform/b.ts': 'export const Source = 1; export function configure() {}',
    });
    expect(problems).toEqual([
      'Source is exported by src/platform/b.ts and src/project/a.ts; one name means one thing',
    ]);
  });

  it('rejects index.ts and re-exports', () => {
    const problems = problemsOf({ 'src/project/index.ts': "export * from './plan.ts';", 'src/project/plan.ts': '' });
    expect(problems).toEqual([
      'src/project/index.ts: no index.ts; import the file that declares the name',
      'src/project/index.ts: re-exports src/project/plan.ts; import it where it is used',
    ]);
  });

  it('lets only run and view files print, and only the listed modules name its types', () => {
    const problems = problemsOf({
      'src/project/plan.ts': "import type { Print } from '../terminal/print.ts';",
      'src/cli/context.ts': "import { print } from '../terminal/print.ts';",
      'src/terminal/print.ts': '',
    });
    expect(problems).toEqual([
      'src/cli/context.ts: only run and view files import values of terminal (src/terminal/print.ts)',
      'src/project/plan.ts: may not import types of terminal (src/terminal/print.ts)',
    ]);
  });

  it('keeps a command that only shows its help from loading what runs it', () => {
    const problems = problemsOf({
      'src/commands/create/command.ts':
        "import { run } from './run.ts'; import chalk from 'chalk'; import { plan } from '../../project/plan.ts';",
      'src/commands/create/run.ts': '',
      'src/project/plan.ts': "import './inner.ts';",
      'src/project/inner.ts': '',
    });
    expect(problems).toEqual([
      'src/commands/create/command.ts: loads chalk with the options; import it in run.ts',
      'src/commands/create/command.ts: src/commands/create/run.ts is loaded by import() only',
      'src/commands/create/command.ts: loads src/project/plan.ts with the options; import it in run.ts',
    ]);
  });

  it('rejects a published entry that reaches the terminal, by whatever path', () => {
    const problems = problemsOf({
      'src/platform/public.ts': "export { start } from './start.ts';",
      'src/platform/start.ts': "export const start = await import('./view.ts');",
      'src/platform/view.ts': "import '../terminal/print.ts';",
      'src/terminal/print.ts': '',
    });
    expect(problems).toEqual([
      'src/platform/public.ts reaches terminal: src/platform/public.ts -> src/platform/start.ts -> src/platform/view.ts -> src/terminal/print.ts',
    ]);
  });

  it('rejects a literal outside the module that owns it', () => {
    const problems = problemsOf({
      'src/project/a.ts': "export const file = 'local.yaml';",
      'src/files/names.ts': "export const LOCAL = 'local.yaml';",
    });
    expect(problems).toEqual(["src/project/a.ts: 'local.yaml' is written only in files"]);
  });

  it('rejects a package in base, and a module that the architecture does not have', () => {
    expect(problemsOf({ 'src/base/b.ts': "import chalk from 'chalk';", 'src/utils/u.ts': '' })).toEqual([
      'src/base/b.ts: base imports node: only, not chalk',
      'src/utils/u.ts: utils is not a module of the architecture',
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
  const entries = { kuflow: 'src/bin/kuflow.ts', supervisor: 'src/platform/main.ts' };

  async function problemsOfBundle(files: Readonly<Record<string, string>>): Promise<string[]> {
    const root = tree({ ...packages, ...files });
    const { metafile } = await bundle({ root, outdir: join(root, 'dist'), entries });
    return checkBundle(metafile, config);
  }

  it('accepts a heavy package behind a dynamic import', async () => {
    expect(
      await problemsOfBundle({
        'src/bin/kuflow.ts': "import light from 'light'; console.log(light); await import('./lazy.ts');",
        'src/bin/lazy.ts': "import heavy from 'heavy'; console.log(heavy);",
        'src/platform/main.ts': "import { readFileSync } from 'node:fs'; console.log(readFileSync);",
      }),
    ).toEqual([]);
  });

  it('rejects a heavy package that a bin reaches by static imports, however deep', async () => {
    expect(
      await problemsOfBundle({
        'src/bin/kuflow.ts': "import './deep.ts';",
        'src/bin/deep.ts': "import heavy from 'heavy'; import one from '@scope/one'; console.log(heavy, one);",
        'src/platform/main.ts': '',
      }),
    ).toEqual([
      'src/bin/kuflow.ts: loads @scope/one at start; it belongs behind a dynamic import',
      'src/bin/kuflow.ts: loads heavy at start; it belongs behind a dynamic import',
    ]);
  });

  it('rejects any package in an entry that needs only Node', async () => {
    expect(
      await problemsOfBundle({
        'src/bin/kuflow.ts': '',
        'src/platform/main.ts': "import light from 'light'; console.log(light);",
      }),
    ).toEqual(['src/platform/main.ts: imports node: only, yet light is bundled into it']);
  });
});
