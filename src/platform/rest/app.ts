import http from 'node:http';
import https from 'node:https';

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { messageOf } from '../../base/errors.ts';
import { openApiDocument } from '../../kuflow/contract/openapi.ts';
import { API_VERSION } from '../../kuflow/contract/api-version.ts';
import { operationIds } from '../../kuflow/contract/operations.ts';
import type { RestDeps, ServerTls } from './deps.ts';
import { registerDevRoutes } from './dev-routes.ts';
import { createErrorBody, toRestError } from './errors.ts';
import { checkOrigin } from './origin-check.ts';
import { getRequestState } from './calls.ts';
import { registerOperation } from './operation-route.ts';
import { createRequestLog } from './request-log.ts';
import { stripApiPrefix, parseQuery } from './urls.ts';

/** Bytes; a longer body is refused with 413. */
export const BODY_LIMIT = 100 * 1024 * 1024;

/**
 * KuFlow's REST API over the domain, with `/health`, `/openapi.json` and `/_dev/…` beside it, as one server that is not listening yet.
 * Make one for HTTP and one with `tls` for HTTPS: they share everything in `deps`.
 */
export function createRestApp(deps: RestDeps, tls?: ServerTls): FastifyInstance {
  const { clock, report } = deps.domain;
  const scheme = tls === undefined ? 'http' : 'https';
  const app = Fastify({
    logger: false,
    serverFactory: (handler) => {
      const server =
        tls === undefined ? http.createServer(handler) : https.createServer({ key: tls.key, cert: tls.cert }, handler);
      // Longer than any client keeps an idle connection, so that none is closed under a request.
      server.keepAliveTimeout = 75_000;
      return server;
    },
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    rewriteUrl: (request) => stripApiPrefix(request.url ?? '/'),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200, querystringParser: parseQuery },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
  });
  const finished = createRequestLog(clock, report);

  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = toRestError(error);
    const call = getRequestState(request);
    call.refused = true;
    call.problem ??= refusal.unexpected ? messageOf(error) : refusal.message;
    if (refusal.unexpected)
      report({ kind: 'warning', message: `${call.operationId ?? request.method} failed: ${messageOf(error)}` });
    const message = refusal.unexpected
      ? `${refusal.message}: ${call.operationId ?? 'the request'} failed inside the local platform; its log says why`
      : refusal.message;
    void reply
      .status(refusal.status)
      .type('application/json; charset=utf-8')
      .send(createErrorBody(clock, refusal.status, message, refusal.details));
  };

  // Bytes for all: an upload is no JSON whatever its type, and JSON is read by the operation's own rules.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const verdict = checkOrigin(request.headers, deps.hostNames ?? [], scheme);
    if (verdict.ok) return;
    getRequestState(request).problem = verdict.message;
    return reply.status(verdict.status).send(createErrorBody(clock, verdict.status, verdict.message));
  });
  const log = (request: FastifyRequest, status: number, ms: number): void => {
    const { operationId, principal, problem } = getRequestState(request);
    finished({
      method: request.method,
      path: request.originalUrl.split('?', 1)[0] ?? '',
      status,
      ms,
      ...(operationId === undefined ? {} : { operationId }),
      ...(principal === undefined ? {} : { principal }),
      ...(problem === undefined ? {} : { problem }),
    });
  };
  app.addHook('onResponse', (request, reply, done) => {
    log(request, reply.statusCode, reply.elapsedTime);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    answerError(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `No operation ${request.method} ${request.originalUrl.split('?', 1)[0] ?? ''} in KuFlow's API ${API_VERSION}`;
    getRequestState(request).problem = message;
    return reply.status(404).send(createErrorBody(clock, 404, message));
  });

  app.get('/health', async (_request, reply) => {
    const health = await deps.health();
    return reply.status(health.ready ? 200 : 503).send(health);
  });
  app.get('/openapi.json', (request) =>
    openApiDocument(`${scheme}://${request.headers.host ?? '127.0.0.1'}/${API_VERSION}`),
  );
  for (const id of operationIds) registerOperation(app, { ...deps, log }, id);
  registerDevRoutes(app, deps);
  return app;
}
