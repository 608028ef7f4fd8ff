import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LANGUAGE_IDS } from '../../../../src/languages/language-ids.ts';
import { loadTemplateSet } from '../../../../src/languages/templates/set.ts';
import { NEEDED_LINES } from '../../../../src/languages/templates/own-template.ts';
import { makeByWizard, WHICH } from '../../../support/by-wizard.ts';
import { createdOf, createWorker, failureOf, FILES_ONLY, type Ran } from '../../../support/create-worker.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { commitAll, runGit, writeTree } from '../../../support/template-folder.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const create = (cwd: string, ...args: readonly string[]): Promise<Ran> =>
  createWorker(cwd, ['w', '--local', ...FILES_ONLY, '--json', ...args]);

const readText = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8');

describe('create --template with a folder', () => {
  it('adds, replaces and leaves out files, and records the template', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), {
      'README.md.hbs':
        '# {{mdText project.name}} of ACME\n{{#list project.processes}}\n{{#list tasks}}\n- {{mdCode code}}: {{word kind}}\n{{/list}}\n{{/list}}\n',
      'ci/x.yml.hbs': 'name: {{json project.name}}\nenv: { T: "$\\{{ secrets.T }}" }\n',
      'ci/run.sh': '#!/bin/sh\r\nnpm test\r\n',
      'logo.png': Buffer.from([0x89, 0, 13, 10, 0xff]),
      _npmrc: 'registry=https://npm.example.com\n',
      'Dockerfile.hbs': '{{#when project.isJava}}FROM x{{/when}}\n',
      'node_modules/x/index.js': 'not part of it',
      '.git/config': 'not part of it',
    });
    const ran = await create(cwd, '--template', 'tpl');
    expect(ran.status, ran.stdout).toBe(0);
    const project = join(cwd, 'w');
    expect(readText(project, 'README.md')).toMatch(
      /^# w of ACME\n(?:- `[A-Z_]+`: (?:human|system|message|thread)\n)+$/,
    );
    expect(readText(project, 'ci/x.yml')).toBe('name: "w"\nenv: { T: "${{ secrets.T }}" }\n');
    expect(readText(project, 'ci/run.sh')).toBe('#!/bin/sh\nnpm test\n');
    if (process.platform !== 'win32') expect(statSync(join(project, 'ci/run.sh')).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(project, 'logo.png'))).toEqual(Buffer.from([0x89, 0, 13, 10, 0xff]));
    expect(readText(project, '.npmrc')).toBe('registry=https://npm.example.com\n');
    expect(['Dockerfile', 'node_modules', '.git', '_npmrc'].filter((path) => existsSync(join(project, path)))).toEqual(
      [],
    );
    expect(existsSync(join(project, 'src/workflows.ts'))).toBe(true);

    const record = JSON.parse(readText(project, '.kuflow/project.json')) as { answers: object; command: string };
    expect(record.answers).toMatchObject({ template: { source: '../tpl' } });
    expect(record.command).toContain(' --template tpl ');
    expect(createdOf(ran.stdout)).toMatchObject({ template: { source: '../tpl' }, command: record.command });
    const { template, generated } = await readBaseTexts(project);
    expect([...template.keys()]).toEqual([
      'Dockerfile.hbs',
      'README.md.hbs',
      '_npmrc',
      'ci/run.sh',
      'ci/x.yml.hbs',
      'logo.png',
    ]);
    expect(generated.get('README.md')).toBe(readText(project, 'README.md'));
    const again = await create(cwd, '--template', 'tpl');
    expect(createdOf(again.stdout).files.filter(({ action }) => action !== 'identical')).toEqual([]);
  });

  it('uses only shared/ and the folder of the language if it has such folders', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), {
      'README.md': 'About the template',
      'shared/NOTICE': 'all',
      'shared/CODEOWNERS': 'all',
      'python/CODEOWNERS': '* @python',
      'python/src/example_worker/acme.py': 'from example_worker import x\n',
    });
    const python = await create(cwd, '--template', 'tpl', '--language', 'python', '--package', 'loans');
    expect(python.status, python.stdout).toBe(0);
    expect(readText(cwd, 'w/README.md')).not.toBe('About the template');
    expect([readText(cwd, 'w/NOTICE'), readText(cwd, 'w/CODEOWNERS')]).toEqual(['all', '* @python']);
    expect(readText(cwd, 'w/src/loans/acme.py')).toBe('from loans import x\n');
    const java = await createWorker(cwd, ['j', '--local', ...FILES_ONLY, '--template', 'tpl', '--language', 'java']);
    expect(java.status).toBe(0);
    expect(readText(cwd, 'j/CODEOWNERS')).toBe('all');
  });

  it('adds the lines that every project needs to its files for git', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), { '.gitignore': 'out/\n/application-local.yaml', '.gitattributes': '* text\n' });
    expect((await create(cwd, '--template', 'tpl')).status).toBe(0);
    expect(readText(cwd, 'w/.gitignore')).toBe(
      'out/\n/application-local.yaml\n\n# For kuflow\n.kuflow/dev/\n.kuflow/journal/\n.kuflow/project.lock*\n.kuflow/program*\n!.kuflow/base.tgz\n!.kuflow/lib/**\n!.kuflow/project.json\n',
    );
    const templates = await loadTemplateSet();
    for (const language of LANGUAGE_IDS)
      for (const [path, lines] of Object.entries(NEEDED_LINES)) {
        const file = templates(language).find((one) => one.path === path);
        const own = file?.contents.toString('utf8').split('\n') ?? [];
        expect(own.filter((line) => /^!?\.kuflow\//.test(line) || line === 'application-local.yaml')).toEqual(lines);
      }
  });

  it('does not propose to move a workflow that the template leaves out', async () => {
    const cwd = temporaryFolder();
    runGit(cwd, 'init', '--quiet');
    writeTree(join(cwd, 'tpl'), { '.github/workflows/ci.yml.hbs': '' });
    const args = ['--local', '--yes', '--no-install', '--no-check', '--json'];
    const texts = async (...more: readonly string[]): Promise<readonly string[]> =>
      createdOf((await createWorker(cwd, [...more, ...args], { PATH: process.env['PATH'] })).stdout).next.map(
        ({ text }) => text,
      );
    expect((await texts('a')).join()).toContain('move .github/workflows/ci.yml');
    expect((await texts('b', '--template', 'tpl')).join()).not.toContain('workflow');
  });

  it('is read before the first question of the wizard, whose summary includes its files', async () => {
    const cwd = temporaryFolder();
    await expect(makeByWizard({ cwd, env: {}, script: [], flags: { template: 'missing' } })).rejects.toMatchObject({
      seen: `${join(cwd, 'missing')} does not exist`,
    });
    writeTree(join(cwd, 'tpl'), { NOTICE: 'x' });
    writeTree(join(cwd, 'w'), { NOTICE: 'mine' });
    const made = makeByWizard({ cwd, env: {}, script: [[WHICH, 'sample']], flags: { template: 'tpl' }, folder: 'w' });
    await expect(made).rejects.toThrow('asked: The project cannot be created like this');
  });

  it('offers the languages that the template has, and checks the folder for one of them', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), { 'python/NOTICE': 'x', 'java/NOTICE': 'x' });
    const made = await makeByWizard({
      cwd,
      env: {},
      flags: { template: 'tpl', packageManager: undefined },
      script: [
        [WHICH, 'sample'],
        ['Folder for the new project', 'w'],
        [
          'Language of the worker',
          'python',
          ({ choices, fallback }) =>
            expect([choices?.map(({ value }) => value), fallback]).toEqual([['java', 'python'], 'java']),
        ],
        ['Package name', 'loans'],
        ['Package manager', 'pip'],
        ['Create the project?', 'create'],
      ],
    });
    expect(made.command).toContain('--language python');
    expect(readText(cwd, 'w/NOTICE')).toBe('x');
  });

  it('refuses a template without files for the language', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), { 'python/NOTICE': 'x' });
    const { error } = failureOf((await create(cwd, '--template', 'tpl')).stdout);
    expect(error.message).toContain('it has no files for TypeScript, only the folders python');
    expect(existsSync(join(cwd, 'w'))).toBe(false);
  });

  it('does not read workers that were created in the folder of the template', async () => {
    const cwd = temporaryFolder();
    writeTree(cwd, { NOTICE: 'x' });
    expect((await create(cwd, '--template', '.')).status).toBe(0);
    const files = async (): Promise<readonly string[]> => {
      const ran = await createWorker(cwd, ['v', '--local', ...FILES_ONLY, '--json', '--template', '.', '--dry-run']);
      return createdOf(ran.stdout).files.map(({ path }) => path);
    };
    expect(await files()).toContain('NOTICE');
    expect((await files()).filter((path) => path.startsWith('w/'))).toEqual([]);
  });

  it('refuses a bare repository, and names its URL', async () => {
    const cwd = temporaryFolder();
    runGit(cwd, 'init', '--quiet', '--bare', 'tpl.git');
    const { error } = failureOf((await create(cwd, '--template', 'tpl.git')).stdout);
    expect(error.seen).toBe(`${join(cwd, 'tpl.git')} is a git repository without a working tree`);
    expect(error.next).toEqual([`Pass its URL: --template file://${join(cwd, 'tpl.git')}`]);
  });

  it('shows the files of the template in a dry run', async () => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), { NOTICE: 'x' });
    const made = createdOf((await create(cwd, '--template', './tpl', '--dry-run')).stdout);
    expect(made).toMatchObject({ template: { source: '../tpl' } });
    expect(made.files).toContainEqual({ path: 'NOTICE', action: 'create' });
    expect(existsSync(join(cwd, 'w'))).toBe(false);
  });

  it.each<[string, Readonly<Record<string, string | Uint8Array>>, string]>([
    [
      'a bare value',
      { 'a.md.hbs': 'x\n{{project.name}}' },
      'a.md.hbs:2: a bare value; use a language helper, or \\{{ for literal braces',
    ],
    [
      'an unknown helper',
      { 'a.md.hbs': '{{mdTxt project.name}}' },
      'a.md.hbs:1: unknown helper mdTxt; did you mean "mdText"?',
    ],
    [
      'an unknown variable',
      { 'a.md.hbs': '\n\n{{mdText nmae}}' },
      'a.md.hbs:3: {{mdText nmae}}: mdText: expected a string; did you mean "name"?',
    ],
    [
      'a variable with a wrong type',
      { 'a.md.hbs': '{{#when name}}{{/when}}' },
      'a.md.hbs:1: {{#when name}}: when: expected a boolean',
    ],
    [
      'a property of a prototype',
      { 'a.md.hbs': '{{mdText name.constructor.name}}' },
      'a.md.hbs:1: {{mdText name.constructor.name}}: mdText: expected a string',
    ],
    ['a partial that includes itself', { 'a.hbs': '{{> a}}' }, 'a.hbs:1: PartialStatement is not allowed in templates'],
    ['a parse error', { 'a.hbs': '{{#list' }, 'Parse error'],
    ['bytes that are not text', { 'a.hbs': Buffer.from([0xff, 0xfe]) }, 'a.hbs: not UTF-8 text'],
    [
      'endless lists',
      {
        'a.hbs': `${'{{#list @root.project.processes}}{{#list tasks}}'.repeat(10)}${'x'.repeat(1000)}${'{{/list}}'.repeat(20)}`,
      },
      'render more than 2 MiB',
    ],
    [
      'deep blocks',
      { 'a.hbs': '{{#when project.local}}'.repeat(21) + '{{/when}}'.repeat(21) },
      'a.hbs: blocks are nested more than 20 deep',
    ],
    ['too many expressions', { 'a.hbs': '{{mdText name}}\n'.repeat(2001) }, 'a.hbs: more than 2000 expressions'],
    [
      'many files that render a lot',
      Object.fromEntries(
        Array.from({ length: 25 }, (_, at) => [
          `${at}.hbs`,
          `{{#list project.processes}}{{#list tasks}}${'x'.repeat(150_000)}{{/list}}{{/list}}`,
        ]),
      ),
      'its files together render more than 16 MiB',
    ],
    [
      'a file of kuflow',
      { '.kuflow/project.json': '{}' },
      '.kuflow/project.json: only kuflow writes the folder .kuflow',
    ],
    [
      'local settings',
      { 'Application-Local.yaml': '' },
      'Application-Local.yaml: it contains the settings of one machine',
    ],
    [
      'a definition',
      { 'kuflow.process.yaml.hbs': '' },
      'kuflow.process.yaml.hbs: process definitions are not part of a template',
    ],
    ['an additional definition', { 'processes/x.process.yaml': '' }, 'process definitions are not part of a template'],
    ['a device of Windows', { 'src/aux.ts': '' }, 'src/aux.ts: Windows does not allow this name'],
    ['a long path', { [`${'a/'.repeat(80)}b`]: '' }, 'the path is too long'],
    ['a lock file', { 'package-lock.json': '{}' }, 'package-lock.json: the package manager writes this file'],
    ['a package file that is left out', { 'package.json.hbs': ' \n' }, 'package.json: a project needs this file'],
    [
      'two files with one path',
      { 'README.md': '', 'README.md.hbs': '' },
      'README.md and README.md.hbs have the same path in the project',
    ],
    ['a file that differs in case', { 'Readme.md': 'x' }, 'are one file on systems that ignore case'],
    ['a file instead of a folder', { src: 'x' }, 'src is a file, but src/activities.ts needs a folder with this name'],
    [
      'a folder instead of a file',
      { 'tsconfig.json/x': '' },
      'tsconfig.json is a file, but tsconfig.json/x needs a folder',
    ],
    [
      'a part of a process that is not rendered',
      { 'src/workflows.ts': '' },
      'cannot replace src/workflows.ts with a file that is not rendered',
    ],
    ['a large file', { big: Buffer.alloc(1024 * 1024 + 1) }, 'big is larger than 1 MiB'],
    ['no files', { 'node_modules/x': '' }, 'it has no files'],
    [
      'a file of Git LFS',
      { 'logo.png': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' },
      'logo.png is stored with Git LFS',
    ],
  ])('refuses a template with %s', async (_what, files, message) => {
    const cwd = temporaryFolder();
    writeTree(join(cwd, 'tpl'), files);
    const ran = await create(cwd, '--template', 'tpl');
    expect(ran.status).toBe(1);
    expect(failureOf(ran.stdout).error.message).toContain(message);
    expect(existsSync(join(cwd, 'w'))).toBe(false);
  });

  it('refuses links, too many files and too many bytes', async () => {
    const cwd = temporaryFolder();
    const tpl = writeTree(join(cwd, 'tpl'), { a: '' });
    symlinkSync('/etc/passwd', join(tpl, 'link'));
    expect(failureOf((await create(cwd, '--template', 'tpl')).stdout).error.message).toContain(
      'link is a symbolic link, which a template cannot contain',
    );
    writeTree(join(cwd, 'parts'), { 'typescript/a': '', '../common/b': '' });
    symlinkSync('../common', join(cwd, 'parts/shared'));
    expect(failureOf((await create(cwd, '--template', 'parts')).stdout).error.message).toContain(
      'shared is a symbolic link, which a template cannot contain',
    );
    writeTree(join(cwd, 'many'), Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`f${at}`, ''])));
    expect(failureOf((await create(cwd, '--template', 'many')).stdout).error.message).toContain('more than 1000 files');
    const part = Buffer.alloc(1024 * 1024);
    writeTree(join(cwd, 'large'), Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`f${at}`, part])));
    expect(failureOf((await create(cwd, '--template', 'large')).stdout).error.message).toContain('larger than 4 MiB');
  });

  it('refuses what is not a template', async () => {
    const cwd = temporaryFolder();
    writeTree(cwd, { file: '' });
    const seen = async (source: string): Promise<readonly unknown[]> => {
      const { error } = failureOf((await create(cwd, '--template', source)).stdout);
      return [error.status, error.seen ?? error.message];
    };
    expect(await seen('missing')).toEqual([1, `${join(cwd, 'missing')} does not exist`]);
    expect(await seen('file')).toEqual([1, `${join(cwd, 'file')} is not a folder`]);
    expect((await seen(' '))[0]).toBe(2);
  });

  it('reports missing options before it reads the template', async () => {
    const ran = await createWorker(temporaryFolder(), ['--template', 'missing', '--yes', '--json']);
    expect(failureOf(ran.stdout).error).toMatchObject({ status: 2 });
    expect(failureOf(ran.stdout).error.message).toContain('Missing');
  });
});

describe('create --template with a repository', () => {
  it('records the commit, and repeats the branch or tag', async () => {
    const cwd = temporaryFolder();
    const repository = writeTree(join(cwd, 'tpl'), { NOTICE: 'one' });
    const first = commitAll(repository, 'v1');
    writeTree(repository, { NOTICE: 'two' });
    commitAll(repository);
    mkdirSync(join(cwd, 'in'));
    const ran = await create(join(cwd, 'in'), '--template', `file://${repository}#v1`);
    expect(ran.status, ran.stdout).toBe(0);
    expect(readText(cwd, 'in/w/NOTICE')).toBe('one');
    expect(createdOf(ran.stdout)).toMatchObject({
      template: { source: `file://${repository}`, ref: 'v1', commit: first },
    });
    expect(createdOf(ran.stdout).command).toContain(` --template 'file://${repository}#v1' `);
  });
});
