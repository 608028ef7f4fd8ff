import http from 'node:http';
import https from 'node:https';

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { messageOf } from '../../base/errors.ts';
import { openApiDocument } from '../../kuflow/contract/openapi.ts';
import { API_VERSION } from '../../kuflow/contract/api-version.ts';
import { operationIds } from '../../kuflow/contract/operations.ts';
import type { RestDeps, ServerTls } from './deps.ts';
import { devRoutes } from './dev-routes.ts';
import { defaultError, refusalOf } from './errors.ts';
import { gateVerdict } from './gate.ts';
import { callOf } from './calls.ts';
import { operationRoute } from './operation-route.ts';
import { requestLog } from './request-log.ts';
import { belowVersion, queryOf } from './urls.ts';

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
    rewriteUrl: (request) => belowVersion(request.url ?? '/'),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200, querystringParser: queryOf },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
  });
  const finished = requestLog(clock, report);

  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = refusalOf(error);
    const call = callOf(request);
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
      .send(defaultError(clock, refusal.status, message, refusal.details));
  };

  // Bytes for all: an upload is no JSON whatever its type, and JSON is read by the operation's own rules.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const verdict = gateVerdict(request.headers, deps.hostNames ?? [], scheme);
    if (verdict.ok) return;
    callOf(request).problem = verdict.message;
    return reply.status(verdict.status).send(defaultError(clock, verdict.status, verdict.message));
  });
  const log = (request: FastifyRequest, status: number, ms: number): void => {
    const { operationId, principal, problem } = callOf(request);
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
    callOf(request).problem = message;
    return reply.status(404).send(defaultError(clock, 404, message));
  });

  app.get('/health', async (_request, reply) => {
    const health = await deps.health();
    return reply.status(health.ready ? 200 : 503).send(health);
  });
  app.get('/openapi.json', (request) =>
    openApiDocument(`${scheme}://${request.headers.host ?? '127.0.0.1'}/${API_VERSION}`),
  );
  for (const id of operationIds) operationRoute(app, { ...deps, log }, id);
  devRoutes(app, deps);
  return app;
}
