import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { operations, type OperationId } from '../../kuflow/contract/operations.ts';
import { answerValidator, requestValidator, type ContractError } from '../../kuflow/contract/validators.ts';
import { ApiError, type ApiErrorDetail } from '../domain/api-error.ts';
import type { RestDeps } from './deps.ts';
import { authenticate } from './authenticate.ts';
import { parseBody } from './bodies.ts';
import { getRequestState } from './calls.ts';
import { HANDLERS, type OperationAnswer, type OperationCall, type Handler } from './handlers.ts';

interface RouteDeps extends RestDeps {
  /** Notes a request that ends without the framework's answer. `ms` is milliseconds since it came in. */
  readonly log: (request: FastifyRequest, status: number, ms: number) => void;
}

/** One operation of the contract as a route: who calls, faults, the contract of the request, the work, the contract of the answer. */
export function registerOperation(app: FastifyInstance, deps: RouteDeps, id: OperationId): void {
  const operation = operations[id];
  const handler = deps.handlers?.[id] ?? HANDLERS[id];
  app.route({
    method: operation.method.toUpperCase(),
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request) => {
      const call = getRequestState(request);
      call.operationId = id;
      await authenticate(deps, request);
      const fault = deps.faults.take(id);
      if (fault !== undefined) call.fault = fault;
    },
    preSerialization: (request, reply, payload, done) => {
      if (getRequestState(request).refused !== true) checkAnswer(deps, id, reply.statusCode, payload);
      done(null, payload);
    },
    handler: (request, reply) => serveOperation(deps, id, handler, request, reply),
  });
}

async function serveOperation(
  deps: RouteDeps,
  id: OperationId,
  handler: Handler | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { fault } = getRequestState(request);
  if (fault?.kind === 'drop-request') return dropConnection(deps, request, reply, 'request');
  if (fault?.kind === 'delay') await deps.domain.clock.sleep(fault.ms);
  if (fault?.kind === 'status') {
    if (fault.retryAfter !== undefined) void reply.header('retry-after', fault.retryAfter);
    throw new ApiError(fault.status, `Injected fault: ${id} answers ${fault.status}`);
  }
  let answer: OperationAnswer;
  try {
    answer = await runHandler(deps, id, handler, request);
  } catch (error) {
    if (fault?.kind === 'drop-answer') return dropConnection(deps, request, reply, 'answer');
    throw error;
  }
  if (fault?.kind === 'drop-answer') return dropConnection(deps, request, reply, 'answer');
  const { status, body, headers = {} } = answer;
  // Bytes and empty answers pass by the serialisation hook.
  if (body === undefined || Buffer.isBuffer(body)) checkAnswer(deps, id, status, body);
  return reply.status(status).headers(headers).send(body);
}

async function runHandler(
  deps: RouteDeps,
  id: OperationId,
  handler: Handler | undefined,
  request: FastifyRequest,
): Promise<OperationAnswer> {
  const { principal } = getRequestState(request);
  if (principal === undefined) throw new Error(`${id} is served without a caller`);
  if (handler === undefined)
    throw new ApiError(501, `The local platform does not have ${id} yet`, [{ code: 'not-implemented', message: id }]);
  const call = validateCall(deps, id, request);
  return handler({ ...deps.domain, principal }, call);
}

function validateCall(deps: RouteDeps, id: OperationId, request: FastifyRequest): OperationCall {
  const path = request.params as Record<string, string>;
  const body = parseBody(
    operations[id],
    request.headers['content-type'],
    request.headers['content-encoding'],
    request.body,
  );
  const verdict = requestValidator(id)({ path, query: request.query as Record<string, unknown>, body });
  if (verdict.ok) return { id: (path['id'] ?? '').toLowerCase(), query: verdict.query, body };
  const problem = formatContractErrors(verdict.errors);
  deps.domain.report({ kind: 'contract-violation', side: 'request', operationId: id, problem });
  throw new ApiError(400, `The request breaks the contract of ${id}: ${problem}`, verdict.errors.map(toErrorDetail));
}

/** An answer that breaks the contract is a fault of this platform: it is named, and answered as 500. */
function checkAnswer(deps: RouteDeps, id: OperationId, status: number, body: unknown): void {
  const errors = answerValidator(id, status, 'strict')(body);
  if (errors.length === 0) return;
  const problem = formatContractErrors(errors);
  deps.domain.report({ kind: 'contract-violation', side: 'answer', operationId: id, problem });
  throw new ApiError(
    500,
    `The local platform's answer breaks the contract of ${id}: ${problem}`,
    errors.map((error) => ({ ...toErrorDetail(error), locationType: 'body' })),
  );
}

const formatContractErrors = (errors: readonly ContractError[]): string =>
  errors.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; ');

function toErrorDetail({ path, message }: ContractError): ApiErrorDetail {
  const root = /^(path|query|body)\b/.exec(path)?.[1] as 'path' | 'query' | 'body' | undefined;
  return { code: 'contract', message, location: path, ...(root === undefined ? {} : { locationType: root }) };
}

/** Cuts the connection without an answer; the log gets its line with status 0. */
function dropConnection(deps: RouteDeps, request: FastifyRequest, reply: FastifyReply, what: string): FastifyReply {
  getRequestState(request).problem = `Injected fault: the ${what} was dropped`;
  reply.hijack();
  request.raw.socket.destroy();
  deps.log(request, 0, reply.elapsedTime);
  return reply;
}
