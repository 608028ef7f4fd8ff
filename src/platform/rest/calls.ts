import type { FastifyRequest } from 'fastify';

import type { FaultAction } from '../faults/registry.ts';
import type { PrincipalRow } from '../store/people.ts';

/** What is known of a request on its way, for the hooks and the log. */
export interface RequestState {
  operationId?: string;
  principal?: PrincipalRow;
  fault?: FaultAction;
  /** Why it was not done. */
  problem?: string;
  /** True once an error is being answered, so that its answer is not checked as the operation's. */
  refused?: boolean;
}

const calls = new WeakMap<FastifyRequest, RequestState>();

export function getRequestState(request: FastifyRequest): RequestState {
  let call = calls.get(request);
  if (call === undefined) calls.set(request, (call = {}));
  return call;
}
