import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_FILE, baseOf, renderBaseFile } from '../../../../src/project/base-archive.ts';
import { readStaged, type StagedRecovery } from '../../../../src/files/staged-write.ts';
import {
  JOURNAL_FOLDER,
  projectStaging,
  recoverAround,
  recoverProject,
  recoveryText,
} from '../../../../src/project/edit/journal.ts';
import { writeChanges, type ChangedFile } from '../../../../src/project/write-files.ts';
import type { ChangeText } from '../../../support/journal-child.ts';
import { errorOf } from '../../../support/known-error.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();
const isPosix = process.platform !== 'win32';
const KILLS = process.env['KUFLOW_SOAK'] === '1' ? 30 : 5;

/** Every kind of change: of contents, of permissions, a new file in a new folder, and a deletion that empties a folder. */
const CHANGES: readonly ChangeText[] = [
  { path: 'changed.txt', before: 'old', after: 'new', mode: 0o644 },
  { path: 'script.sh', before: 'run', after: 'run', mode: 0o755 },
  { path: 'deep/er/created.txt', after: 'created', mode: 0o644 },
  { path: 'gone/deleted.txt', before: 'deleted', mode: 0o644 },
  { path: 'last.txt', before: 'a', after: 'b', mode: 0o644 },
];

function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.kuflow'));
  writeFileSync(join(folder, 'mine.txt'), 'mine');
  for (const { path, before } of CHANGES) {
    if (before === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), before);
    chmodSync(join(folder, path), 0o644);
  }
  return folder;
}

/** Every file with its permissions, and every folder. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const status = statSync(join(folder, path));
      return [
        path,
        status.isDirectory() ? 'folder' : `${status.mode & 0o777} ${readFileSync(join(folder, path), 'utf8')}`,
      ];
    }),
  );
}

const toBytes = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text);
const changes = (): readonly ChangedFile[] =>
  CHANGES.map(({ before, after, ...rest }) => ({ ...rest, before: toBytes(before), after: toBytes(after) }));
const write = (folder: string, onWrite?: (path: string, index: number) => void): Promise<void> =>
  writeChanges(folder, changes(), [], { onWrite });

/** The states before and after the changes. */
async function bothStates(): Promise<{ readonly old: object; readonly changed: object }> {
  const folder = project();
  const old = stateOf(folder);
  await write(folder);
  return { old, changed: stateOf(folder) };
}

/** The project as a process that was killed before it wrote `path` leaves it. */
async function interruptedBefore(path: string): Promise<string> {
  const folder = project();
  const copy = temporaryFolder();
  await write(folder, (at) => {
    if (at !== path) return;
    rmSync(copy, { recursive: true });
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, '.kuflow/project.lock'));
  });
  return copy;
}

describe('writeChanges', () => {
  it('creates, changes, deletes and sets permissions, and leaves no journal', async () => {
    const folder = project();
    await write(folder);
    expect(stateOf(folder)).toEqual({
      '.kuflow': 'folder',
      'changed.txt': '420 new',
      'script.sh': `${isPosix ? 0o755 : 0o666} run`,
      deep: 'folder',
      'deep/er': 'folder',
      'deep/er/created.txt': '420 created',
      'last.txt': '420 b',
      'mine.txt': '420 mine',
    });
    expect(await recoverProject(folder)).toBeUndefined();
  });

  it('rolls everything back when a write fails', async () => {
    const { old } = await bothStates();
    for (const index of CHANGES.keys()) {
      const folder = project();
      const error = await errorOf(
        write(folder, (_, at) => {
          if (at === index) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        }),
      );
      expect(error.seen, `write ${index}`).toBe('no space left; all changes were rolled back');
      expect(stateOf(folder), `write ${index}`).toEqual(old);
    }
  });

  it('replaces a file by a folder, and rolls that back', async () => {
    const files: readonly ChangedFile[] = [
      { path: 'mine.txt', before: Buffer.from('mine'), after: undefined },
      { path: 'mine.txt/a/b.txt', before: undefined, after: Buffer.from('new') },
      { path: 'last.txt', before: Buffer.from('a'), after: Buffer.from('b') },
    ];
    const folder = project();
    const old = stateOf(folder);
    const failing = writeChanges(folder, files, [], {
      onWrite: (path) => {
        if (path === 'last.txt') throw new Error('stop');
      },
    });
    expect((await errorOf(failing)).seen).toBe('stop; all changes were rolled back');
    expect(stateOf(folder)).toEqual(old);
    const copies: string[] = [];
    await writeChanges(folder, files, [], {
      onWrite: () => {
        const copy = temporaryFolder();
        copies.push(copy);
        cpSync(folder, copy, { recursive: true });
        rmSync(join(copy, '.kuflow/project.lock'));
      },
    });
    const changed = stateOf(folder);
    expect(changed).toMatchObject({ 'mine.txt/a/b.txt': '420 new', 'last.txt': '420 b' });
    for (const copy of copies) {
      expect((await recoverProject(copy))?.kind).toBe('completed');
      expect(stateOf(copy)).toEqual(changed);
    }
  });

  it('leaves and names a file that somebody changes while it rolls back', async () => {
    const folder = project();
    const error = await errorOf(
      write(folder, (path) => {
        if (path !== 'last.txt') return;
        for (const one of ['changed.txt', 'deep/er/created.txt']) writeFileSync(join(folder, one), 'theirs');
        throw new Error('stop');
      }),
    );
    expect(error.seen).toBe('stop; could not roll back: changed.txt, deep/er/created.txt');
    expect(readFileSync(join(folder, 'changed.txt'), 'utf8')).toBe('theirs');
    expect(readFileSync(join(folder, 'deep/er/created.txt'), 'utf8')).toBe('theirs');
    expect(readFileSync(join(folder, 'gone/deleted.txt'), 'utf8')).toBe('deleted');
    expect(existsSync(join(folder, JOURNAL_FOLDER))).toBe(false);
  });

  it('refuses a project that another process left in the middle of a change', async () => {
    const folder = await interruptedBefore('script.sh');
    const before = stateOf(folder);
    expect((await errorOf(write(folder))).seen).toContain('another process was interrupted');
    expect(stateOf(folder)).toEqual(before);
  });

  it('writes nothing if its folder cannot be written', async () => {
    const folder = project();
    // Permissions do not apply to root, and Windows does not have them.
    const isReadOnly = isPosix && process.getuid?.() !== 0;
    if (isReadOnly) chmodSync(join(folder, '.kuflow'), 0o555);
    else {
      rmSync(join(folder, '.kuflow'), { recursive: true });
      writeFileSync(join(folder, '.kuflow'), '');
    }
    const before = stateOf(folder);
    const error = await errorOf(write(folder));
    if (isReadOnly) chmodSync(join(folder, '.kuflow'), 0o755);
    expect(error.message).toBe('Could not write the project');
    expect(error.next).toEqual(['Make sure that the project is writable, then run the command again']);
    expect(stateOf(folder)).toEqual(before);
  });

  it('does not follow a link out of the project', async ({ skip }) => {
    if (!isPosix) skip('links need privileges on Windows');
    const [folder, outside] = [project(), temporaryFolder()];
    symlinkSync(outside, join(folder, 'deep'));
    expect((await errorOf(write(folder))).seen).toContain('points to');
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(folder, 'changed.txt'), 'utf8')).toBe('old');
  });
});

describe('recoverProject', () => {
  const recover = async (folder: string): Promise<StagedRecovery> => {
    const recovery = await recoverProject(folder);
    if (recovery === undefined) throw new Error('there was no journal');
    return recovery;
  };

  it('completes a change at every file', async () => {
    const { changed } = await bothStates();
    for (const { path } of CHANGES) {
      const folder = await interruptedBefore(path);
      const recovery = await recover(folder);
      expect(recovery, path).toEqual({ kind: 'completed', files: CHANGES.map((change) => change.path), left: [] });
      expect(stateOf(folder), path).toEqual(changed);
      expect(await recoverProject(folder)).toBeUndefined();
    }
    expect(recoveryText({ kind: 'completed', files: ['a', 'b'], left: ['b'] })).toContain(
      'changed since and are left as they are: b',
    );
  });

  it('leaves files that somebody changed since, and keeps the base of those that were not written', async () => {
    const folder = await interruptedBefore('deep/er/created.txt');
    const written = ['changed.txt', 'script.sh'];
    const pending = ['deep/er/created.txt', 'gone/deleted.txt', 'last.txt'];
    for (const path of [...written, ...pending]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), 'theirs');
    }
    expect((await recover(folder)).left).toEqual(pending);
    for (const path of [...written, ...pending]) expect(readFileSync(join(folder, path), 'utf8')).toBe('theirs');
  });

  it('keeps the base of the files that it leaves, so that their change is not lost', async () => {
    const file = (path: string, text: string) => ({ path, contents: Buffer.from(text), mode: 0o644 }) as const;
    const archive = async (...texts: readonly string[]) =>
      (await renderBaseFile(baseOf(texts.map((text, index) => file(`${index}.txt`, text))))).contents;
    const folder = project();
    const [before, after] = [await archive('old 0', 'old 1'), await archive('new 0', 'new 1', 'new 2')];
    writeFileSync(join(folder, BASE_FILE), before);
    for (const index of [0, 1]) writeFileSync(join(folder, `${index}.txt`), `old ${index}`);
    const edits: readonly ChangedFile[] = [0, 1, 2].map((index) => ({
      path: `${index}.txt`,
      before: index === 2 ? undefined : Buffer.from(`old ${index}`),
      after: Buffer.from(`new ${index}`),
    }));
    const copy = temporaryFolder();
    await writeChanges(folder, edits, [{ path: BASE_FILE, before, after }], {
      onWrite: (path) => {
        if (path === '1.txt') cpSync(folder, copy, { recursive: true });
      },
    });
    rmSync(join(copy, '.kuflow/project.lock'));
    for (const index of [0, 1, 2]) writeFileSync(join(copy, `${index}.txt`), `my ${index}`);
    expect((await recover(copy)).left).toEqual(['1.txt', '2.txt']);
    const texts = await readBaseTexts(copy);
    expect(Object.fromEntries(texts.generated)).toEqual({ '0.txt': 'new 0', '1.txt': 'new 1' });
    expect(Object.fromEntries(texts.merged)).toEqual({ '1.txt': 'old 1' });
  });

  it('leaves files that somebody restored since, and keeps their base', async () => {
    const archive = async (text: string) =>
      (await renderBaseFile(baseOf([{ path: 'a.txt', contents: Buffer.from(text), mode: 0o644 }]))).contents;
    const [before, after] = [await archive('old'), await archive('new')];
    const folder = project();
    writeFileSync(join(folder, BASE_FILE), before);
    writeFileSync(join(folder, 'a.txt'), 'old');
    const old = stateOf(folder);
    const copy = temporaryFolder();
    await writeChanges(
      folder,
      [...changes(), { path: 'a.txt', before: Buffer.from('old'), after: Buffer.from('new') }],
      [{ path: BASE_FILE, before, after }],
      {
        onWrite: (path) => {
          if (path === BASE_FILE) cpSync(folder, copy, { recursive: true });
        },
      },
    );
    rmSync(join(copy, '.kuflow/project.lock'));
    // As `git restore . && git clean -fd` do, which leave the journal.
    for (const { path, before: text } of [...CHANGES, { path: 'a.txt', before: 'old' }]) {
      rmSync(join(copy, path), { force: true });
      if (text === undefined) continue;
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
      chmodSync(join(copy, path), 0o644);
    }
    rmSync(join(copy, 'deep'), { recursive: true });
    const { left } = await recover(copy);
    expect(left).toEqual(['changed.txt', 'deep/er/created.txt', 'gone/deleted.txt', 'last.txt', 'a.txt']);
    expect({ ...stateOf(copy), [BASE_FILE]: '' }).toEqual({ ...old, [BASE_FILE]: '' });
    expect((await readBaseTexts(copy)).merged.get('a.txt')).toBe('old');
  });

  it('refuses a journal that leads out of the project, and one that is damaged', async () => {
    const entry = (path: string) => ({ path, before: null, after: 'x', mode: 0o644 });
    const texts = [
      ...[
        ...['../out.txt', '/etc/x', 'a/../../x', 'C:/x'],
        ...['.git/hooks/pre-commit', 'sub/.git/config', 'sub/.GIT./config', 'git~1/config'],
        ...['.kuflow/journal/new/1', '.kuflow/Journal/done.json'],
      ].map((path) => JSON.stringify({ format: 1, entries: [entry(path)], folders: [] })),
      JSON.stringify({ format: 1, entries: [], folders: ['../x'] }),
      JSON.stringify({ format: 1, entries: [], folders: ['sub/.git'] }),
      JSON.stringify({ format: 2, entries: [], folders: [] }),
      '{',
    ];
    for (const text of texts) {
      const folder = project();
      mkdirSync(join(folder, JOURNAL_FOLDER, 'new'), { recursive: true });
      writeFileSync(join(folder, JOURNAL_FOLDER, 'new', '0'), 'evil');
      writeFileSync(join(folder, JOURNAL_FOLDER, 'manifest.json'), text);
      const before = treeOf(folder);
      expect((await errorOf(recoverProject(folder))).message, text).toContain('is damaged');
      expect(treeOf(folder), text).toEqual(before);
    }
  });

  describe('of a journal with links, which leads out of the project', () => {
    /** What a repository with a hostile journal can contain. `links`: from paths in the project to paths next to it. */
    interface Hostile {
      readonly links: Readonly<Record<string, string>>;
      readonly files?: Readonly<Record<string, string>>;
    }
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const one = (entry: object, folders: readonly string[] = []): string =>
      JSON.stringify({ format: 1, entries: [{ mode: 0o644, ...entry }], folders });
    const created = { before: null, after: sha256('x') };
    const HOSTILE: Readonly<Record<string, Hostile>> = {
      'the journal is a link': { links: { '.kuflow/journal': 'outside' } },
      'the folder of the record is a link': { links: { '.kuflow': 'outside' } },
      'the new contents are elsewhere': {
        links: { '.kuflow/journal/new': 'outside/new' },
        files: { '.kuflow/journal/done.json': '{}' },
      },
      'what was there before is elsewhere': {
        links: { '.kuflow/journal/before': 'outside/before' },
        files: { '.kuflow/journal/done.json': '{}' },
      },
      'a new content is a link': {
        links: { '.kuflow/journal/new/0': 'outside/data' },
        files: { '.kuflow/journal/manifest.json': one({ path: 'stolen.txt', ...created }) },
      },
      'the manifest is a link': { links: { '.kuflow/journal/manifest.json': 'outside/manifest.json' } },
      'undoing a deletion creates a file': {
        links: { out: 'outside' },
        files: {
          '.kuflow/journal/before/0': 'evil',
          '.kuflow/journal/undo.json': one({ path: 'out/authorized_keys', before: 'x', after: null }),
        },
      },
      'undoing a creation deletes a file': {
        links: { out: 'outside' },
        files: { '.kuflow/journal/undo.json': one({ path: 'out/data', before: null, after: sha256('data') }) },
      },
      'undoing a creation deletes a folder': {
        links: { out: 'outside' },
        files: { '.kuflow/journal/undo.json': JSON.stringify({ format: 1, entries: [], folders: ['out/empty'] }) },
      },
      'completing creates folders': {
        links: { out: 'outside' },
        files: {
          '.kuflow/journal/new/0': 'x',
          '.kuflow/journal/manifest.json': one({ path: 'out/deep/er/x', ...created }),
        },
      },
      'completing a deletion deletes folders': {
        links: { out: 'outside' },
        files: { '.kuflow/journal/manifest.json': one({ path: 'out/empty/x', before: 'x', after: null }) },
      },
      'a link leads to the repository': {
        links: { out: 'project/.git/hooks' },
        files: {
          '.kuflow/journal/new/0': 'x',
          '.kuflow/journal/manifest.json': one({ path: 'out/pre-commit', ...created }),
        },
      },
      'a link leads nowhere': {
        links: { out: 'missing' },
        files: {
          '.kuflow/journal/new/0': 'x',
          '.kuflow/journal/manifest.json': one({ path: 'out/x', ...created }),
        },
      },
    };

    it.for(Object.keys(HOSTILE))('refuses it and changes nothing: %s', async (name, { skip }) => {
      if (!isPosix) skip('links need privileges on Windows');
      const { links, files = {} } = HOSTILE[name] ?? { links: {} };
      const parent = temporaryFolder();
      const folder = join(parent, 'project');
      const put = (path: string, text: string): void => {
        mkdirSync(dirname(join(parent, path)), { recursive: true });
        writeFileSync(join(parent, path), text);
      };
      put('project/mine.txt', 'mine');
      put('project/.git/hooks/x', '');
      for (const path of ['data', 'new/0', 'before/0', 'journal/new/0']) put(`outside/${path}`, 'data');
      put('outside/manifest.json', one({ path: 'mine.txt', before: sha256('mine'), after: null }));
      mkdirSync(join(parent, 'outside/empty'));
      for (const [path, text] of Object.entries(files)) put(`project/${path}`, text);
      for (const [path, target] of Object.entries(links)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        symlinkSync(join(parent, target), join(folder, path));
      }
      const paths = (): readonly string[] => readdirSync(parent, { recursive: true, encoding: 'utf8' }).sort();
      const before = paths();
      const { message, seen } = await errorOf(recoverProject(folder));
      expect(`${message}: ${seen ?? ''}`).toMatch(/is damaged|outside the project/);
      expect(paths().filter((path) => !path.includes('project.lock'))).toEqual(before);
      expect(readFileSync(join(folder, 'mine.txt'), 'utf8')).toBe('mine');
    });
  });

  it('completes a change in a parent folder that affects the project, unless the journal belongs to another user', async ({
    skip,
  }) => {
    const folder = await interruptedBefore('script.sh');
    const recovered: string[] = [];
    const onRecovered = ({ kind }: StagedRecovery): void => void recovered.push(kind);
    await recoverAround(join(folder, 'other'), { onRecovered });
    if (process.getuid?.() === 0) {
      chownSync(join(folder, JOURNAL_FOLDER), 12_345, 12_345);
      await recoverAround(join(folder, 'deep'), { onRecovered, all: true });
      chownSync(join(folder, JOURNAL_FOLDER), 0, 0);
    }
    expect(recovered).toEqual([]);
    await recoverAround(join(folder, 'deep'), { onRecovered });
    expect(recovered).toEqual(['completed']);
    expect(readFileSync(join(folder, 'last.txt'), 'utf8')).toBe('b');
    if (process.getuid?.() !== 0) skip('only root can change owners');
  });

  it('only describes a change of which nothing may be completed yet', async () => {
    const folder = await interruptedBefore('script.sh');
    const before = stateOf(folder);
    const pending = await readStaged(projectStaging(folder));
    expect(pending).toEqual({ kind: 'pending', files: CHANGES.map((change) => change.path), left: [] });
    expect(stateOf(folder)).toEqual(before);
    expect(await readStaged(projectStaging(project()))).toBeUndefined();
  });

  describe('after a process was killed', () => {
    const built = mkdtempSync(join(tmpdir(), 'kuflow-journal-'));
    const child = join(built, 'journal-child.cjs');
    afterAll(() => rmSync(built, { recursive: true, force: true }));
    beforeAll(async () => {
      await build({
        entryPoints: [join(import.meta.dirname, '../../../support/journal-child.ts')],
        outfile: child,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        logLevel: 'silent',
      });
    });
    const run = (folder: string, step: number | 'none') =>
      spawnSync(process.execPath, [child, folder, JSON.stringify(CHANGES), String(step)], { encoding: 'utf8' });

    it('has all changes or none, and all edits that somebody made in between', async () => {
      const { old, changed } = await bothStates();
      const calls = Number(run(project(), 'none').stdout);
      expect(calls).toBeGreaterThan(30);
      const steps = new Set<number>();
      while (steps.size < Math.min(KILLS, calls)) steps.add(Math.floor(Math.random() * calls));
      for (const step of steps) {
        const folder = project();
        const { status, signal } = run(folder, step);
        expect([status, signal], `step ${step}`).toEqual(isPosix ? [null, 'SIGKILL'] : [1, null]);
        writeFileSync(join(folder, 'mine.txt'), 'edited');
        const recovery = await recoverProject(folder);
        // The lock of a process that no longer runs is taken over by the next one.
        const state = Object.entries(stateOf(folder)).filter(([path]) => !path.includes('project.lock'));
        const isChanged = recovery?.kind === 'completed' || (recovery === undefined && step > calls / 2);
        const expected = { ...(isChanged ? changed : old), 'mine.txt': '420 edited' };
        expect(Object.fromEntries(state), `step ${step}`).toEqual(expected);
      }
    });
  });
});
