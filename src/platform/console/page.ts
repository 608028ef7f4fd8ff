import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf } from '../../base/errors.ts';
import { ApiError } from '../domain/api-error.ts';
import type { PlatformOptions } from '../shared/types.ts';
import type { CompiledSchemas } from './compiled-schemas.ts';

/** The files of the console, in memory. */
export interface PageFiles {
  readonly index: string;
  /** By name. Only these are served, so that a request can't reach anything else on the disk. */
  readonly assets: ReadonlyMap<string, Buffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type PageCommands = NonNullable<PlatformOptions['pageCommands']>;

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
        .map(async ({ name }) => [name, await readFile(join(folder, 'assets', name))] as const),
    );
    const index = withCommands(await readFile(join(folder, 'index.html'), 'utf8'), commands);
    return { index, assets: new Map(assets) };
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

const HOME = '/console/';
const PAGE_ROUTES = ['/', '/console', '/console/*', '/console/assets/*', '/console/validators/:hash'] as const;

/** The console may only load its own files and talk to this server, and must do without `eval` and without writing text as HTML. */
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
  const servePage = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { index } = await requireFiles(files);
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(index);
  };
  app.get(PAGE_ROUTES[1], { onRequest }, servePage);
  app.get(PAGE_ROUTES[2], { onRequest }, servePage);
  app.get<{ Params: { '*': string } }>(PAGE_ROUTES[3], { onRequest }, async (request, reply) => {
    const { '*': name } = request.params;
    const bytes = (await requireFiles(files)).assets.get(name);
    if (bytes === undefined) throw new ApiError(404, 'The console does not have this file');
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    // The name has a hash of the content, so the file never changes.
    return reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(bytes);
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
