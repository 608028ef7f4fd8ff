import type { FastifyInstance } from 'fastify';
import { Secret } from '../../base/secret.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticate } from '../rest/authenticate.ts';
import type { RestDeps } from '../rest/deps.ts';

/** `POST /_dev/open-codes` issues a code for the caller's token, and `POST /_dev/open-codes/{code}` redeems it without credentials. */
export function registerOpenCodes(app: FastifyInstance, deps: RestDeps): void {
  app.post('/_dev/open-codes', async (request, reply) => {
    const { type } = await authenticate(deps, request);
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (type !== 'USER' || token === undefined) throw new ApiError(403, 'Only a user can sign in to the page');
    return reply.status(201).send({ code: deps.openCodes.issue(new Secret(token)) });
  });
  app.post<{ Params: { code: string } }>('/_dev/open-codes/:code', (request) => {
    const token = deps.openCodes.redeem(request.params.code);
    if (token === undefined) throw new ApiError(404, 'This code has been used or has expired');
    return { token: token.reveal() };
  });
}
