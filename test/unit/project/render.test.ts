import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { WorkerDefinition } from '../../../src/process/definition.ts';
import type { ProjectSpec } from '../../../src/languages/project-spec.ts';
import { PACKAGE_MANAGERS, programOf } from '../../../src/languages/typescript/package-manager.ts';
import { EDITOR_IDS, editorOf } from '../../../src/languages/language-ids.ts';
import { findLibrary } from '../../../src/languages/worker-library.ts';
import { textFile } from '../../../src/languages/planned-file.ts';
import { WHEEL } from '../../../src/languages/python/render.ts';
import { ARCHIVE } from '../../../src/languages/typescript/render.ts';
import { languageOf } from '../../../src/languages/all-languages.ts';
import { Code } from '../../../src/languages/templates/code.ts';
import { compileTemplates, findTemplateProblems } from '../../../src/languages/templates/compile.ts';
import { renderProject } from '../../../src/project/render.ts';
import { templatesFolder } from '../../../src/languages/templates/files.ts';
import { loadTemplateSet } from '../../../src/languages/templates/set.ts';

const LOAN: WorkerDefinition = {
  process: { code: 'LOAN', name: 'Loan' },
  workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
  tasks: [
    {
      code: 'LOAN_APPLICATION',
      kind: 'human',
      data: { schema: { type: 'object', properties: { AMOUNT: { type: 'number' } } } },
    },
    {
      code: 'CREDIT_CHECK',
      kind: 'system',
      data: { schema: { type: 'object', required: ['SCORE'], properties: { SCORE: { type: 'integer' } } } },
    },
    { code: 'NOTE', kind: 'message' },
    { code: 'TALK', kind: 'thread' },
  ],
};

const SPEC: ProjectSpec = {
  name: 'loan-worker',
  language: 'typescript',
  processes: [{ definition: LOAN, source: 'file' }],
  local: false,
  packageManager: 'npm',
  cliPackage: 'file:../x.tgz',
};

const withDefinition = (definition: WorkerDefinition): ProjectSpec => ({
  ...SPEC,
  processes: [{ definition, source: 'file' }],
});

const JAVA_CODE = { packageName: 'com.acme.loan', slug: 'loan' };

async function filesOf(spec: ProjectSpec): Promise<ReadonlyMap<string, string>> {
  const files = await renderProject(spec);
  return new Map(files.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]));
}

describe('renderProject', () => {
  it('copies files that are not templates byte for byte, and restores names that npm drops', async () => {
    const files = await renderProject(SPEC);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    expect(paths).toContain('.gitignore');
    expect(paths.filter((path) => /(^|\/)_|\.hbs$/.test(path))).toEqual([]);
    const copied = files.find(({ path }) => path === 'test/replay.test.ts');
    expect(copied?.contents).toEqual(readFileSync(join(templatesFolder(), 'typescript/test/replay.test.ts')));
  });

  it.each([
    ['typescript', 'npm', {}, ['.vscode/launch.json']],
    ['java', 'maven', JAVA_CODE, ['.vscode/launch.json', '.run/Attach the debugger.run.xml']],
    ['python', 'uv', { packageName: 'loan', slug: 'loan' }, ['.vscode/launch.json']],
  ] as const)('has files for editors in %s only if they are wanted', async (language, packageManager, code, paths) => {
    const spec: ProjectSpec = { ...SPEC, language, packageManager, ...code };
    const isForEditor = (path: string): boolean => /^\.(?:vscode|run|idea)\//.test(path);
    expect([...(await filesOf(spec)).keys()].filter(isForEditor)).toEqual([]);
    const wanted = await filesOf({ ...spec, editors: ['vscode', 'intellij'] });
    expect([...wanted.keys()]).toEqual(expect.arrayContaining([...paths]));
    const { editors } = languageOf({ language });
    const found = [...wanted.keys()].map(editorOf);
    expect(EDITOR_IDS.filter((editor) => found.includes(editor))).toEqual(editors);
  });

  it('has the files for editors of the own template', async () => {
    const launch = textFile('.vscode/launch.json', '{}');
    const template = { origin: { source: 'tpl' }, files: new Map([['.vscode/launch.json', launch]]) };
    expect((await filesOf({ ...SPEC, template })).get('.vscode/launch.json')).toBe('{}');
  });

  it.each(['uv', 'pip'] as const)(
    'names the library of a Python project as in a registry, with %s',
    async (manager) => {
      const files = await filesOf({
        ...SPEC,
        ...{ language: 'python', packageManager: manager, packageName: 'loan', slug: 'loan', library: 'registry' },
      });
      const { version, sha256 } = findLibrary('python', WHEEL);
      expect(files.get('pyproject.toml')).toContain(`"kuflow-worker==${version}"`);
      expect([...files.keys()].filter((path) => path.startsWith('.kuflow/lib/'))).toEqual([]);
      for (const path of ['pyproject.toml', 'Dockerfile', 'uv.lock', 'requirements.txt', 'requirements-dev.txt'])
        expect(files.get(path) ?? '').not.toContain('.kuflow/lib');
      const pinned = `kuflow-worker==${version} \\\n    --hash=sha256:${sha256}\n`;
      if (manager === 'pip') expect(files.get('requirements.txt')).toContain(pinned);
    },
  );

  it.each([
    ['npm', 'package-lock.json'],
    ['pnpm', 'pnpm-lock.yaml'],
    ['yarn@4', undefined],
    ['bun', 'bun.lock'],
  ] as const)('names the library of a TypeScript project as in a registry, with %s', async (packageManager, lock) => {
    const files = await filesOf({ ...SPEC, packageManager, library: 'registry' });
    const { version } = findLibrary('typescript', ARCHIVE);
    const manifest = JSON.parse(files.get('package.json') ?? '') as { readonly dependencies: object };
    expect(manifest.dependencies).toMatchObject({ 'kuflow-worker': version });
    expect([...files.keys()].filter((path) => path.startsWith('.kuflow/lib/'))).toEqual([]);
    for (const path of ['package.json', 'Dockerfile', 'README.md', ...(lock === undefined ? [] : [lock])])
      expect(files.get(path), path).not.toContain('.kuflow/lib');
    const text = lock === undefined ? '' : (files.get(lock) ?? '');
    // Only npm's lock file can have a package without its checksum. The others get it during the installation, like this package.
    if (packageManager !== 'npm') {
      expect(text).not.toContain('kuflow-worker');
      return;
    }
    const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, object>> };
    expect(packages['']).toMatchObject({ dependencies: { 'kuflow-worker': version } });
    expect(packages['node_modules/kuflow-worker']).toMatchObject({ version, license: 'MIT' });
    expect(packages['node_modules/kuflow-worker']).not.toHaveProperty('resolved');
    expect(packages['node_modules/kuflow-worker']).not.toHaveProperty('integrity');
  });

  it('exports the workflow under its type, even if that is not an identifier', async () => {
    const plain = await filesOf(SPEC);
    expect(plain.get('src/workflows.ts')).toContain('export async function LoanWorkflow(');
    const type = 'my "workflow"/é';
    const odd = await filesOf(withDefinition({ ...LOAN, workflow: { type, taskQueue: 'Q' } }));
    const source = ts.createSourceFile('w.ts', odd.get('src/workflows.ts') ?? '', ts.ScriptTarget.ES2022, true);
    const exported = source.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause }) => {
      return exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    });
    expect(exported).toEqual([type]);
  });

  it('passes the data of human tasks to the next system task', async () => {
    const files = await filesOf(SPEC);
    expect(files.get('src/workflows.ts')).toContain(
      'activities.creditCheck, {\n    processId,\n    loanApplication,\n  })',
    );
    expect(files.get('src/activities.ts')).toContain('Promise<CreditCheckData>');
  });

  it('does not write the secret or the client ID', async () => {
    const files = await filesOf(SPEC);
    expect(files.get('application.yaml')).not.toMatch(/client/);
    expect([...files.keys()]).not.toContain('application-local.yaml');
  });

  it('keeps the workflow of a process with five tasks within 80 lines', async () => {
    const tasks = [...LOAN.tasks, { code: 'APPROVE', kind: 'human' as const }];
    const files = await filesOf(withDefinition({ ...LOAN, tasks }));
    expect(files.get('src/workflows.ts')?.split('\n').length).toBeLessThanOrEqual(80);
  });

  it.each(PACKAGE_MANAGERS)('uses %s in Dockerfile, CI and README', async (packageManager) => {
    const files = await filesOf({ ...SPEC, packageManager });
    for (const path of ['Dockerfile', '.github/workflows/ci.yml', 'README.md']) {
      expect(files.get(path), path).toContain(`${programOf(packageManager)} run`);
    }
  });

  it('has a README that names the screen in the app and shows how to change a running workflow [workflow.readme]', async () => {
    const readme = (await filesOf(SPEC)).get('README.md') ?? '';
    expect(readme).toContain('In the **Workflow** section of the process definition');
    expect(readme).toContain('enter the task queue `LOAN_QUEUE` and the type `LoanWorkflow`, exactly as written');
    expect(readme).toContain("if (patched('");
  });

  it('has a README for Java that names the screen and shows how to change a running workflow [java: workflow.readme]', async () => {
    const java = {
      language: 'java',
      packageManager: 'maven',
      packageName: 'com.acme.loanworker',
      slug: 'loan',
    } as const;
    const readme = (await filesOf({ ...SPEC, ...java })).get('README.md') ?? '';
    expect(readme).toContain('In the **Workflow** section of the process definition');
    expect(readme).toContain('enter the task queue `LOAN_QUEUE` and the type `LoanWorkflow`, exactly as written');
    expect(readme).toContain('Workflow.getVersion("');
  });

  it('has a README for Python that names the screen and shows how to change a running workflow [python: workflow.readme]', async () => {
    const python = { language: 'python', packageManager: 'uv', packageName: 'loan_worker', slug: 'loan' } as const;
    const readme = (await filesOf({ ...SPEC, ...python })).get('README.md') ?? '';
    expect(readme).toContain('In the **Workflow** section of the process definition');
    expect(readme).toContain('enter the task queue `LOAN_QUEUE` and the type `LoanWorkflow`, exactly as written');
    expect(readme).toContain('if workflow.patched("');
  });

  it('uses a name that Kubernetes accepts', async () => {
    for (const name of ['@Scope/My_Worker', '1', 'x'.repeat(80), 'ok']) {
      const files = await filesOf({ ...SPEC, name });
      const found = /^ {2}name: "(.*)"$/m.exec(files.get('deploy/deployment.yaml') ?? '')?.[1];
      expect(found).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });
});

describe('templates', () => {
  it('pass every value through a language helper', () => {
    expect(compileTemplates()).toMatch(/^export const templates = \{/);
  });

  it('compiled by the build include every template', async () => {
    const source = compileTemplates();
    const { templates } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { templates: object };
    const names = (readdirSync(templatesFolder(), { recursive: true }) as string[]).map((name) =>
      name.replaceAll('\\', '/'),
    );
    expect(Object.keys(templates).sort()).toEqual(names.filter((name) => name.endsWith('.hbs')).sort());
  });

  it.each([
    ['{{name}}', 'bare value'],
    ['{{{tsString name}}}', 'triple mustache'],
    ['{{#if name}}x{{/if}}', 'use #list or #when'],
    ['{{#each tasks}}{{/each}}', 'use #list or #when'],
    ['{{#list tasks}}{{code}}{{/list}}', 'exactly one named value'],
    ['{{#list tasks}}{{{name}}}{{/list}}', 'bare value'],
    ['{{#when a}}{{else}}{{name}}{{/when}}', 'bare value'],
    ['{{tsString "x"}}', 'exactly one named value'],
    ['{{tsString (lookup a b)}}', 'exactly one named value'],
    ['{{> partial}}', 'not allowed'],
    ['{{lookup a b}}', 'unknown helper lookup'],
    ['{{mdTxt name}}', 'unknown helper mdTxt; did you mean "mdText"?'],
    ['{{#list', 'Parse error'],
  ])('reject %s', (source, reason) => {
    expect(findTemplateProblems('x.hbs', source).join()).toContain(reason);
  });

  it('throw on undefined values, lists and conditions', async () => {
    const files = (await loadTemplateSet())('typescript');
    const render = (name: string, context: object) => files.find(({ path }) => path === name)?.render?.(context);
    expect(() => render('package.json', {})).toThrow('json: expected a string');
    expect(() => render('src/process/tasks.ts', { definitionFile: 'x', exec: new Code('npx') })).toThrow(
      'when: expected a boolean',
    );
    expect(() =>
      render('src/process/tasks.ts', {
        definitionFile: 'x',
        exec: new Code('npx'),
        hasActions: false,
        hasTasksOrActions: false,
        typeNames: new Code('Data'),
      }),
    ).toThrow('list: expected an array');
  });
});
