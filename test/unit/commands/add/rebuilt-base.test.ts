import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();
const BASE = '.kuflow/base.tgz';

let project: string;
const { read, edit } = projectFiles(() => project);
const add = (...args: readonly string[]): Promise<Ran> =>
  runKuflow(project, ['add', ...args], { PATH: process.env['PATH'] });
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: project, encoding: 'utf8' });
const resultOf = (ran: Ran): AddResult => {
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as AddResult;
};
const kinds = ({ files }: AddResult): readonly string[] => [...new Set(files.map(({ how }) => how))].sort();
const CREATED_BY_OTHER = ['"version": "9.9.9"', '"version": "9.9.8"'] as const;

beforeEach(async () => {
  project = join(temporaryFolder(), 'loan-worker');
  const made = await runKuflow(join(project, '..'), [
    ...['create', 'loan-worker', '--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system', '--task-queue', 'Q'],
    ...['--workflow-type', 'LoanWorkflow', '--no-install', '--no-git', '--no-check', '--yes'],
  ]);
  expect(made.status, made.stderr).toBe(0);
});

describe('a missing archive', () => {
  it('is rebuilt from the record and the definition, and the result says what that assumes', async () => {
    edit('kuflow.process.yaml', '  - code: SCORE', '  - code: BOOK\n    kind: human\n\n  - code: SCORE');
    rmSync(join(project, BASE));
    const result = resultOf(await add('task', 'REVIEW', '--json'));
    expect(result.notes).toEqual([expect.stringMatching(/^\.kuflow\/base\.tgz does not exist\. It is rebuilt from /)]);
    expect(kinds(result)).toEqual(['definition', 'generated', 'state']);
    expect(read('src/workflows.ts').match(/\btasks\.(?!ts\b)\w+/g)).toEqual([
      'tasks.apply',
      'tasks.book',
      'tasks.score',
      'tasks.review',
    ]);
    const { generated, merged } = await readBaseTexts(project);
    expect(merged.size).toBe(0);
    for (const [path, text] of generated) expect(read(path), path).toBe(text);
    expect(resultOf(await add('task', 'LAST', '--json')).notes).toEqual([]);
  });

  it('stops the command if the project was created by another version, and nothing is written', async () => {
    rmSync(join(project, BASE));
    edit('.kuflow/project.json', ...CREATED_BY_OTHER);
    const before = treeOf(project);
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(1);
    for (const text of [
      '.kuflow/base.tgz does not exist',
      'this project was created by version 9.9.8, and this is 9.9.9',
      'git checkout HEAD -- .kuflow/base.tgz',
      'npx -p create-kuflow-worker@9.9.8 kuflow',
    ])
      expect(ran.stderr).toContain(text);
    expect(treeOf(project)).toEqual(before);
  });
});

describe('a damaged archive', () => {
  it.each([
    ['text', '<<<<<<< ours\n'],
    ['empty', ''],
  ])('stops the command if it is %s, and is not replaced', async (_what, text) => {
    writeFileSync(join(project, BASE), text);
    const before = treeOf(project);
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('.kuflow/base.tgz is damaged');
    expect(ran.stderr).toContain('git checkout HEAD -- .kuflow/base.tgz');
    expect(treeOf(project)).toEqual(before);
  });
});

describe('two git branches with additions', () => {
  /** Makes one addition on each of two branches and merges them. Only the archive is in conflict then. */
  async function merge(one: readonly string[], other: readonly string[]): Promise<void> {
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'start');
    git('checkout', '-qb', 'other');
    resultOf(await add(...other, '--json'));
    git('commit', '-qam', 'other');
    git('add', '.');
    git('commit', '-qm', 'new files', '--allow-empty');
    git('checkout', '-q', 'main');
    resultOf(await add(...one, '--json'));
    git('add', '.');
    git('commit', '-qm', 'one');
    spawnSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', 'merge', '-q', 'other'], { cwd: project });
    expect(git('diff', '--name-only', '--diff-filter=U')).toBe(`${BASE}\n`);
  }
  const TASKS = [
    ['task', 'ONE:message', '--after', 'APPLY'],
    ['task', 'OTHER:message'],
  ] as const;

  it('have the archive rebuilt while it is in conflict', async () => {
    await merge(...TASKS);
    const result = resultOf(await add('task', 'REVIEW', '--json'));
    expect(result.notes).toEqual([expect.stringContaining('differs between the branches of a git merge')]);
    expect(kinds(result)).toEqual(['definition', 'generated', 'state']);
    git('add', '.');
    git('commit', '-qm', 'merged');
    const { generated } = await readBaseTexts(project);
    for (const [path, text] of generated) expect(read(path), path).toBe(text);
    edit('.kuflow/project.json', ...CREATED_BY_OTHER);
    expect(resultOf(await add('task', 'LAST', '--json')).notes).toEqual([]);
  });

  it('stop the command while it is in conflict if another version created the project', async () => {
    await merge(...TASKS);
    edit('.kuflow/project.json', ...CREATED_BY_OTHER);
    const before = treeOf(project);
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('.kuflow/base.tgz differs between the branches of a git merge');
    expect(ran.stderr).toContain('git checkout --ours .kuflow/base.tgz && git add .kuflow/base.tgz');
    expect(treeOf(project)).toEqual(before);
    git('checkout', '-q', '--ours', BASE);
    git('add', BASE);
    expect(resultOf(await add('task', 'REVIEW', '--json')).notes).toEqual([]);
  });

  it.each(['--ours', '--theirs'])(
    'need no approval after the archive of one of them was kept with %s',
    async (side) => {
      await merge(...TASKS);
      git('checkout', '-q', side, BASE);
      git('commit', '-qam', 'merged');
      const result = resultOf(await add('task', 'REVIEW', '--json'));
      expect(result.notes).toEqual([]);
      expect(kinds(result)).toEqual(['definition', 'generated', 'state']);
      expect(read('src/workflows.ts').match(/\btasks\.(?!ts\b)\w+/g)).toEqual(
        ['apply', 'one', 'score', 'other', 'review'].map((name) => `tasks.${name}`),
      );
      const { generated } = await readBaseTexts(project);
      for (const [path, text] of generated) expect(read(path), path).toBe(text);
    },
  );

  it('have the files of a process added that only the other one has', async () => {
    await merge(['task', 'ONE'], ['process', 'LEAVE', '--task', 'REQUEST:system', '--workflow-type', 'LeaveWorkflow']);
    git('checkout', '-q', '--ours', BASE);
    git('commit', '-qam', 'merged');
    const result = resultOf(await add('task', 'BOOK', '--process', 'LEAVE', '--json'));
    expect(result.notes).toEqual([expect.stringContaining('does not contain processes/leave.process.yaml')]);
    expect(kinds(result)).toEqual(['definition', 'generated', 'state']);
    expect(resultOf(await add('task', 'LAST', '--process', 'LOAN', '--json')).notes).toEqual([]);
  });
});
