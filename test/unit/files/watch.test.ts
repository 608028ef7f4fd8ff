import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFiles, type FileWatch, type FileWatchOptions } from '../../../src/files/watch.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const newFolder = temporaryFolders();

let folder: string;
let watched: FileWatch | undefined;
/** What the files contained when `onChange` was called. */
let contents: string[];
const errors: unknown[] = [];

const at = (name: string): string => join(folder, name);
const listFiles = async (): Promise<string[]> => {
  const inner = await readdir(at('more')).catch(() => []);
  return [at('one.txt'), ...inner.map((name) => at(`more/${name}`))];
};
const readAll = async (): Promise<string> =>
  (await listFiles())
    .map((path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return 'missing';
      }
    })
    .join(',');

async function startWatching(options: Partial<FileWatchOptions> = {}): Promise<void> {
  watched = watchFiles({
    folders: [folder, at('more')],
    isRelevant: (name) => name.endsWith('.txt') || name === 'more',
    listFiles,
    onChange: async () => void contents.push(await readAll()),
    onError: (error) => errors.push(error),
    settleMs: 20,
    // Only what the system reports counts.
    checkMs: 3_600_000,
    ...options,
  });
  await until('the first call', () => contents.length > 0);
}
const sees = (content: string): Promise<boolean> => until(content, () => contents.at(-1) === content, 10_000);

beforeEach(() => {
  folder = newFolder();
  contents = [];
  writeFileSync(at('one.txt'), 'a');
});
afterEach(() => watched?.close());

describe('watchFiles', () => {
  it('sees a file that is saved in place, by renaming, and by deleting and creating it', async () => {
    await startWatching();
    writeFileSync(at('one.txt'), 'b');
    await sees('b');
    writeFileSync(at('one.txt~'), 'c');
    renameSync(at('one.txt~'), at('one.txt'));
    await sees('c');
    // The file has another inode now.
    writeFileSync(at('one.txt'), 'd');
    await sees('d');
    rmSync(at('one.txt'));
    await sees('missing');
    writeFileSync(at('one.txt'), 'e');
    await sees('e');
  });

  it('sees files in a folder that is created, deleted and created again', async () => {
    await startWatching();
    for (const text of ['1', '2']) {
      mkdirSync(at('more'));
      writeFileSync(at('more/two.txt'), text);
      await sees(`a,${text}`);
      writeFileSync(at('more/two.txt'), `${text}!`);
      await sees(`a,${text}!`);
      rmSync(at('more'), { recursive: true });
      await sees('a');
    }
  });

  it('waits until a file that is written in several steps does not change any more', async () => {
    await startWatching({ settleMs: 200 });
    for (const text of ['', 'half', 'whole']) writeFileSync(at('one.txt'), text);
    await sees('whole');
    expect(contents).toEqual(['a', 'whole']);
  });

  it('finds changes that the system does not report', async () => {
    await startWatching({ folders: [], checkMs: 20 });
    writeFileSync(at('one.txt'), 'b');
    await sees('b');
    rmSync(at('one.txt'));
    await sees('missing');
  });

  it('calls once more, and never twice at the same time, for a change during a call', async () => {
    let calls = 0;
    let most = 0;
    await startWatching({
      onChange: async () => {
        most = Math.max(most, ++calls);
        const content = await readAll();
        if (content === 'b') writeFileSync(at('one.txt'), 'c');
        contents.push(content);
        calls--;
      },
    });
    writeFileSync(at('one.txt'), 'b');
    await sees('c');
    expect([contents, most]).toEqual([['a', 'b', 'c'], 1]);
  });

  it('reports an error and goes on', async () => {
    await startWatching({
      onChange: async () => {
        contents.push(await readAll());
        if (contents.at(-1) === 'b') throw new Error('not this one');
      },
    });
    writeFileSync(at('one.txt'), 'b');
    await until('the error', () => errors.length > 0);
    writeFileSync(at('one.txt'), 'c');
    await sees('c');
    expect(errors).toMatchObject([{ message: 'not this one' }]);
  });

  it('waits for the running call when it is closed, and starts no other one', async () => {
    let release: (() => void) | undefined;
    await startWatching({
      onChange: async () => {
        contents.push(await readAll());
        if (contents.at(-1) === 'b') await new Promise<void>((resolve) => (release = resolve));
      },
    });
    const order: string[] = [];
    writeFileSync(at('one.txt'), 'b');
    await until('a running call', () => release);
    const closing = watched?.close().then(() => order.push('closed'));
    await new Promise((resolve) => setImmediate(resolve));
    order.push('released');
    release?.();
    await closing;
    expect(order).toEqual(['released', 'closed']);
    const closedContents = contents;
    contents = [];
    // Another one sees the next change, and the closed one does not.
    await startWatching();
    writeFileSync(at('one.txt'), 'c');
    await sees('c');
    expect([closedContents, contents]).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
  });
});
