import { createHash } from 'node:crypto';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem, type FileSystem } from '../../../src/files/node-file-system.ts';
import { recoverStaged, writeStaged, type StagedChange, type StagingTarget } from '../../../src/files/staged-write.ts';
import { faultyFiles } from '../../support/faulty-files.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const JOURNAL = 'journal';

const target = (folder: string, files: FileSystem = nodeFileSystem): StagingTarget => ({
  ...{ files, folder, journal: JOURNAL, title: 'the folder' },
  repair: (journal) => `Delete ${journal}`,
});

const CHANGES: readonly StagedChange[] = [
  { path: 'changed.txt', before: Buffer.from('old'), after: Buffer.from('new'), mode: 0o640 },
  { path: 'secret.txt', before: Buffer.from('old secret'), after: Buffer.from('secret'), mode: 0o600 },
  { path: 'deep/created.txt', before: undefined, after: Buffer.from('created'), mode: 0o644 },
  { path: 'deleted.txt', before: Buffer.from('deleted'), after: undefined, mode: 0o644 },
];

function prepared(): string {
  const folder = temporaryFolder();
  for (const { path, before } of CHANGES) if (before !== undefined) writeFileSync(join(folder, path), before);
  return folder;
}

function stateOf(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const status = statSync(join(folder, path));
      return [path, `${status.mode.toString(8)} ${status.isFile() ? readFileSync(join(folder, path), 'utf8') : ''}`];
    }),
  );
}

describe('a staged write between two file systems', () => {
  /** The journal and the files are on different file systems, so there are copies instead of hard links. */
  const apart = (files: FileSystem, folder: string): FileSystem => {
    const journal = join(folder, JOURNAL, '/');
    const across = (from: string, to: string): void => {
      if (from.startsWith(journal) !== to.startsWith(journal))
        throw Object.assign(new Error('EXDEV: cross-device link not permitted'), { code: 'EXDEV' });
    };
    return {
      ...files,
      rename: async (from, to) => {
        across(from, to);
        await files.rename(from, to);
      },
      link: async (path, to) => {
        across(path, to);
        await files.link(path, to);
      },
    };
  };

  it('leaves the complete old or new state wherever the process ends, and never part of a file', async () => {
    const whole = prepared();
    const old = stateOf(whole);
    const counted = faultyFiles();
    await writeStaged(target(whole, apart(counted.files, whole)), CHANGES);
    const changed = stateOf(whole);
    expect(changed).toMatchObject({
      'changed.txt': `100${process.platform === 'win32' ? '666' : '640'} new`,
      'secret.txt': `100${process.platform === 'win32' ? '666' : '600'} secret`,
    });
    expect(Object.keys(changed)).not.toContain('deleted.txt');
    const seen = new Set<string>();
    for (const kind of ['crash', 'torn', 'fail'] as const) {
      for (const [before, name] of counted.steps.entries()) {
        if (kind === 'torn' ? !name.startsWith('write') : /^(look|list|read) /.test(name)) continue;
        const folder = prepared();
        const fault = kind === 'fail' ? { kind, before, code: 'EIO' } : { kind, before };
        await writeStaged(target(folder, apart(faultyFiles(fault).files, folder)), CHANGES).catch(() => undefined);
        await recoverStaged(target(folder, apart(nodeFileSystem, folder)));
        const state = stateOf(folder);
        expect([old, changed], `${kind} ${before}: ${name}`).toContainEqual(state);
        seen.add(state['changed.txt'] ?? '');
      }
    }
    expect(seen.size).toBe(2);
  });
});

describe('a staged write', () => {
  it('keeps the owner of a replaced file', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root can change owners');
    const folder = prepared();
    chownSync(join(folder, 'changed.txt'), 12_345, 12_346);
    await writeStaged(target(folder), CHANGES);
    const { uid, gid, mode } = statSync(join(folder, 'changed.txt'));
    expect([uid, gid, mode & 0o777]).toEqual([12_345, 12_346, 0o640]);
    expect(statSync(join(folder, 'secret.txt')).uid).toBe(0);
  });

  it('follows a link in the folder, and changes nothing if one leads out of it', async ({ skip }) => {
    if (process.platform === 'win32') skip('links need privileges on Windows');
    const folder = prepared();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'deep'));
    await writeStaged(target(folder), CHANGES);
    expect(readFileSync(join(folder, 'real', 'created.txt'), 'utf8')).toBe('created');
    const [other, outside] = [prepared(), temporaryFolder()];
    symlinkSync(outside, join(other, 'deep'));
    await expect(writeStaged(target(other), CHANGES)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('is outside the folder') as string },
      remaining: [],
    });
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(other, 'changed.txt'), 'utf8')).toBe('old');
  });

  it('completes a journal that an earlier version wrote', async () => {
    const folder = temporaryFolder();
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    // The first file was replaced, the second not yet.
    const entries = [
      { path: 'done.txt', before: sha256('old'), after: sha256('new'), mode: 0o644 },
      { path: 'deep/next.txt', before: null, after: sha256('created'), mode: 0o644 },
    ];
    put('done.txt', 'new');
    put('journal/before/0', 'old');
    put('journal/new/1', 'created');
    put('journal/manifest.json', JSON.stringify({ format: 1, entries, folders: ['deep'] }));
    expect(await recoverStaged(target(folder))).toEqual({
      kind: 'completed',
      files: ['done.txt', 'deep/next.txt'],
      left: [],
    });
    expect(Object.keys(stateOf(folder))).toEqual(['deep', join('deep', 'next.txt'), 'done.txt']);
    expect(readFileSync(join(folder, 'deep/next.txt'), 'utf8')).toBe('created');
  });
});
