import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadDefinition } from '../../../../src/process/definition/file.ts';
import { baseOf, parseBase, renderBaseFile } from '../../../../src/project/base-archive.ts';
import { regenerateDefinitionCode } from '../../../../src/project/edit/regenerate.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { writeTree } from '../../../support/template-folder.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();
const BASE = '.kuflow/base.tgz';

let project: string;
const { read } = projectFiles(() => project);
const add = (...args: readonly string[]) => runKuflow(project, ['add', ...args], { PATH: process.env['PATH'] });

const LOGO = Buffer.from([0x89, 0, 13, 10, 0xff]);
const TASKS = '{{#list project.processes}}{{#list tasks}}{{word code}} {{word kind}}\n{{/list}}{{/list}}';

describe.each(['typescript', 'java', 'python'])("a %s project with the user's own template", (language) => {
  beforeEach(async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'tpl'), { 'TASKS.txt.hbs': TASKS, NOTICE: 'ours\n', 'logo.png': LOGO });
    project = join(folder, 'loan-worker');
    const made = await runKuflow(folder, [
      ...[
        'create',
        'loan-worker',
        '--process',
        'LOAN',
        '--task',
        'APPLY',
        '--task',
        'SCORE:system',
        '--task-queue',
        'Q',
      ],
      ...['--workflow-type', 'LoanWorkflow', '--no-install', '--no-git', '--no-check', '--yes'],
      ...['--language', language, '--template', 'tpl'],
    ]);
    expect(made.status, made.stderr).toBe(0);
    expect(read('TASKS.txt')).toBe('APPLY human\nSCORE system\n');
    // Only the archive has it from now on.
    rmSync(join(folder, 'tpl'), { recursive: true });
  });

  it('renders its files again when something is added, and merges them with edits', async () => {
    const added = await add('task', 'REVIEW');
    expect(added.status, added.stderr).toBe(0);
    expect(read('TASKS.txt')).toBe('APPLY human\nSCORE system\nREVIEW human\n');
    writeFileSync(join(project, 'TASKS.txt'), `# mine\n${read('TASKS.txt')}`);
    const process = ['--task', 'ASK', '--workflow-type', 'LeaveWorkflow', '--yes', '--edit', 'TASKS.txt'];
    const more = await add('process', 'LEAVE', ...process);
    expect(more.status, more.stderr).toBe(0);
    expect(read('TASKS.txt')).toBe('# mine\nAPPLY human\nSCORE system\nREVIEW human\nASK human\n');
    expect(read('NOTICE')).toBe('ours\n');
    const { template, generated } = await readBaseTexts(project);
    expect(Object.fromEntries(template)).toMatchObject({ 'TASKS.txt.hbs': TASKS, NOTICE: 'ours\n' });
    expect(generated.get('TASKS.txt')).toBe('APPLY human\nSCORE system\nREVIEW human\nASK human\n');
    expect(JSON.parse(read('.kuflow/project.json'))).toMatchObject({ answers: { template: { source: '../tpl' } } });
  });

  it('keeps its template when a definition is saved in kuflow dev', async () => {
    const file = join(project, 'kuflow.process.yaml');
    const before = await loadDefinition(file);
    appendFileSync(file, '\n  - code: LAST\n    kind: human\n');
    const { version } = (JSON.parse(read('.kuflow/project.json')) as { template: { version: string } }).template;
    const { written } = await regenerateDefinitionCode({ folder: project, env: {}, version, before: [before] });
    expect(written.length).toBeGreaterThan(0);
    expect((await readBaseTexts(project)).template.size).toBe(3);
  });

  it('stops without the template, because other code would be generated, and nothing is written', async () => {
    const archive = await parseBase(readFileSync(join(project, BASE)));
    const { contents } = await renderBaseFile(baseOf([...archive.generated.values()]));
    for (const damage of [() => writeFileSync(join(project, BASE), contents), () => rmSync(join(project, BASE))]) {
      damage();
      const before = treeOf(project);
      const ran = await add('task', 'REVIEW');
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain('does not contain the template of this project');
      expect(ran.stderr).toContain('Restore it from a backup');
      expect(treeOf(project)).toEqual(before);
    }
  });

  it('keeps a file that is not text when the archive of another branch lacks a process', async () => {
    const process = ['--task', 'ASK', '--workflow-type', 'LeaveWorkflow', '--yes'];
    const archive = readFileSync(join(project, BASE));
    const added = await add('process', 'LEAVE', ...process);
    expect(added.status, added.stderr).toBe(0);
    writeFileSync(join(project, BASE), archive);
    const more = await add('task', 'REVIEW', '--process', 'LEAVE', '--json');
    expect(more.status, more.stdout).toBe(0);
    expect(more.stdout).toContain('It is rebuilt from the definition');
    const { generated } = await parseBase(readFileSync(join(project, BASE)));
    expect(Buffer.from(generated.get('logo.png')?.contents ?? []).equals(LOGO)).toBe(true);
  });

  it('checks a template in an edited archive like one in a folder', async () => {
    const archive = await parseBase(readFileSync(join(project, BASE)));
    for (const name of ['.kuflow/x', 'a.hbs', 'kuflow.process.yaml']) {
      const file = { path: name, contents: Buffer.from('{{name}}'), mode: 0o644 } as const;
      const edited = await renderBaseFile({ ...archive, template: new Map([[name, file]]) });
      writeFileSync(join(project, BASE), edited.contents);
      const ran = await add('task', 'REVIEW');
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain(`The template is not valid:\n    ${name}`);
    }
  });
});
