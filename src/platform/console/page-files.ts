import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { codeOf } from '../../base/errors.ts';

/** A file of the console, in memory. */
export interface PageFile {
  readonly bytes: Buffer;
  /** Media type. */
  readonly type: string;
  /** Hash of the bytes. */
  readonly hash: string;
  /** Whether the name has a hash of the content, so that the file never changes. */
  readonly immutable: boolean;
  /** Compressed when it is first requested. Undefined for a type that does not get smaller. */
  readonly gzipped: (() => Promise<Buffer>) | undefined;
}

export interface PageFiles {
  readonly index: PageFile;
  /** By name. Only these are served, so that a request can't reach anything else on the disk. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** esbuild's `[name]-[hash]`. */
const HASHED_NAME = /-[0-9A-Z]{8}\.\w+$/;

const COMPRESSIBLE = /^text\/|json|svg/;

const compress = promisify(gzip);

/** How commands in the console begin, and the command that starts the worker, for a shell in the folder of the platform. */
export interface PageCommands {
  readonly kuflow: string;
  readonly worker: string;
}

const USUAL_COMMANDS: PageCommands = { kuflow: 'npx kuflow', worker: 'npm run dev' };

/**
 * Reads the built page: `index.html`, to which it adds the commands, and `assets/*`. Undefined if it has not been built. By default, the commands are
 * those of a TypeScript project.
 */
export async function readPageFiles(
  folder: string,
  commands: PageCommands = USUAL_COMMANDS,
): Promise<PageFiles | undefined> {
  try {
    const entries = await readdir(join(folder, 'assets'), { withFileTypes: true });
    const assets = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async ({ name }) => [name, toPageFile(await readFile(join(folder, 'assets', name)), name)] as const),
    );
    const index = withCommands(await readFile(join(folder, 'index.html'), 'utf8'), commands);
    return { index: toPageFile(Buffer.from(index), 'index.html'), assets: new Map(assets) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The attributes are read by `web/project-commands.ts`. */
function withCommands(html: string, { kuflow, worker }: PageCommands): string {
  return html.replace(
    /(<html [^>]*)data-kuflow="[^"]*" data-worker="[^"]*"/,
    (_all, before: string) =>
      `${before}data-kuflow="${escapeAttribute(kuflow)}" data-worker="${escapeAttribute(worker)}"`,
  );
}

/** Escapes a text for an HTML attribute in double quotes. */
export const escapeAttribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

function toPageFile(bytes: Buffer, name: string): PageFile {
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  let compressed: Promise<Buffer> | undefined;
  return {
    bytes,
    type,
    hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 27),
    immutable: HASHED_NAME.test(name),
    gzipped: COMPRESSIBLE.test(type) ? () => (compressed ??= compress(bytes, { level: 9 })) : undefined,
  };
}
