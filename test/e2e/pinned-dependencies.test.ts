import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Header } from 'tar';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installedBin } from '../support/generated-project.ts';

/** An indirect dependency of the project without dependencies. Any 4.x is in the ranges of those that use it. */
const BROKEN = { name: 'picomatch', version: '4.999.0' };

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const shell = process.platform === 'win32';

let folder: string;
let registry: { readonly url: string; readonly close: () => Promise<void> };

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'pinned-'));
  registry = await startRegistry();
});

afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A registry that forwards to the one of this machine, and has one more version of a package, published a moment ago. */
async function startRegistry(): Promise<typeof registry> {
  const { stdout } = await execa(npm, ['config', 'get', 'registry'], { cwd: tmpdir(), shell });
  const upstream = stdout.trim().replace(/\/$/, '');
  const archive = brokenArchive();
  const answer = async (url: string, accept: string, response: ServerResponse): Promise<void> => {
    if (url.startsWith(`/${BROKEN.name}/-/${BROKEN.name}-${BROKEN.version}`)) {
      response.end(archive);
      return;
    }
    const forwarded = await fetch(`${upstream}${url}`, { headers: { accept } });
    const body = Buffer.from(await forwarded.arrayBuffer());
    response.statusCode = forwarded.status;
    response.setHeader('content-type', forwarded.headers.get('content-type') ?? 'application/json');
    response.end(url === `/${BROKEN.name}` ? addVersion(body.toString('utf8'), archive) : body);
  };
  const server = createServer(({ url = '', headers: { accept = '*/*' } }, response) => {
    answer(url, accept, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, close };
}

function addVersion(packument: string, archive: Buffer): string {
  const data = JSON.parse(packument) as { readonly versions: object; readonly 'dist-tags': object };
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const tarball = `${registry.url}/${BROKEN.name}/-/${BROKEN.name}-${BROKEN.version}.tgz`;
  const versions = { ...data.versions, [BROKEN.version]: { ...BROKEN, dist: { tarball, integrity } } };
  return JSON.stringify({ ...data, versions, 'dist-tags': { ...data['dist-tags'], latest: BROKEN.version } });
}

/** A package that throws when it is loaded. */
function brokenArchive(): Buffer {
  const entry = (path: string, text: string): Buffer => {
    const header = new Header({ path: `package/${path}`, type: 'File', mode: 0o644, size: text.length });
    const block = Buffer.alloc(512);
    header.encode(block);
    return Buffer.concat([block, Buffer.from(text), Buffer.alloc(-text.length & 511)]);
  };
  const files = [
    entry('package.json', JSON.stringify(BROKEN)),
    entry('index.js', "throw new Error('broken release');"),
  ];
  return gzipSync(Buffer.concat([...files, Buffer.alloc(1024)]));
}

/** Runs a program that uses this registry, which must succeed. */
async function succeeds(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const env = { npm_config_registry: registry.url, npm_config_audit: 'false', npm_config_update_notifier: 'false' };
  const { exitCode, all } = await execa(program, args, { cwd, env, shell, all: true, reject: false });
  expect(exitCode, `${program} ${args.join(' ')}\n${all}`).toBe(0);
}

const versionIn = (project: string, name: string): string =>
  (JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version;

const project = (): string => join(folder, 'loans');
const lock = (): string => join(project(), 'package-lock.json');

describe('a registry with a broken new version of an indirect dependency', () => {
  it('has it, and a project without a lock file gets it', async () => {
    const unlocked = mkdtempSync(join(folder, 'unlocked-'));
    writeFileSync(join(unlocked, 'package.json'), JSON.stringify({ dependencies: { [BROKEN.name]: '^4.0.0' } }));
    await succeeds(unlocked, npm, ['install', '--no-fund']);
    expect(versionIn(unlocked, BROKEN.name)).toBe(BROKEN.version);
    const loaded = await execa('node', ['-e', `require('${BROKEN.name}')`], { cwd: unlocked, reject: false });
    expect(loaded.stderr).toContain('broken release');
  });

  it('does not change what create installs', async () => {
    const options = [
      'loans',
      '--local',
      '--yes',
      '--no-git',
      '--no-check',
      '--cli-package',
      `file:${inject('tarball')}`,
    ];
    await succeeds(folder, process.execPath, [installedBin('create-kuflow-worker'), ...options]);
    expect(versionIn(project(), BROKEN.name)).not.toBe(BROKEN.version);
    const locked = readFileSync(lock(), 'utf8');
    const { packages } = JSON.parse(locked) as { readonly packages: Readonly<Record<string, { version: string }>> };
    const tested = JSON.parse(
      readFileSync(
        join(inject('cliFolder'), 'node_modules/create-kuflow-worker/templates/typescript/package-lock.json'),
        'utf8',
      ),
    ) as { readonly packages: Readonly<Record<string, { version: string }>> };
    const versions = (all: typeof packages) =>
      Object.fromEntries(Object.entries(all).flatMap(([path, { version }]) => (path === '' ? [] : [[path, version]])));
    const { 'node_modules/create-kuflow-worker': own, ...others } = versions(packages);
    expect(own).toMatch(/^\d/);
    expect(others).toEqual(versions(tested.packages));
    expect(versionIn(project(), BROKEN.name)).toBe(others[`node_modules/${BROKEN.name}`]);
    expect(locked).not.toContain('127.0.0.1');
  });

  // `npm ci` installs what the lock file lists, and the previous test compares that file. This test takes 15 s of CPU time.
  it.runIf(process.env['KUFLOW_SOAK'] === '1')('does not change what npm ci installs in that project', async () => {
    const locked = readFileSync(lock(), 'utf8');
    await succeeds(project(), npm, ['ci', '--no-fund']);
    expect(versionIn(project(), BROKEN.name)).not.toBe(BROKEN.version);
    expect(readFileSync(lock(), 'utf8')).toBe(locked);
  });
});
