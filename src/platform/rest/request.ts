import { dirname } from 'node:path';
import type { FastifyRequest } from 'fastify';

import { cliInvocation } from '../../base/cli-invocation.ts';
import { isDeeperThan, MAX_LEVELS } from '../../base/json.ts';
import type { Operation } from '../../kuflow/contract/operation.ts';
import type { RequestRecord } from '../shared/dev-contract.ts';
import type { BodyStart } from '../console/recorded-body.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticateCaller } from '../domain/credentials.ts';
import { BODY_LIMIT } from '../shared/body-limit.ts';
import type { FaultAction } from '../shared/faults.ts';
import { isPageRequest } from '../console/page.ts';
import { CONSOLE_HEADER, type RestDeps } from './deps.ts';
import type { PrincipalRow } from '../store/people.ts';

export const TOO_LARGE = `The body is larger than ${BODY_LIMIT / 1024 / 1024} MiB (${BODY_LIMIT} bytes), the limit of the local KuFlow`;

/** What is known about a request while it is processed, for the hooks and the log. */
export interface RequestState {
  operationId?: string;
  principal?: PrincipalRow;
  fault?: FaultAction | undefined;
  /** Why the request was not executed. */
  problem?: string;
  /** What the request or its answer violates, for the list of requests. */
  violations?: RequestRecord['violations'];
  /** The answer as it was sent. */
  answer?: BodyStart;
}

/** Whether the console or shell completion made the request, or whether it is for the console's own files. */
export function isConsoleRequest(request: FastifyRequest): boolean {
  return request.headers[CONSOLE_HEADER] !== undefined || isPageRequest(request);
}

const states = new WeakMap<FastifyRequest, RequestState>();

export function getRequestState(request: FastifyRequest): RequestState {
  let state = states.get(request);
  if (state === undefined) states.set(request, (state = {}));
  return state;
}

/** The parsed JSON, or the raw bytes of an upload. Undefined without a body, and if the operation does not have one. */
export function parseBody(
  operation: Operation,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  raw: unknown,
): unknown {
  if (operation.body === undefined || !Buffer.isBuffer(raw) || raw.length === 0) return undefined;
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    throw new ApiError(415, `Content-Encoding ${contentEncoding} is not supported`);
  const { media } = operation.body;
  const sent = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? 'none';
  // Some clients send a patch as plain JSON.
  if (sent !== media && !(media === 'application/json-patch+json' && sent === 'application/json')) {
    throw new ApiError(415, `${operation.operationId} accepts Content-Type ${media}, not ${sent}`);
  }
  return media.includes('json') ? parseJson(raw) : raw;
}

function parseJson(raw: Buffer): unknown {
  const refusal = (message: string, detail: string): ApiError =>
    new ApiError(400, message, [{ code: 'invalid', message: detail, location: 'body', locationType: 'body' }]);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    // The parser's message quotes the text, which may contain personal data.
    throw refusal('The body is not JSON in UTF-8', 'is not JSON');
  }
  if (isDeeperThan(body, MAX_LEVELS))
    throw refusal(`The body is nested more than ${MAX_LEVELS} levels deep`, 'is nested too deeply');
  return body;
}

/** Returns the caller, or refuses with 401. Does not send a challenge, because KuFlow's SDKs would try to answer it. */
export async function authenticate(deps: RestDeps, request: FastifyRequest): Promise<PrincipalRow> {
  const { authorization } = request.headers;
  const principal = await authenticateCaller(deps.domain.store, authorization, deps.readEngineToken);
  if (principal === undefined) {
    throw new ApiError(
      401,
      authorization === undefined
        ? 'The Authorization header is missing: send Basic or Bearer with base64 of id:secret, or Bearer with a token'
        : `The credentials are not valid on this local KuFlow, or the token has expired. To print valid ones, run ${cliInvocation(dirname(deps.domain.store.path))} dev env`,
    );
  }
  getRequestState(request).principal = principal;
  return principal;
}
