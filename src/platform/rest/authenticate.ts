import { dirname } from 'node:path';
import type { FastifyRequest } from 'fastify';

import { cliInvocation } from '../../base/cli-invocation.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticateCaller } from '../domain/credentials.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { RestDeps } from './deps.ts';
import { getRequestState } from './request.ts';

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
