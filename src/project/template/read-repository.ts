import { execa } from 'execa';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { killWithParent } from '../../base/process-tree.ts';
import { redactSecrets } from '../../base/secret.ts';
import { isNotInstalled } from '../../files/find-on-path.ts';
import { gitEnvironment } from '../../files/git-state.ts';
import { MIB } from '../../files/read.ts';
import {
  chooseEntries,
  rejectLfsPointer,
  unusableTemplateError,
  type TemplateEntry,
  type TemplateFiles,
} from './allowed-files.ts';
import type { TemplateSource } from './source.ts';
import type { Environment } from '../../settings/environment.ts';

const LIMIT_MS = 120_000;
/** A listing of about 100,000 files, and more than all files of a template. */
const MAX_OUTPUT_BYTES = 16 * MIB;

export interface RepositoryRequest {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  /** How long git may take in total. Default: two minutes. */
  readonly limitMs?: number | undefined;
}

type GitSource = Extract<TemplateSource, { kind: 'git' }>;

interface GitAnswer {
  readonly ok: boolean;
  readonly bytes: Buffer;
  readonly stderr: string;
}

type Git = (args: readonly string[], input?: string) => Promise<GitAnswer>;

/**
 * Reads a commit of a git repository, without a working tree: no file is written outside a temporary folder, and no hook, filter or submodule
 * of the repository is used. Rejects with a KnownError that quotes git, or with the reason of the signal.
 */
export async function readTemplateRepository(
  source: GitSource,
  request: RepositoryRequest,
): Promise<{ readonly files: TemplateFiles; readonly commit: string }> {
  const { signal, limitMs = LIMIT_MS } = request;
  signal?.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'kuflow-template-'));
  const removeNow = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeNow);
  const limit = AbortSignal.timeout(limitMs);
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    const git = openGit(folder, source, request.env, stop);
    const commit = await fetchCommit(git, source);
    return { commit, files: await readCommit(git, commit, source) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!limit.aborted) throw error;
    throw fetchError(source, `no answer within ${limitMs / 1000} seconds`);
  } finally {
    process.off('exit', removeNow);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function openGit(
  folder: string,
  { url, publicUrl, shown, secrets }: GitSource,
  given: RepositoryRequest['env'],
  stop: AbortSignal,
): Git {
  const env = {
    ...gitEnvironment(given),
    LC_ALL: 'C',
    // Nobody would see a prompt.
    GIT_TERMINAL_PROMPT: '0',
    // A redirect or a setting of the user must not lead to a protocol that runs programs, such as ext.
    GIT_ALLOW_PROTOCOL: url.startsWith('file:') ? 'file' : url.startsWith('http:') ? 'http:https:ssh' : 'https:ssh',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
  const settings = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'gc.auto=0', 'maintenance.auto=false'];
  return async (args, input = '') => {
    stop.throwIfAborted();
    const child = execa('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
      cwd: folder,
      env,
      extendEnv: false,
      encoding: 'buffer',
      input: Buffer.from(input),
      maxBuffer: MAX_OUTPUT_BYTES,
      reject: false,
      // Without a terminal, ssh cannot ask for a password. The group is ended as a whole.
      detached: process.platform !== 'win32',
    });
    const release = killWithParent(child, stop);
    try {
      const result = await child;
      stop.throwIfAborted();
      if (isNotInstalled('git', env, result))
        throw new KnownError({
          message: 'git is not installed. --template needs it to read a URL',
          next: ['Install git'],
        });
      if (result.isMaxBuffer) throw unusableTemplateError(shown, ['it has too many files']);
      const stderr = stripVTControlCharacters(Buffer.from(result.stderr).toString('utf8')).replaceAll(url, publicUrl);
      return { ok: !result.failed, bytes: Buffer.from(result.stdout), stderr: redactSecrets(stderr, secrets) };
    } finally {
      release();
    }
  };
}

async function fetchCommit(git: Git, source: GitSource): Promise<string> {
  const { url, ref = 'HEAD' } = source;
  const run = async (args: readonly string[]): Promise<GitAnswer> => {
    const answer = await git(args);
    if (!answer.ok) throw fetchError(source, answer.stderr);
    return answer;
  };
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules'];
  // Without the user's own git template, which can contain hooks.
  await run(['init', '--quiet', '--bare', '--template=', '.']);
  const fetched = await git([...fetch, '--depth=1', '--', url, ref]);
  if (fetched.ok) return readId(await run(['rev-parse', '--verify', '--quiet', 'FETCH_HEAD^{commit}']));
  // Many servers do not send a commit by its ID, and no server by an abbreviated ID.
  if (!/^[0-9a-f]{7,64}$/i.test(ref)) throw fetchError(source, fetched.stderr);
  await run([...fetch, '--', url, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']);
  const found = await git(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (!found.ok) throw fetchError(source, `no branch or tag contains the commit ${ref}`);
  return readId(found);
}

const readId = ({ bytes }: GitAnswer): string => bytes.toString('latin1').trim();

/** Reads the files of a commit from the object database, byte for byte. */
async function readCommit(git: Git, commit: string, source: GitSource): Promise<TemplateFiles> {
  const listing = await git(['ls-tree', '-r', '-l', '-z', '--full-tree', commit]);
  if (!listing.ok) throw fetchError(source, listing.stderr);
  const ids = new Map<string, string>();
  const entries = listing.bytes
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line): TemplateEntry => {
      const tab = line.indexOf('\t');
      const [mode = '', , id = '', size = ''] = line.slice(0, tab).split(/ +/);
      const name = line.slice(tab + 1);
      ids.set(name, id);
      const kind = mode === '120000' ? 'symbolic link' : mode === '160000' ? 'submodule' : 'file';
      return { name, kind, bytes: Number(size) || 0 };
    });
  const chosen = chooseEntries(entries, source.shown);
  const answer = await git(['cat-file', '--batch'], chosen.map(({ name }) => `${ids.get(name) ?? ''}\n`).join(''));
  if (!answer.ok) throw fetchError(source, answer.stderr);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (const { name, bytes } of chosen) {
    const end = answer.bytes.indexOf('\n', at);
    const header = answer.bytes.subarray(at, end).toString('latin1');
    if (header !== `${ids.get(name) ?? ''} blob ${bytes}`) throw fetchError(source, `git cat-file answered ${header}`);
    const contents = answer.bytes.subarray(end + 1, end + 1 + bytes);
    rejectLfsPointer(name, contents, source.shown);
    files.set(name, contents);
    at = end + 2 + bytes;
  }
  return files;
}

function fetchError({ publicUrl, ref }: GitSource, seen: string): KnownError {
  const lines = seen.trim().split('\n').slice(-5);
  return new KnownError({
    message: 'Could not fetch the template',
    tried: `git fetch ${publicUrl} ${ref ?? 'HEAD'}`,
    seen: lines.map((line) => escapeForTerminal(line, 500)).join('\n'),
    next: [
      `Make sure that this works without a prompt: git ls-remote ${publicUrl}`,
      'For a private repository, use a git credential helper or an SSH key in the agent',
    ],
  });
}
