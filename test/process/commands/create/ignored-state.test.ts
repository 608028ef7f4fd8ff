import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LANGUAGE_IDS } from '../../../../src/languages/language-ids.ts';
import { createdOf, createWorker, FILES_ONLY } from '../../../support/create-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const NEEDED = '.kuflow/base.tgz';

/** The notes about a project that is created in a repository whose `.gitignore` has these rules. */
async function notesWith(
  rules: string,
  language = 'typescript',
): Promise<{ notes: readonly string[]; folder: string }> {
  const cwd = temporaryFolder();
  execFileSync('git', ['init', '--quiet'], { cwd });
  writeFileSync(join(cwd, '.gitignore'), rules);
  const args = ['w', '--local', ...FILES_ONLY, '--json', '--language', language];
  const { notes } = createdOf((await createWorker(cwd, args)).stdout);
  return { notes: notes.filter((note) => note.includes(NEEDED)), folder: join(cwd, 'w') };
}

const added = (folder: string): string =>
  execFileSync('git', ['add', '--dry-run', '--all'], { cwd: folder, encoding: 'utf8' });

describe('create in a repository that ignores archives', () => {
  it.each(LANGUAGE_IDS)('writes rules that except the archive and the record: %s', async (language) => {
    const { notes, folder } = await notesWith('*.tgz\n*.json\n', language);
    expect(notes).toEqual([]);
    expect(added(folder)).toContain(NEEDED);
    expect(added(folder)).toContain('.kuflow/project.json');
  });

  it('adds these rules below those of a folder that has a .gitignore', async () => {
    const cwd = temporaryFolder();
    execFileSync('git', ['init', '--quiet'], { cwd });
    mkdirSync(join(cwd, 'w'));
    writeFileSync(join(cwd, 'w/.gitignore'), 'logs\n*.tgz\n');
    const created = createdOf((await createWorker(cwd, ['w', '--local', ...FILES_ONLY, '--json'])).stdout);
    expect(created.notes.filter((note) => note.includes(NEEDED))).toEqual([]);
    expect(added(join(cwd, 'w'))).toContain(NEEDED);
  });

  it('names the lines to add if a rule for the folder has precedence', async () => {
    const { notes, folder } = await notesWith('.kuflow/\n');
    expect(notes).toEqual([
      'git ignores .kuflow/project.json and .kuflow/base.tgz, which kuflow update needs in every clone. Add these lines to the end of .gitignore in the project: !/.kuflow/ !/.kuflow/project.json !/.kuflow/base.tgz',
    ]);
    const lines = notes[0]?.match(/!\/\S+/g) ?? [];
    appendFileSync(join(folder, '.gitignore'), `${lines.join('\n')}\n`);
    expect(added(folder)).toContain(NEEDED);
    expect(added(folder)).not.toContain('project.lock');
  });

  it('says nothing about a folder that git ignores as a whole, or without a repository', async () => {
    expect((await notesWith('/w/\n')).notes).toEqual([]);
    const created = createdOf(
      (await createWorker(temporaryFolder(), ['w', '--local', ...FILES_ONLY, '--json'])).stdout,
    );
    expect(created.notes.filter((note) => note.includes(NEEDED))).toEqual([]);
  });
});
