import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { readTemplateRepository, type RepositoryRequest } from '../../../../src/project/template/read-repository.ts';
import { parseTemplateSource } from '../../../../src/project/template/source.ts';
import { startAnsweringServer, type AnsweringServer, type SeenRequest } from '../../../support/answering-server.ts';
import { createdOf, createWorker, FILES_ONLY, stateOf } from '../../../support/create-worker.ts';
import { commitAll, runGit, writeTree } from '../../../support/template-folder.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const temporaryFolder = temporaryFolders();
const ENV = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

let temporary: string;
beforeEach(() => {
  temporary = temporaryFolder();
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary);
});

const servers: AnsweringServer[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<AnsweringServer> {
  const server = await startAnsweringServer(answer);
  servers.push(server);
  return server;
}

async function read(text: string, request: Partial<RepositoryRequest> = {}) {
  const source = parseTemplateSource(text, { cwd: temporary, env: {} });
  if (source.kind !== 'git') throw new Error('not a repository');
  try {
    return await readTemplateRepository(source, { env: ENV, ...request });
  } finally {
    // Whatever happens.
    expect(readdirSync(temporary).filter((name) => name.startsWith('kuflow-template-'))).toEqual([]);
  }
}

const textsOf = (files: ReadonlyMap<string, Uint8Array>): Readonly<Record<string, string>> =>
  Object.fromEntries([...files].map(([name, contents]) => [name, Buffer.from(contents).toString('utf8')]));

async function failure(text: string, request?: Partial<RepositoryRequest>): Promise<KnownError> {
  const error: unknown = await read(text, request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KnownError)) throw new Error('expected a KnownError', { cause: error });
  return error;
}

describe('a template in a repository', () => {
  it('is read at a branch, a tag, a commit and the start of a commit, byte for byte', async () => {
    const repository = writeTree(temporaryFolder(), {
      'a.txt': 'one',
      '.gitattributes': '* text eol=crlf',
      'sub/b': '',
    });
    const first = commitAll(repository);
    runGit(repository, 'tag', '-a', 'v1', '-m', 'annotated');
    runGit(repository, 'branch', 'old');
    writeTree(repository, { 'a.txt': 'two\nlines\n', 'sub/b': null });
    const second = commitAll(repository);
    const url = `file://${repository}`;
    const { commit, files } = await read(url);
    expect(commit).toBe(second);
    expect(textsOf(files)).toEqual({ '.gitattributes': '* text eol=crlf', 'a.txt': 'two\nlines\n' });
    for (const ref of ['v1', 'old', first, first.slice(0, 9), 'refs/tags/v1']) {
      const at = await read(`${url}#${ref}`);
      expect([ref, at.commit, textsOf(at.files)['a.txt']]).toEqual([ref, first, 'one']);
    }
  });

  it('that does not exist, or does not have the branch, is reported in the words of git', async () => {
    const repository = writeTree(temporaryFolder(), { a: '' });
    commitAll(repository);
    const missing = await failure(`file://${repository}/missing`);
    expect(missing.message).toBe('Could not fetch the template');
    expect(missing.seen).toContain('does not appear to be a git repository');
    expect((await failure(`file://${repository}#nope`)).seen).toBe("fatal: couldn't find remote ref nope");
    expect((await failure(`file://${repository}#1234567`)).seen).toBe('no branch or tag contains the commit 1234567');
  });

  it('is refused with links, submodules, names that leave it and files of Git LFS', async () => {
    const repository = writeTree(temporaryFolder(), { a: 'x' });
    symlinkSync('/etc/passwd', join(repository, 'link'));
    const commit = commitAll(repository, 'link');
    runGit(repository, 'rm', '--quiet', 'link');
    runGit(repository, 'update-index', '--add', '--cacheinfo', `160000,${commit},module`);
    runGit(repository, 'commit', '--quiet', '-m', 'module');
    runGit(repository, 'tag', 'module');
    runGit(repository, 'rm', '--quiet', '--cached', 'module');
    writeTree(repository, { a: 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' });
    commitAll(repository, 'lfs');
    const message = async (tag: string): Promise<string> => (await failure(`file://${repository}#${tag}`)).message;
    expect(await message('link')).toContain('link is a symbolic link');
    expect(await message('module')).toContain('module is a submodule');
    expect(await message('lfs')).toContain('a is stored with Git LFS');
  });

  it.each([
    ['..', 'the path leads out of the project'],
    ['.git', 'it belongs to a git repository'],
    ['.kuflow', 'only kuflow writes the folder .kuflow'],
    ['a\\b', 'the name has a character that not every system allows'],
  ])('is refused with a tree named %s, and nothing is written', async (name, message) => {
    const folder = temporaryFolder();
    const repository = writeTree(join(folder, 'tpl'), { a: 'x' });
    commitAll(repository);
    // git itself does not write such a tree.
    const blob = runGit(repository, 'rev-parse', 'HEAD:a');
    const hash = (entries: Buffer): string =>
      execFileSync('git', ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], {
        cwd: repository,
        input: entries,
        encoding: 'utf8',
      }).trim();
    const entry = (mode: string, at: string, id: string): Buffer =>
      Buffer.concat([Buffer.from(`${mode} ${at}\0`), Buffer.from(id, 'hex')]);
    const inner = hash(entry('100644', 'hooks', blob));
    const outer = hash(entry('40000', name, inner));
    runGit(repository, 'update-ref', 'refs/heads/main', runGit(repository, 'commit-tree', outer, '-m', 'x'));
    const ran = await createWorker(folder, ['w', '--local', ...FILES_ONLY, '--template', `file://${repository}`]);
    expect(ran.status).toBe(1);
    // `.git` is ignored as in a folder, so nothing is left.
    expect(ran.stderr).toContain(name === '.git' ? 'it has no files' : message);
    expect(readdirSync(folder)).toEqual(['tpl']);
  });

  it('is refused with two names that are one on systems that ignore case', async () => {
    const folder = temporaryFolder();
    const repository = writeTree(join(folder, 'tpl'), { a: 'x' });
    commitAll(repository);
    const blob = runGit(repository, 'rev-parse', 'HEAD:a');
    for (const name of ['NOTICE', 'Notice'])
      runGit(repository, 'update-index', '--add', '--cacheinfo', `100644,${blob},${name}`);
    runGit(repository, 'commit', '--quiet', '-m', 'twins');
    const ran = await createWorker(folder, ['w', '--local', ...FILES_ONLY, '--template', `file://${repository}`]);
    expect(ran.stderr).toContain('NOTICE and Notice have the same path in the project');
    expect(existsSync(join(folder, 'w'))).toBe(false);
  });

  it('runs neither hooks nor protocols that the settings of the user or the repository name', async () => {
    const folder = temporaryFolder();
    const marker = join(folder, 'ran');
    const script = `#!/bin/sh\ntouch '${marker}'\n`;
    const hooks = ['post-checkout', 'reference-transaction', 'post-merge', 'pre-auto-gc'];
    writeTree(join(folder, 'template'), Object.fromEntries(hooks.map((name) => [`hooks/${name}`, script])));
    if (process.platform !== 'win32') execFileSync('chmod', ['-R', '+x', join(folder, 'template')]);
    const repository = writeTree(join(folder, 'tpl'), { a: 'x' });
    commitAll(repository);
    const config = join(folder, 'config');
    writeFileSync(
      config,
      `[init]\n\ttemplateDir = ${join(folder, 'template')}\n[core]\n\thooksPath = ${join(folder, 'template/hooks')}\n`,
    );
    await read(`file://${repository}`, { env: { ...ENV, GIT_CONFIG_GLOBAL: config } });
    writeFileSync(
      config,
      `[url "ext::touch ${marker} #"]\n\tinsteadOf = https://example.com/\n[protocol "ext"]\n\tallow = always\n`,
    );
    const blocked = await failure('https://example.com/x', { env: { ...ENV, GIT_CONFIG_GLOBAL: config } });
    expect(blocked.seen).toContain("transport 'ext' not allowed");
    expect(existsSync(marker)).toBe(false);
  });

  it('on a server that requires a password is an error, not a prompt', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
    });
    const error = await failure(`http://127.0.0.1:${server.port}/a.git`);
    expect(error.seen).toContain('terminal prompts disabled');
    expect(error.next.join()).toContain('credential helper');
  });

  it('that refuses a password is reported without the password', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
    });
    const cwd = temporaryFolder();
    const url = `http://robot-7:s3cr%40t-canary@127.0.0.1:${server.port}/a.git#v1`;
    const ran = await createWorker(cwd, ['w', '--local', ...FILES_ONLY, '--json', '--template', url], ENV);
    expect(ran.status).toBe(1);
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Basic ${btoa('robot-7:s3cr@t-canary')}`);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/canary|robot-7/);
    const missing = await createWorker(cwd, ['--template', url, '--yes', '--local'], ENV);
    expect(missing.status).toBe(2);
    expect(`${missing.stdout}${missing.stderr}`).not.toMatch(/canary|robot-7/);
  });

  it.skipIf(process.platform === 'win32')(
    'is fetched with the credentials in the URL, which are not recorded',
    async () => {
      const folder = temporaryFolder();
      const repository = writeTree(join(folder, 'tpl'), { NOTICE: 'x' });
      const commit = commitAll(repository, 'v1');
      const server = await serve((request, response) => {
        if (request.headers.authorization !== `Basic ${btoa('robot-7:s3cret-k9-canary')}`)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
        else void answerWithGit(folder, request, response);
      });
      const cwd = join(folder, 'here');
      mkdirSync(cwd);
      const url = `http://robot-7:s3cret-k9-canary@127.0.0.1:${server.port}/tpl/.git#v1`;
      const ran = await createWorker(cwd, ['w', '--local', ...FILES_ONLY, '--json', '--template', url], ENV);
      expect(ran.status, ran.stdout).toBe(0);
      const source = `http://127.0.0.1:${server.port}/tpl/.git`;
      expect(createdOf(ran.stdout)).toMatchObject({ template: { source, ref: 'v1', commit } });
      expect(createdOf(ran.stdout).command).toContain(`--template '${source}#v1'`);
      expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/canary|robot-7/);
      expect([...stateOf(join(cwd, 'w')).values()].join()).not.toMatch(/k9-canary|robot-7/);
    },
  );

  it('on a server that does not answer ends after the limit', async () => {
    const server = await serve(() => undefined);
    const error = await failure(`http://127.0.0.1:${server.port}/a.git`, { limitMs: 500 });
    expect(error.seen).toBe('no answer within 0.5 seconds');
  });

  it('is no longer fetched after an interruption, and git ends', async () => {
    const closed = { count: 0 };
    const server = await serve((_request, response) => response.on('close', () => closed.count++));
    const abort = new AbortController();
    const reading = read(`http://127.0.0.1:${server.port}/a.git`, { signal: abort.signal });
    await until('a request of git', () => server.requests.length > 0);
    const reason = new Error('interrupted');
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await until('the end of git', () => closed.count > 0);
  });

  it('requires git', async () => {
    const error = await failure('https://example.com/a', { env: { PATH: temporaryFolder() } });
    expect(error.message).toContain('git is not installed');
  });
});

/** Answers a request of git for a repository below `root`. */
async function answerWithGit(
  root: string,
  { method, url, headers, body }: SeenRequest,
  response: ServerResponse,
): Promise<void> {
  const [path = '', query = ''] = url.split('?');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: method,
      CONTENT_TYPE: headers['content-type'],
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      GIT_PROTOCOL: headers['git-protocol'] as string | undefined,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.stdin.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of backend.stdout) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks);
  const end = answer.indexOf('\r\n\r\n');
  const lines = answer.subarray(0, end).toString('latin1').split('\r\n');
  for (const line of lines) {
    const at = line.indexOf(': ');
    if (line.startsWith('Status: ')) response.statusCode = Number(line.slice(8, 11));
    else response.setHeader(line.slice(0, at), line.slice(at + 2));
  }
  response.end(answer.subarray(end + 4));
}
