import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UpdateResult } from '../../../../src/commands/update/update-project.ts';
import { templatesFolder } from '../../../../src/languages/templates/files.ts';
import { failureOf } from '../../../support/create-worker.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { commitAll, writeTree } from '../../../support/template-folder.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();
const ENV = { PATH: process.env['PATH'] };

let template: string;
let project: string;
const { read } = projectFiles(() => project);

const CODE = ['export const team = {{tsString project.name}};', '', '', '', 'export const retries = 1;', ''].join('\n');
const FIRST = {
  'src/acme.ts.hbs': CODE,
  'OLD.md': 'old\n',
  'docs/a.md': 'a\n',
  '.nvmrc': '99\n',
  'logo.png': Buffer.from([0, 1]),
};
const SECOND = {
  'src/acme.ts.hbs': CODE.replace('retries', 'attempts'),
  'OLD.md': null,
  'docs/b.md.hbs': '{{mdText project.name}}\n',
  '.nvmrc': null,
  'logo.png': Buffer.from([0, 2]),
};

async function createFrom(source: string): Promise<void> {
  const options = ['--local', '--no-install', '--no-git', '--no-check', '--yes', '--template', source];
  const made = await runKuflow(join(project, '..'), ['create', 'loan-worker', ...options], ENV);
  expect(made.status, made.stderr).toBe(0);
}

const update = (...options: readonly string[]) =>
  runKuflow(project, ['update', '--allow-dirty', '--no-install', '--no-verify', '--json', ...options], ENV);

async function updated(...options: readonly string[]): Promise<UpdateResult> {
  const ran = await update(...options);
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as UpdateResult;
}

const changesOf = ({ files }: UpdateResult): Readonly<Record<string, string>> =>
  Object.fromEntries(files.map(({ path, how }) => [path, how]));

const recordedTemplate = (): unknown =>
  (JSON.parse(read('.kuflow/project.json')) as { answers: { template?: unknown } }).answers.template;

beforeEach(() => {
  const folder = temporaryFolder();
  template = writeTree(join(folder, 'tpl'), FIRST);
  project = join(folder, 'loan-worker');
});

describe("kuflow update of a project with the user's own template", () => {
  it('follows the branch of a repository: changed, new and removed files, and files that it no longer replaces', async () => {
    commitAll(template, 'v1');
    await createFrom(`file://${template}#main`);
    expect(changesOf(await updated())).toEqual({});
    writeFileSync(join(project, 'src/acme.ts'), `// mine\n${read('src/acme.ts')}`);
    writeTree(template, SECOND);
    const commit = commitAll(template, 'v2');

    expect(changesOf(await updated('--dry-run'))).toMatchObject({ 'src/acme.ts': 'merged', 'OLD.md': 'deleted' });
    expect(changesOf(await updated())).toEqual({
      '.kuflow/base.tgz': 'state',
      '.kuflow/project.json': 'state',
      '.nvmrc': 'replaced',
      'OLD.md': 'deleted',
      'docs/b.md': 'new',
      'logo.png': 'replaced',
      'src/acme.ts': 'merged',
    });
    expect(read('src/acme.ts')).toBe("// mine\nexport const team = 'loan-worker';\n\n\n\nexport const attempts = 1;\n");
    expect(existsSync(join(project, 'OLD.md'))).toBe(false);
    expect(read('docs/b.md')).toBe('loan-worker\n');
    expect(read('.nvmrc')).toBe(readFileSync(join(templatesFolder(), 'typescript/.nvmrc'), 'utf8'));
    expect(readFileSync(join(project, 'logo.png'))).toEqual(Buffer.from([0, 2]));
    expect(recordedTemplate()).toEqual({ source: `file://${template}`, ref: 'main', commit });
    expect([...(await readBaseTexts(project)).template.keys()]).toEqual([
      'docs/a.md',
      'docs/b.md.hbs',
      'logo.png',
      'src/acme.ts.hbs',
    ]);
    expect(changesOf(await updated())).toEqual({});
  });

  it('stays at a tag until the record names another one', async () => {
    commitAll(template, 'v1');
    await createFrom(`file://${template}#v1`);
    writeTree(template, SECOND);
    commitAll(template, 'v2');
    expect((await updated()).result).toBe('up-to-date');
    const record = join(project, '.kuflow/project.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace('"ref": "v1"', '"ref": "v2"'));
    expect(changesOf(await updated())).toMatchObject({ 'src/acme.ts': 'replaced', 'docs/b.md': 'new' });
  });

  it('follows a folder, whose path is relative to the project', async () => {
    await createFrom('../tpl'.slice(3));
    writeTree(template, { 'NEW.md': 'new\n' });
    expect(changesOf(await updated())).toEqual({ '.kuflow/base.tgz': 'state', 'NEW.md': 'new' });
    expect(recordedTemplate()).toEqual({ source: '../tpl' });
  });

  it('changes nothing without the source, unless it keeps the template that the project has', async () => {
    commitAll(template, 'v1');
    await createFrom(`file://${template}#main`);
    renameSync(template, `${template}-moved`);
    const before = treeOf(project);
    const ran = await update();
    expect(ran.status).toBe(1);
    const { error } = failureOf(ran.stdout);
    expect(error.message).toBe('Could not fetch the template');
    expect(error.next.at(-1)).toBe(
      'Or use the copy of the template in the project: npx kuflow update --allow-dirty --no-install --no-verify --keep-template',
    );
    expect(treeOf(project)).toEqual(before);
    expect((await updated('--keep-template')).result).toBe('up-to-date');
    expect(treeOf(project)).toEqual(before);
  });

  it('says where the source is recorded if its folder moved, or if the record does not name a source', async () => {
    await createFrom('tpl');
    renameSync(template, `${template}-moved`);
    const step = 'If the template moved, correct answers.template in .kuflow/project.json and commit it';
    const next = async (): Promise<readonly string[]> => failureOf((await update()).stdout).error.next;
    expect(await next()).toEqual([step, expect.stringContaining('--keep-template')]);
    const record = join(project, '.kuflow/project.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace('"source": "../tpl"', '"source": "svn://host/x"'));
    expect(await next()).toEqual([step, expect.stringContaining('--keep-template')]);
  });

  it('changes nothing if the new template is not valid', async () => {
    await createFrom('tpl');
    writeTree(template, { 'a.md.hbs': '{{project.name}}' });
    const before = treeOf(project);
    const ran = await update();
    expect(ran.status).toBe(1);
    expect(failureOf(ran.stdout).error.message).toContain('a.md.hbs:1: a bare value');
    expect(treeOf(project)).toEqual(before);
  });

  it('refuses --keep-template in a project without a template', async () => {
    const options = ['--local', '--no-install', '--no-git', '--no-check', '--yes'];
    expect((await runKuflow(join(project, '..'), ['create', 'loan-worker', ...options], ENV)).status).toBe(0);
    expect((await update('--keep-template')).status).toBe(2);
  });
});
