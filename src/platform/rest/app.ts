import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { atMostEvery } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { DefaultError } from '../../kuflow/contract/common.ts';
import { openApiDocument } from '../../kuflow/contract/openapi.ts';
import { API_VERSION } from '../../kuflow/endpoint.ts';
import { operationIds } from '../../kuflow/contract/operations.ts';
import { startOfBody } from '../console/recorded-body.ts';
import { createCompiledSchemas } from '../console/compiled-schemas.ts';
import { isPageRequest, registerPageRoutes } from '../console/page.ts';
import { ApiError } from '../domain/api-error.ts';
import { isConfidentialRequest } from '../domain/confidential.ts';
import { PROBE_HEADER, type RestDeps, type ServerTls } from './deps.ts';
import { registerDevRoutes } from './dev-routes.ts';
import { registerOperation } from './operation-route.ts';
import { BODY_LIMIT } from '../shared/body-limit.ts';
import { checkOrigin } from '../shared/origin-check.ts';
import { describeUnknownOperation, stripApiPrefix } from './api-path.ts';
import { getRequestState, isConsoleRequest, TOO_LARGE } from './request.ts';
import { SECRET_ROUTES, UNLOGGED_ROUTE } from '../console/redaction.ts';

/** How often the same refusal of a worker is reported. */
const WARN_EVERY_MS = 60_000;

const isUnlogged = ({ probeToken }: RestDeps, request: FastifyRequest): boolean =>
  request.headers[PROBE_HEADER] === probeToken || UNLOGGED_ROUTE.test(request.routeOptions.url ?? '');

/** The whole JSON in a request. Uploads have the ID of their process in the URL. */
function jsonOf({ headers, body }: FastifyRequest): string | undefined {
  return Buffer.isBuffer(body) && headers['content-type']?.includes('json') === true ? body.toString() : undefined;
}

/** One server for HTTP, or with `tls` for HTTPS, that does not listen yet. Both share everything in `deps`. */
export function createRestApp(deps: RestDeps, tls?: ServerTls): FastifyInstance {
  const { clock, report } = deps.domain;
  const scheme = tls === undefined ? 'http' : 'https';
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = toApiError(error);
    const state = getRequestState(request);
    state.problem ??= known?.message ?? messageOf(error);
    // The reason of an internal error goes to the log and not into the answer.
    if (known === undefined)
      report({ kind: 'warning', message: `${state.operationId ?? request.method} failed: ${messageOf(error)}` });
    const failed = `${state.operationId ?? 'the request'} failed inside the local KuFlow; see its log`;
    const { status, message, details } = known ?? new ApiError(500, `Internal Server Error: ${failed}`);
    const timestamp = new Date(clock.now()).toISOString();
    const body: DefaultError = { timestamp, status, message, ...(details.length > 0 && { errors: [...details] }) };
    void reply.status(status).type('application/json; charset=utf-8').send(body);
  };

  const app = Fastify({
    logger: false,
    serverFactory: (handler) => {
      const server =
        tls === undefined ? http.createServer(handler) : https.createServer({ key: tls.key, cert: tls.cert }, handler);
      // Longer than any client keeps an idle connection, so that the server never closes one that is about to be used.
      server.keepAliveTimeout = 75_000;
      return server;
    },
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    rewriteUrl: (request) => stripApiPrefix(request.url ?? '/'),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    frameworkErrors: answerError,
  });
  const isWarningDue = atMostEvery(WARN_EVERY_MS, clock);

  // Every body is read as bytes: an upload is never JSON, whatever its type, and each operation parses its own JSON.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', (request, _reply, done) => {
    const { hostNames = [] } = deps;
    const refusal = checkOrigin(request.headers, { hostNames, scheme, isPage: isPageRequest(request) });
    done(refusal && new ApiError(refusal.status, refusal.message));
  });
  const log = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    if (isUnlogged(deps, request)) return;
    const { operationId, principal, problem, violations = [], answer } = getRequestState(request);
    const { method, originalUrl: url, headers, body } = request;
    const path = url.split('?', 1)[0] ?? '';
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const ended = { method, path, status, ms, operationId, problem };
    const isConsole = isConsoleRequest(request);
    report({ kind: 'request', ...ended, ...(isConsole && { console: true }) });
    const isRefusal = principal?.type === 'APPLICATION' && operationId !== undefined && status >= 400 && status < 500;
    if (isRefusal && isWarningDue(`${operationId} ${path} ${status}`)) {
      const failed = `${operationId} by ${principal.name} failed with ${status}: ${problem ?? 'no reason given'}`;
      const message = `${failed}. KuFlow's activities retry this forever, so the workflow waits until it is fixed.`;
      report({ kind: 'warning', message });
    }
    const texts = (): readonly string[] =>
      [url, jsonOf(request), answer?.start?.toString()].filter((text) => text !== undefined);
    deps.requests.add({
      ...ended,
      ...{ console: isConsole, url, violations, principal: principal?.name },
      requestHeaders: headers,
      responseHeaders: reply.getHeaders(),
      requestBody: Buffer.isBuffer(body) ? startOfBody(body) : undefined,
      responseBody: status === 0 ? undefined : answer,
      answerSecrets: SECRET_ROUTES.get(operationId ?? request.routeOptions.url ?? ''),
      isConfidential: isConfidentialRequest(deps.domain, { operationId, texts }),
    });
  };
  app.addHook('onSend', (request, reply, payload, done) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) getRequestState(request).answer = startOfBody(payload);
    else if (payload instanceof Readable)
      getRequestState(request).answer = { bytes: Number(reply.getHeader('content-length') ?? 0) };
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    log(request, reply, reply.statusCode);
    done();
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(({ method, originalUrl }) => {
    throw new ApiError(404, describeUnknownOperation(method, originalUrl.split('?', 1)[0] ?? ''));
  });

  // Fastify closes the server only if Fastify itself called `listen`. Closing the connections also ends the event streams.
  app.addHook('preClose', (done) => {
    app.server.close(() => done());
    app.server.closeAllConnections();
  });

  app.get('/health', async (_request, reply) => {
    const health = await deps.health();
    return reply.status(health.ready ? 200 : 503).send(health);
  });
  app.get('/openapi.json', (request) =>
    openApiDocument(`${scheme}://${request.headers.host ?? '127.0.0.1'}/${API_VERSION}`),
  );
  for (const id of operationIds) registerOperation(app, { ...deps, log }, id);
  const validators = createCompiledSchemas();
  registerDevRoutes(app, deps, validators);
  registerPageRoutes(app, deps.page, validators);
  return app;
}

/** The error that the caller gets; undefined for an internal one. */
function toApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  const { statusCode: status } = error;
  if (status === 413) return new ApiError(status, TOO_LARGE);
  return status >= 400 && status < 500 ? new ApiError(status, error.message) : undefined;
}
