import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../../src/base/clock.ts';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import {
  exportSet,
  type ExportEvent,
  type ExportRequest,
  type ExportResult,
} from '../../../../../src/commands/credentials/formats/export-set.ts';
import { FORMAT_NAMES } from '../../../../../src/commands/credentials/formats/format.ts';
import { nodeFileSystem } from '../../../../../src/files/node-file-system.ts';
import { canariesOf, credentialSet, withToken } from '../../../../support/credential-set.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const PATHS = { cert: '/s/client.pem', key: '/s/client.key', ca: '/s/ca.pem' };
const NAMES = FORMAT_NAMES.filter((name) => name !== 'pem');
const ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
let set: CredentialSet;
const seen: unknown[] = [];

beforeAll(async () => {
  set = withToken(await credentialSet());
});

/** Runs an export, and records everything it reports for the search for secrets at the end. */
async function run(output: string, over: Partial<ExportRequest> = {}): Promise<ExportResult> {
  const report = (event: ExportEvent): void => {
    seen.push(event);
    over.report?.(event);
  };
  const { PATH } = process.env;
  const request: ExportRequest = {
    ...{ set, output, format: 'dotenv', paths: PATHS, byPath: false, allowGit: false, dryRun: false },
    ...{ files: nodeFileSystem, env: { PATH }, clock: systemClock, ...over, report },
  };
  try {
    const result = await exportSet(request);
    seen.push(result);
    return result;
  } catch (error) {
    if (error instanceof Error)
      seen.push([error.message, error.stack, Object.entries(error), (error.cause as Error | undefined)?.message]);
    throw error;
  }
}

function withoutToken(): CredentialSet {
  return Object.fromEntries(Object.entries(set).filter(([key]) => key !== 'token')) as unknown as CredentialSet;
}

/** Expects a KnownError with this message, and an unchanged folder. */
async function expectRejected(
  dir: string,
  name: string,
  why: RegExp | string,
  over: Partial<ExportRequest> = {},
): Promise<void> {
  const before = listing(dir);
  const refusal = run(join(dir, name), over);
  await expect(refusal).rejects.toThrow(why);
  await expect(refusal).rejects.toBeInstanceOf(KnownError);
  expect(listing(dir)).toEqual(before);
}

function listing(dir: string): readonly string[] {
  return readdirSync(dir)
    .sort()
    .map((name) => {
      const stats = lstatSync(join(dir, name));
      const content = stats.isFile() && stats.size < 10_000 ? readFileSync(join(dir, name), 'hex') : '';
      return [name, stats.mode, stats.ino, stats.mtimeMs, content].join(' ');
    });
}

describe('a set written to a file', () => {
  it.each(NAMES)(
    'as %s is private from its creation, reported before it is written, and not rewritten',
    async (format) => {
      const dir = folder();
      const path = join(dir, 'out');
      const before: unknown[] = [];
      const result = await run(path, { format, report: (event) => before.push(event, existsSync(path)) });
      expect(result).toMatchObject({ kind: 'written', path });
      expect(before).toEqual([{ kind: 'changes', path, changes: (result as { changes: unknown }).changes }, false]);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readdirSync(dir)).toEqual(['out']);
      const written = listing(dir);
      expect(await run(path, { format })).toMatchObject({ kind: 'unchanged', changes: [] });
      expect(listing(dir)).toEqual(written);
      const printed = await run('-', { format });
      if (printed.kind !== 'printed') throw new Error('not printed');
      expect(printed.text.reveal()).toBe(readFileSync(path, 'utf8'));
    },
  );

  it('is reported but not written by a dry run', async () => {
    const dir = folder();
    expect(await run(join(dir, 'a'), { dryRun: true })).toMatchObject({ kind: 'would-write' });
    expect(await run(dir, { dryRun: true, format: 'pem' })).toMatchObject({ kind: 'would-write' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('makes a file with secrets private, and reports it; a file with paths only keeps its permissions', async () => {
    const path = join(folder(), '.env');
    writeFileSync(path, 'A=1\n');
    chmodSync(path, 0o644);
    const bare = withoutToken();
    await run(path, { set: bare, byPath: true });
    expect(statSync(path).mode & 0o777).toBe(0o644);
    const result = await run(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(result).toMatchObject({ notes: [expect.stringContaining('0644')] });
    chmodSync(path, 0o640);
    expect(await run(path)).toMatchObject({ kind: 'written', changes: [] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('contains paths only in formats that support it', async () => {
    const dir = folder();
    await run(join(dir, 'a'), { byPath: true });
    expect(readFileSync(join(dir, 'a'), 'utf8')).not.toContain('BEGIN');
    await expectRejected(dir, 'b', '--paths is not available for --format json', { byPath: true, format: 'json' });
  });
});

describe('a target is rejected if it', () => {
  it('is a folder, a pipe, a link, a device, in a missing folder, or too large', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'folder'));
    symlinkSync('elsewhere', join(dir, 'dangling'));
    writeFileSync(join(dir, 'plain'), 'A=1\n');
    symlinkSync('plain', join(dir, 'link'));
    writeFileSync(join(dir, 'huge'), Buffer.alloc(1024 * 1024 + 1, '#'));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    for (const format of NAMES) {
      await expectRejected(dir, 'folder', 'it is a folder', { format });
      await expectRejected(dir, 'dangling', 'it is a symbolic link', { format });
      await expectRejected(dir, 'link', 'it is a symbolic link', { format });
      await expectRejected(dir, 'pipe', 'it is a pipe', { format });
      await expectRejected(dir, 'huge', 'larger than 1 MiB', { format });
      await expectRejected(dir, join('nowhere', 'a'), 'does not exist', { format });
      await expectRejected(dir, join('plain', 'a'), /not a folder/, { format });
    }
    await expect(run('/dev/stdout')).rejects.toThrow(/a pipe, a socket or a device|a symbolic link/);
    for (const name of ['plain', 'dangling', 'link', 'pipe'])
      await expectRejected(dir, name, /not a folder|a symbolic link|does not exist/, { format: 'pem' });
    await expect(run('-', { format: 'pem' })).rejects.toThrow('several files');
  });

  it('is read-only or belongs to another user', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'closed'), 'A=1\n', { mode: 0o400 });
    for (const format of NAMES) await expectRejected(dir, 'closed', 'it is read-only', { format });
    if (!ROOT) {
      await expect(run('/etc/passwd')).rejects.toThrow('another user');
      return;
    }
    writeFileSync(join(dir, 'theirs'), 'A=1\n');
    chownSync(join(dir, 'theirs'), NOBODY, NOBODY);
    await expectRejected(dir, 'theirs', 'it belongs to another user');
    mkdirSync(join(dir, 'their-folder'));
    chownSync(join(dir, 'their-folder'), NOBODY, NOBODY);
    await expectRejected(dir, 'their-folder', 'it belongs to another user', { format: 'pem' });
  });

  it('is in a folder that this user cannot write to', async () => {
    const dir = folder();
    chmodSync(dir, 0o555);
    const inFolder = async (): Promise<void> => {
      await expectRejected(dir, 'a', 'permission denied');
      await expectRejected(dir, '.', 'permission denied', { format: 'pem' });
    };
    if (!ROOT) {
      await inFolder();
      return;
    }
    // Root can write everywhere, so this part runs as another user.
    chmodSync(join(dir, '..'), 0o1777);
    process.seteuid?.(NOBODY);
    try {
      await inFolder();
    } finally {
      process.seteuid?.(0);
    }
  });

  it('is on a full disk', async (context) => {
    const dir = folder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', dir]);
    if (mounted.status !== 0)
      context.skip(`no file system of one's own can be mounted here: ${String(mounted.stderr)}`);
    try {
      writeFileSync(join(dir, '.env'), 'A=1\n');
      for (const size of [4096, 4096, 4096])
        spawnSync('dd', [
          'if=/dev/zero',
          `of=${join(dir, 'fill')}`,
          'oflag=append',
          'conv=notrunc',
          `bs=${size}`,
          'count=1',
        ]);
      await expectRejected(dir, '.env', 'the disk is full');
      await expectRejected(dir, '.', 'the disk is full', { format: 'pem' });
    } finally {
      execFileSync('umount', [dir]);
    }
  });

  it('is not UTF-8 text (UTF-16, binary, Latin-1)', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'utf16'), Buffer.from('\ufeffA=canary\n', 'utf16le'));
    writeFileSync(join(dir, 'utf16be'), Buffer.from('\ufeffA=canary\n', 'utf16le').swap16());
    writeFileSync(join(dir, 'bare16'), Buffer.from('A=canary\n', 'utf16le'));
    writeFileSync(join(dir, 'latin1'), Buffer.from('A=\u00e9canary\n', 'latin1'));
    for (const format of NAMES) {
      for (const name of ['utf16', 'utf16be', 'bare16']) await expectRejected(dir, name, /UTF-16/, { format });
      await expectRejected(dir, 'latin1', 'it is not UTF-8', { format });
    }
  });
});

describe('a target in a repository', () => {
  const git = (dir: string, ...args: readonly string[]): void =>
    void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], {
      cwd: dir,
      stdio: 'ignore',
    });

  it('is written only if git ignores it, or with --allow-git', async () => {
    const dir = folder();
    git(dir, 'init');
    writeFileSync(join(dir, '.gitignore'), '/.env\n*.key\n');
    writeFileSync(join(dir, 'tracked.env'), 'A=1\n');
    mkdirSync(join(dir, 'sub'));
    git(dir, 'add', 'tracked.env');
    await expectRejected(dir, 'tracked.env', 'git tracks it');
    await expectRejected(dir, 'odd [name].env', 'git does not ignore it');
    await expect(run(join(dir, 'odd [name].env'))).rejects.toMatchObject({
      next: expect.arrayContaining([expect.stringContaining('/odd \\[name\\].env')]) as unknown,
    });
    await expectRejected(dir, 'sub/.env', 'git does not ignore it');
    expect(await run(join(dir, '.env'))).toMatchObject({ kind: 'written', notes: [] });
    const bare = withoutToken();
    expect(await run(join(dir, 'temporal.toml'), { format: 'temporal-toml', set: bare })).toMatchObject({
      kind: 'written',
      notes: [],
    });
    expect(await run(join(dir, 'tracked.env'), { allowGit: true })).toMatchObject({
      notes: expect.arrayContaining([expect.stringContaining('git tracks it')]) as unknown,
    });
    await expect(run(join(dir, 'sub'), { format: 'pem' })).rejects.toThrow('engine.token: git does not ignore it');
    expect(readdirSync(join(dir, 'sub'))).toEqual([]);
    expect(await run(join(dir, 'sub'), { format: 'pem', set: bare })).toMatchObject({ kind: 'written' });
    // The suggested line works.
    writeFileSync(join(dir, '.gitignore'), '/odd \\[name\\].env\n');
    expect(await run(join(dir, 'odd [name].env'))).toMatchObject({ kind: 'written', notes: [] });
  });

  it('is checked in its own repository, whatever variables a git hook sets, and not at all outside of one', async () => {
    const [inside, outside] = [folder(), folder()];
    git(inside, 'init');
    const hook = { PATH: process.env['PATH'], GIT_DIR: join(inside, '.git'), GIT_WORK_TREE: inside };
    expect(await run(join(outside, 'a'), { env: hook })).toMatchObject({ kind: 'written', notes: [] });
    await expectRejected(inside, 'a', 'git does not ignore it', { env: { ...hook, GIT_DIR: outside } });
    expect(await run(join(inside, 'a'), { env: { PATH: outside } })).toMatchObject({ kind: 'written', notes: [] });
  });

  it('is written with a note if git fails', async () => {
    const dir = folder();
    git(dir, 'init');
    writeFileSync(join(dir, '.git', 'config'), '[core\n');
    expect(await run(join(dir, 'a'))).toMatchObject({
      kind: 'written',
      notes: [expect.stringContaining('Could not check whether git ignores')],
    });
  });
});

it('no report, result or error above contained a secret', () => {
  expect(seen.length).toBeGreaterThan(60);
  const text = JSON.stringify(seen);
  for (const canary of [...canariesOf(set), 'canary']) expect(text).not.toContain(canary);
});
