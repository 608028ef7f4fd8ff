import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../domain/api-error.ts';
import type { CompiledSchemas } from './compiled-schemas.ts';
import type { PageFile, PageFiles } from './page-files.ts';

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
  const { gzipped } = file;
  const compressed = gzipped !== undefined && acceptsGzip(request.headers['accept-encoding']);
  const etag = `"${file.hash}${compressed ? '-gzip' : ''}"`;
  void reply.headers({
    etag,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  if (compressed) void reply.header('content-encoding', 'gzip');
  return reply.type(file.type).send(compressed ? await gzipped() : file.bytes);
}

function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  const encodings = String(header ?? '').split(',');
  return encodings.some((encoding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)|$)/i.test(encoding));
}
