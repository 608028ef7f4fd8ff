import { dirname } from 'node:path';
import type { FastifyRequest } from 'fastify';

import { cliInvocation } from '../../base/cli-invocation.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticateCaller } from '../domain/credentials.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { RestDeps } from './deps.ts';
import { getRequestState } from './calls.ts';

/** The caller; 401 when there is none. No challenge is sent: KuFlow's SDKs would try to answer it. */
export async function authenticate(deps: RestDeps, request: FastifyRequest): Promise<PrincipalRow> {
  const { authorization } = request.headers;
  const principal = await authenticateCaller(deps.domain.store, authorization, deps.readEngineToken);
  if (principal === undefined) {
    throw new ApiError(
      401,
      authorization === undefined
        ? 'No Authorization header: send Basic or Bearer with base64 of id:secret, or Bearer with a token'
        : `The credentials are not those of a principal of this local platform, or are a token that has expired: ${cliInvocation(dirname(deps.domain.store.path))} dev env prints the right ones`,
    );
  }
  getRequestState(request).principal = principal;
  return principal;
}
