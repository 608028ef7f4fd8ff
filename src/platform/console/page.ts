import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf } from '../../base/errors.ts';
import { ApiError } from '../domain/api-error.ts';
import type { CompiledSchemas } from './compiled-schemas.ts';

/** A file of the console, in memory. */
interface PageFile {
  readonly bytes: Buffer;
  /** Media type. */
  readonly type: string;
  /** Hash of the bytes. */
  readonly hash: string;
  /** Whether the name has a hash of the content, so that the file never changes. */
  readonly immutable: boolean;
  /** Compressed when it is first requested. */
  readonly gzipped: () => Promise<Buffer>;
}

export interface PageFiles {
  readonly index: PageFile;
  /** By name. Only these are served, so that a request can't reach anything else on the disk. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** esbuild's `[name]-[hash]`. */
const HASHED_NAME = /-[0-9A-Z]{8}\.\w+$/;

const compress = promisify(gzip);

/** How commands in the console begin, and the command that starts the worker, for a shell in the folder of the platform. */
export interface PageCommands {
  readonly kuflow: string;
  readonly worker: string;
}

const USUAL_COMMANDS: PageCommands = { kuflow: 'npx kuflow', worker: 'npm run dev' };

/** Reads the built page, and adds the commands, by default of a TypeScript project. Undefined if it has not been built. */
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
  let compressed: Promise<Buffer> | undefined;
  return {
    bytes,
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 27),
    immutable: HASHED_NAME.test(name),
    gzipped: () => (compressed ??= compress(bytes, { level: 9 })),
  };
}

const HOME = '/console/';
const PAGE_ROUTES = ['/', '/console', '/console/*', '/console/assets/*', '/console/validators/:hash'] as const;

/**
 * The console may only load its own files and talk to this server. JSON Forms and its validator must do without `eval`, and nothing may be written
 * to the document as text.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** Whether the request is for the console's own files, which do not contain data. */
export function isPageRequest(request: FastifyRequest): boolean {
  return request.method === 'GET' && PAGE_ROUTES.some((route) => route === request.routeOptions.url);
}

/** `/` redirects to `/console/`. Every path below it is the console, which has its own routes, except for its files in `assets/`. */
export function registerPageRoutes(
  app: FastifyInstance,
  files: Promise<PageFiles | undefined>,
  validators: CompiledSchemas,
): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    void reply.headers(HEADERS);
    // With the prefix of the API, these are paths that KuFlow does not have.
    if (/^\/($|\?|console)/.test(request.originalUrl)) done();
    else reply.callNotFound();
  };
  app.get(PAGE_ROUTES[0], { onRequest }, (_request, reply) => reply.redirect(HOME));
  const servePage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    await sendFile((await requireFiles(files)).index, request, reply);
  app.get(PAGE_ROUTES[1], { onRequest }, servePage);
  app.get(PAGE_ROUTES[2], { onRequest }, servePage);
  app.get<{ Params: { '*': string } }>(PAGE_ROUTES[3], { onRequest }, async (request, reply) => {
    const file = (await requireFiles(files)).assets.get(request.params['*']);
    if (file === undefined) throw new ApiError(404, 'The console does not have this file');
    return await sendFile(file, request, reply);
  });
  app.get<{ Params: { hash: string } }>(PAGE_ROUTES[4], { onRequest }, (request, reply) => {
    const module = validators.find(request.params.hash);
    if (module === undefined) throw new ApiError(404, 'This schema is no longer known');
    return reply.header('cache-control', 'private, no-cache').type('text/javascript; charset=utf-8').send(module);
  });
}

async function requireFiles(files: Promise<PageFiles | undefined>): Promise<PageFiles> {
  const read = await files;
  if (read !== undefined) return read;
  throw new ApiError(
    503,
    'This installation of create-kuflow-worker does not contain the console of the local KuFlow (dist/web). Install the package again; in a clone of its repository, run npm run build',
  );
}

async function sendFile(file: PageFile, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const compressed = acceptsGzip(request.headers['accept-encoding']);
  const etag = `"${file.hash}${compressed ? '-gzip' : ''}"`;
  void reply.headers({
    etag,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  if (compressed) void reply.header('content-encoding', 'gzip');
  return reply.type(file.type).send(compressed ? await file.gzipped() : file.bytes);
}

function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  const encodings = String(header ?? '').split(',');
  return encodings.some((encoding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)|$)/i.test(encoding));
}
