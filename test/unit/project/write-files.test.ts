import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interruptedError } from '../../../src/base/errors.ts';
import { conflictError, comparePlan } from '../../../src/project/existing-files.ts';
import type { PlannedFile } from '../../../src/languages/planned-file.ts';
import { writeFiles } from '../../../src/project/write-files.ts';
import { errorOf } from '../../support/known-error.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const planOf = (files: Readonly<Record<string, string>>): readonly PlannedFile[] =>
  Object.entries(files).map(([path, text]) => ({
    path,
    contents: Buffer.from(text),
    mode: path.endsWith('.sh') ? 0o755 : path.startsWith('secret') ? 0o600 : 0o644,
  }));

const PLAN = planOf({ 'a.txt': 'a', 'deep/down/b.txt': 'b', 'run.sh': '#!/bin/sh\n', 'secret.yaml': 's' });

/** Every path below a folder with its contents. Links have their target. */
function snapshot(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((path) => {
        const at = join(folder, path);
        const found = lstatSync(at);
        return [path, found.isDirectory() ? '/' : found.isSymbolicLink() ? '->' : readFileSync(at, 'utf8')];
      }),
  );
}

describe('writing a plan to a folder', () => {
  it('writes everything to a folder that does not exist, including file modes', async () => {
    const folder = join(temporaryFolder(), 'not', 'yet');
    await writeFiles(await comparePlan(folder, PLAN));
    expect(snapshot(folder)).toEqual({
      'a.txt': 'a',
      deep: '/',
      [join('deep', 'down')]: '/',
      [join('deep', 'down', 'b.txt')]: 'b',
      'run.sh': '#!/bin/sh\n',
      'secret.yaml': 's',
    });
    if (process.platform === 'win32') return;
    expect(lstatSync(join(folder, 'secret.yaml')).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(folder, 'run.sh')).mode & 0o777).toBe(0o755);
  });

  it('leaves unrelated and identical files alone, and reports the others as conflicts', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.txt'), 'a');
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    writeFileSync(join(folder, 'deep'), 'a file where a folder is wanted');
    mkdirSync(join(folder, 'run.sh'));
    writeFileSync(join(folder, 'secret.yaml'), 'other');
    const before = snapshot(folder);
    const decision = await comparePlan(folder, PLAN);
    expect(decision.conflicts).toEqual([
      { path: 'deep/down/b.txt', reason: 'is below a file' },
      { path: 'run.sh', reason: 'is a folder' },
      { path: 'secret.yaml', reason: 'differs' },
    ]);
    expect(decision.files.map(({ path, action }) => [path, action])).toEqual([['a.txt', 'identical']]);
    const error = conflictError(decision, 'npx create-kuflow-worker x --yes');
    expect(error.message).toContain('secret.yaml differs');
    expect(error.next.join('\n')).toContain('npx create-kuflow-worker x --yes --overwrite secret.yaml');
    await expect(writeFiles(decision)).rejects.toThrow('conflicts');
    expect(snapshot(folder)).toEqual(before);
  });

  it('replaces only the named files', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.txt'), 'old');
    writeFileSync(join(folder, 'secret.yaml'), 'old');
    expect((await comparePlan(folder, PLAN, ['./a.txt'])).conflicts).toEqual([
      { path: 'secret.yaml', reason: 'differs' },
    ]);
    await writeFiles(await comparePlan(folder, PLAN, ['a.txt', 'secret.yaml']));
    expect(snapshot(folder)).toMatchObject({ 'a.txt': 'a', 'secret.yaml': 's' });
    const refused = await errorOf(comparePlan(folder, PLAN, ['a.tx']));
    expect(refused.status).toBe(2);
    expect(refused.message).toContain('did you mean "a.txt"?');
  });

  it("replaces this tool's own record without being asked, and restores it when the write fails", async () => {
    const folder = temporaryFolder();
    const record = (command: string): string =>
      `${JSON.stringify({ format: 1, template: {}, command: `npx create-kuflow-worker ${command}`, answers: {} }, undefined, 2)}\n`;
    mkdirSync(join(folder, '.kuflow'));
    writeFileSync(join(folder, '.kuflow', 'project.json'), record('x'));
    const before = snapshot(folder);
    const decision = await comparePlan(folder, planOf({ '.kuflow/project.json': record('y'), 'z.txt': 'z' }));
    expect(decision.conflicts).toEqual([]);
    const failing = writeFiles(decision, {
      onWrite: (path) => {
        if (path === 'z.txt') throw new Error('no more');
      },
    });
    expect((await errorOf(failing)).seen).toContain('all changes were rolled back');
    expect(snapshot(folder)).toEqual(before);
    await writeFiles(decision);
    expect(snapshot(folder)[join('.kuflow', 'project.json')]).toBe(record('y'));
    // No longer the record that was compared.
    writeFileSync(join(folder, '.kuflow', 'project.json'), record('z'));
    expect((await errorOf(writeFiles({ ...decision, files: decision.files.slice(0, 1) }))).seen).toContain('changed');
  });

  it('rejects a target that is a file or a dangling link', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    expect((await errorOf(comparePlan(join(folder, 'file'), PLAN))).message).toContain('is not a folder');
    expect((await errorOf(comparePlan(join(folder, 'file', 'below'), PLAN))).message).toContain('cannot be used');
    expect((await errorOf(comparePlan(join(folder, 'dangling'), PLAN))).seen).toContain('target does not exist');
  });

  it('does not follow a link out of the folder', async () => {
    const outside = temporaryFolder();
    const folder = temporaryFolder();
    symlinkSync(outside, join(folder, 'deep'));
    const error = await errorOf(comparePlan(folder, PLAN));
    expect(error.message).toContain('does not lead to a folder in the project');
    expect(error.seen).toContain(outside);
    expect(snapshot(outside)).toEqual({});
  });

  it('does not follow a link that appears while it writes', async () => {
    const outside = temporaryFolder();
    const folder = temporaryFolder();
    const decision = await comparePlan(folder, PLAN);
    const onWrite = (path: string): void => {
      if (path === 'deep/down/b.txt') symlinkSync(outside, join(folder, 'deep'));
    };
    const error = await errorOf(writeFiles(decision, { onWrite }));
    expect(error.seen).toContain(outside);
    expect(snapshot(outside)).toEqual({});
    expect(existsSync(join(folder, 'a.txt'))).toBe(false);
  });

  it('follows a link inside the folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'deep'));
    await writeFiles(await comparePlan(folder, PLAN));
    expect(readFileSync(join(folder, 'real', 'down', 'b.txt'), 'utf8')).toBe('b');
  });

  it('never writes through a link instead of a file', async () => {
    const folder = temporaryFolder();
    const outside = join(temporaryFolder(), 'precious');
    writeFileSync(outside, 'precious');
    symlinkSync(outside, join(folder, 'a.txt'));
    const decision = await comparePlan(folder, PLAN, ['a.txt']);
    expect(decision.conflicts).toEqual([{ path: 'a.txt', reason: 'is a symbolic link' }]);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });
});

describe('a write that fails', () => {
  it.each(PLAN.map(({ path }, index) => [index, path] as const))(
    'at file %i (%s) removes everything it wrote',
    async (index) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'a.txt'), 'old');
      writeFileSync(join(folder, 'mine.txt'), 'mine');
      const before = snapshot(folder);
      const onWrite = (_path: string, at: number): void => {
        if (at === index) throw new Error('the disk is on fire');
      };
      const error = await errorOf(writeFiles(await comparePlan(folder, PLAN, ['a.txt']), { onWrite }));
      expect(error.seen).toContain('the disk is on fire');
      expect(error.seen).toContain('rolled back');
      expect(snapshot(folder)).toEqual(before);
    },
  );

  it('removes the folders that it created, except one that somebody else wrote to', async () => {
    const parent = temporaryFolder();
    const folder = join(parent, 'new', 'project');
    const fail = (_path: string, at: number): void => {
      if (at === 2) throw new Error('no');
    };
    await errorOf(writeFiles(await comparePlan(folder, PLAN), { onWrite: fail }));
    expect(readdirSync(parent)).toEqual([]);

    const used = (path: string, at: number): void => {
      if (at === 2) writeFileSync(join(folder, 'deep', 'theirs.txt'), 'theirs');
      fail(path, at);
    };
    const error = await errorOf(writeFiles(await comparePlan(folder, PLAN), { onWrite: used }));
    expect(error.seen).toContain(`could not roll back: ${join(folder, 'deep')}`);
    expect(readFileSync(join(folder, 'deep', 'theirs.txt'), 'utf8')).toBe('theirs');
  });

  it('does not replace a file that appeared while it was writing', async () => {
    const folder = temporaryFolder();
    const onWrite = (path: string): void => {
      if (path === 'run.sh') writeFileSync(join(folder, 'run.sh'), 'theirs');
    };
    const error = await errorOf(writeFiles(await comparePlan(folder, PLAN), { onWrite }));
    expect(error.seen).toContain('appeared while the project was being written');
    expect(snapshot(folder)).toEqual({ 'run.sh': 'theirs' });
  });

  it('writes files outside the folder last, and restores them together with it', async () => {
    const parent = temporaryFolder();
    writeFileSync(join(parent, 'list.txt'), 'theirs');
    const before = snapshot(parent);
    const outside = [
      {
        folder: parent,
        files: [
          {
            path: 'list.txt',
            contents: Buffer.from('theirs and mine'),
            mode: 0o644,
            action: 'overwrite',
            original: Buffer.from('theirs'),
          },
          { path: '.ci/new.txt', contents: Buffer.from('new'), mode: 0o644, action: 'create' },
        ],
      },
    ] as const;
    const comparison = { ...(await comparePlan(join(parent, 'project'), PLAN)), outside };
    const written: string[] = [];
    const fail = (path: string): void => {
      written.push(path);
      if (path === '.ci/new.txt') throw new Error('no');
    };
    const error = await errorOf(writeFiles(comparison, { onWrite: fail }));
    expect(error.seen).toContain('all changes were rolled back');
    expect(written.slice(-2)).toEqual(['list.txt', '.ci/new.txt']);
    expect(snapshot(parent)).toEqual(before);

    // A list that somebody changed in the meantime stays.
    const change = (path: string): void => {
      if (path === 'list.txt') writeFileSync(join(parent, 'list.txt'), 'changed');
    };
    expect((await errorOf(writeFiles(comparison, { onWrite: change }))).seen).toContain('changed after it was read');
    expect(snapshot(parent)).toEqual({ 'list.txt': 'changed' });

    writeFileSync(join(parent, 'list.txt'), 'theirs');
    await writeFiles(comparison);
    expect(snapshot(parent)).toMatchObject({
      'list.txt': 'theirs and mine',
      '.ci/new.txt': 'new',
      'project/a.txt': 'a',
    });
  });

  it('stops promptly when interrupted, with status 130, and rolls back everything', async () => {
    const folder = temporaryFolder();
    const abort = new AbortController();
    const onWrite = (_path: string, at: number): void => {
      if (at === 1) abort.abort(interruptedError());
    };
    const error = await errorOf(writeFiles(await comparePlan(folder, PLAN), { onWrite, signal: abort.signal }));
    expect(error.status).toBe(130);
    expect(snapshot(folder)).toEqual({});
  });

  it('reports why files cannot be written to a folder', async () => {
    const folder = unwritable();
    const error = await errorOf(writeFiles(await comparePlan(join(folder, 'project'), PLAN)));
    expect(error.tried).toContain(join(folder, 'project'));
    expect(error.seen).toMatch(/permission denied|read-only/);
  });
});

/** A folder that the current user cannot write to. Even root cannot write to this one. */
function unwritable(): string {
  if (process.getuid?.() === 0) return '/sys/kernel';
  if (process.platform === 'win32') return join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'config');
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  return folder;
}
