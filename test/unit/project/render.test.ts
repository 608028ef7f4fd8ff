import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { ProcessDefinition } from '../../../src/process/definition.ts';
import type { ProjectSpec } from '../../../src/languages/project-spec.ts';
import { PACKAGE_MANAGERS, programOf } from '../../../src/languages/typescript/package-manager.ts';
import { compileTemplates } from '../../../src/languages/templates/compile.ts';
import { renderProject } from '../../../src/project/render.ts';
import { findTemplateProblems } from '../../../src/languages/templates/check.ts';
import { templatesFolder } from '../../../src/languages/templates/files.ts';
import { loadTemplateSet } from '../../../src/languages/templates/set.ts';

const LOAN: ProcessDefinition = {
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

const ANSWERS: ProjectSpec = {
  name: 'loan-worker',
  language: 'typescript',
  definition: LOAN,
  definitionSource: 'file',
  local: false,
  packageManager: 'npm',
  cliPackage: 'file:../x.tgz',
};

async function filesOf(spec: ProjectSpec): Promise<ReadonlyMap<string, string>> {
  const files = await renderProject(spec);
  return new Map(files.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]));
}

describe('renderTemplate', () => {
  it('copies what is no template byte for byte, and brings names back that npm drops', async () => {
    const files = await renderProject(ANSWERS);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    expect(paths).toContain('.gitignore');
    expect(paths.filter((path) => /(^|\/)_|\.hbs$/.test(path))).toEqual([]);
    const settings = files.find(({ path }) => path === 'src/kuflow/settings.ts');
    expect(settings?.contents).toEqual(readFileSync(join(templatesFolder(), 'typescript/src/kuflow/settings.ts')));
  });

  it('exports the workflow under its type, whatever that is', async () => {
    const plain = await filesOf(ANSWERS);
    expect(plain.get('src/workflows.ts')).toContain('export async function LoanWorkflow(');
    const type = 'my "workflow"/é';
    const odd = await filesOf({ ...ANSWERS, definition: { ...LOAN, workflow: { type, taskQueue: 'Q' } } });
    const source = ts.createSourceFile('w.ts', odd.get('src/workflows.ts') ?? '', ts.ScriptTarget.ES2022, true);
    const exported = source.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause }) => {
      return exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    });
    expect(exported).toEqual([type]);
  });

  it('hands the data of human tasks to the system task after them', async () => {
    const files = await filesOf(ANSWERS);
    expect(files.get('src/workflows.ts')).toContain('activities.creditCheck({ processId, loanApplication })');
    expect(files.get('src/activities.ts')).toContain('Promise<CreditCheckData>');
  });

  it('writes no secret and no client id', async () => {
    const files = await filesOf(ANSWERS);
    expect(files.get('application.yaml')).not.toMatch(/client/);
    expect([...files.keys()]).not.toContain('application-local.yaml');
  });

  it('keeps the workflow of a process with five tasks within 80 lines', async () => {
    const tasks = [...LOAN.tasks, { code: 'APPROVE', kind: 'human' as const }];
    const files = await filesOf({ ...ANSWERS, definition: { ...LOAN, tasks } });
    expect(files.get('src/workflows.ts')?.split('\n').length).toBeLessThanOrEqual(80);
  });

  it.each(PACKAGE_MANAGERS)('speaks %s in Dockerfile, CI and README', async (packageManager) => {
    const files = await filesOf({ ...ANSWERS, packageManager });
    for (const path of ['Dockerfile', '.github/workflows/ci.yml', 'README.md']) {
      expect(files.get(path), path).toContain(`${programOf(packageManager)} run`);
    }
  });

  it('gives Kubernetes a name that it accepts', async () => {
    for (const name of ['@Scope/My_Worker', '1', 'x'.repeat(80), 'ok']) {
      const files = await filesOf({ ...ANSWERS, name });
      const found = /^ {2}name: "(.*)"$/m.exec(files.get('deploy/deployment.yaml') ?? '')?.[1];
      expect(found).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });
});

describe('templates', () => {
  it('pass every value through a language helper', () => {
    expect(compileTemplates()).toMatch(/^export const templates = \{/);
  });

  it('that the build compiled render as those from source', async () => {
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
    ['{{#if name}}x{{/if}}', 'only #list and #when'],
    ['{{#each tasks}}{{/each}}', 'only #list and #when'],
    ['{{#list tasks}}{{code}}{{/list}}', 'one value by name'],
    ['{{#list tasks}}{{{name}}}{{/list}}', 'bare value'],
    ['{{#when a}}{{else}}{{name}}{{/when}}', 'bare value'],
    ['{{tsString "x"}}', 'one value by name'],
    ['{{tsString (lookup a b)}}', 'one value by name'],
    ['{{> partial}}', 'not used'],
    ['{{lookup a b}}', 'bare value'],
    ['{{#list', 'Parse error'],
  ])('refuses %s', (source, reason) => {
    expect(findTemplateProblems('x.hbs', source).join()).toContain(reason);
  });

  it('throw on what is undefined, in values, lists and conditions', async () => {
    const templates = await loadTemplateSet();
    expect(() => templates.render('typescript/package.json.hbs', {})).toThrow('json: no text');
    expect(() => templates.render('typescript/src/process/tasks.ts.hbs', { definitionFile: 'x' })).toThrow(
      'when: neither true nor false',
    );
    expect(() =>
      templates.render('typescript/src/process/tasks.ts.hbs', {
        definitionFile: 'x',
        hasTasks: false,
        hasTypeImports: false,
      }),
    ).toThrow('list: no list');
  });
});
