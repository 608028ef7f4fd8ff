import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { operations, type OperationId } from '../../kuflow/contract/operations.ts';
import {
  answerValidator,
  requestValidator,
  type ContractError,
} from '../../kuflow/contract/request-and-answer-validators.ts';
import type { RequestRecord } from '../shared/dev-contract.ts';
import { ApiError, type ApiErrorDetail } from '../domain/api-error.ts';
import type { RestDeps } from './deps.ts';
import { HANDLERS, type Handler, type OperationAnswer, type OperationCall } from './handlers.ts';
import { authenticate, getRequestState, isConsoleRequest, parseBody } from './request.ts';

interface RouteDeps extends RestDeps {
  /** Logs a request that the framework does not answer. */
  readonly log: (request: FastifyRequest, reply: FastifyReply, status: number) => void;
}

/** Adds the route of an operation, which injects faults and validates request and answer. */
export function registerOperation(app: FastifyInstance, deps: RouteDeps, id: OperationId): void {
  const operation = operations[id];
  const handler = deps.handlers?.[id] ?? (HANDLERS[id] as Handler | undefined);
  app.route({
    method: operation.method.toUpperCase(),
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request) => {
      const state = getRequestState(request);
      state.operationId = id;
      await authenticate(deps, request);
      // The console must stay usable, and must not use up what is meant for a worker.
      state.fault = isConsoleRequest(request) ? undefined : deps.faults.take(id);
    },
    onSend: (request, reply, payload, done) => {
      if (getRequestState(request).fault?.kind === 'cut-answer') done(null, cutAnswer(deps, request, reply, payload));
      else done(null, payload);
    },
    handler: serve,
  });

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { fault } = getRequestState(request);
    if (fault?.kind === 'drop-request') return leaveUnanswered(request, reply, 'the request was dropped');
    if (fault?.kind === 'no-answer') return leaveUnanswered(request, reply, 'the request is not answered');
    if (fault?.kind === 'delay') await deps.domain.clock.sleep(fault.ms);
    if (fault?.kind === 'status') {
      if (fault.retryAfter !== undefined) void reply.header('retry-after', fault.retryAfter);
      throw new ApiError(fault.status, `Injected fault: ${id} answers ${fault.status}`);
    }
    const answering = runHandler(request);
    if (fault?.kind === 'drop-answer') {
      await answering.catch(() => undefined);
      return leaveUnanswered(request, reply, 'the answer was dropped');
    }
    const { status, body, headers = {} } = await answering;
    if (!(body instanceof Readable)) checkAnswer(request, status, body);
    return reply.status(status).headers(headers).send(body);
  }

  /** Logs the request with status 0. The connection is closed, except if `no-answer` leaves that to the client. */
  function leaveUnanswered(request: FastifyRequest, reply: FastifyReply, problem: string): FastifyReply {
    const state = getRequestState(request);
    state.problem = `Injected fault: ${problem}`;
    reply.hijack();
    if (state.fault?.kind !== 'no-answer') request.raw.socket.destroy();
    deps.log(request, reply, 0);
    return reply;
  }

  async function runHandler(request: FastifyRequest): Promise<OperationAnswer> {
    const { principal } = getRequestState(request);
    if (principal === undefined) throw new Error(`${id} was called without authentication`);
    if (handler === undefined)
      throw new ApiError(501, `The local KuFlow does not support ${id}`, [{ code: 'not-implemented', message: id }]);
    return handler({ ...deps.domain, principal }, validateCall(request));
  }

  function validateCall(request: FastifyRequest): OperationCall {
    const path = request.params as Record<string, string>;
    const { headers } = request;
    const body = parseBody(operation, headers['content-type'], headers['content-encoding'], request.body);
    const result = requestValidator(id)({ path, query: request.query as Record<string, unknown>, body });
    if (result.ok)
      return {
        id: (path['id'] ?? path['keyId'] ?? '').toLowerCase(),
        actionId: (path['actionId'] ?? '').toLowerCase(),
        query: result.query,
        // The validator has checked what the type says.
        body: body as never,
      };
    reportViolation(request, { side: 'request', problem: formatContractErrors(result.errors) });
    throw invalidRequestError(`The request does not conform to the contract of ${id}`, result.errors);
  }

  /** An answer that does not conform to the contract is a bug in this platform: it is reported, and becomes a 500. */
  function checkAnswer(request: FastifyRequest, status: number, body: unknown): void {
    const errors = answerValidator(id, status, 'strict')(body);
    if (errors.length === 0) return;
    const problem = formatContractErrors(errors);
    reportViolation(request, { side: 'answer', problem });
    throw new ApiError(
      500,
      `The local KuFlow's answer does not conform to the contract of ${id}: ${problem}`,
      errors.map((error) => ({ ...toErrorDetail(error), locationType: 'body' })),
    );
  }

  function reportViolation(request: FastifyRequest, violation: RequestRecord['violations'][number]): void {
    const state = getRequestState(request);
    state.violations = [...(state.violations ?? []), violation];
    deps.domain.report({ kind: 'contract-violation', operationId: id, ...violation });
  }
}

export const formatContractErrors = (errors: readonly ContractError[]): string =>
  errors.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; ');

export function invalidRequestError(message: string, errors: readonly ContractError[]): ApiError {
  return new ApiError(400, `${message}: ${formatContractErrors(errors)}`, errors.map(toErrorDetail));
}

function toErrorDetail({ path, message }: ContractError): ApiErrorDetail {
  const root = /^(path|query|body)\b/.exec(path)?.[1] as 'path' | 'query' | 'body' | undefined;
  return { code: 'contract', message, location: path, ...(root === undefined ? {} : { locationType: root }) };
}

/** The first half of an answer, after which the connection is closed. Its head has the length of the whole answer. */
function cutAnswer(deps: RouteDeps, request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload) && !(payload instanceof Readable)) return payload;
  const whole = payload instanceof Readable ? payload : Readable.from([Buffer.from(payload)]);
  const length = payload instanceof Readable ? Number(reply.getHeader('content-length')) : Buffer.byteLength(payload);
  void reply.header('content-length', length);
  return Readable.from(sendHalf());

  async function* sendHalf(): AsyncGenerator<Buffer> {
    let left = Math.floor(length / 2);
    for await (const chunk of whole as AsyncIterable<Buffer>) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) break;
    }
    // The error destroys the connection. Before that, the data that was sent must leave the process.
    await new Promise((resolve) => setImmediate(resolve));
    getRequestState(request).problem = 'Injected fault: the answer was cut';
    deps.log(request, reply, reply.statusCode);
    throw new Error('Injected fault: the answer was cut');
  }
}
