import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticate } from './authenticate.ts';
import type { RestDeps } from './deps.ts';
import { pageAddress } from '../console/page-address.ts';

/**
 * `POST /_dev/open-codes?path=…` writes a file that opens this path of the console with a code for the caller's token, and `POST
 * /_dev/open-codes/{code}` redeems the code without credentials.
 */
export function registerOpenCodes(app: FastifyInstance, deps: RestDeps): void {
  app.post<{ Querystring: { path?: string } }>('/_dev/open-codes', async (request, reply) => {
    const { type } = await authenticate(deps, request);
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (type !== 'USER' || token === undefined) throw new ApiError(403, 'Only a user can sign in to the console');
    const toAddress = (code: string): string => pageAddress(deps.run, { code }, request.query.path);
    try {
      toAddress('');
    } catch (error) {
      throw new ApiError(400, messageOf(error));
    }
    return reply.status(201).send({ file: await deps.openCodes.issue(new Secret(token), toAddress) });
  });
  app.post<{ Params: { code: string } }>('/_dev/open-codes/:code', (request) => {
    const token = deps.openCodes.redeem(request.params.code);
    if (token === undefined) throw new ApiError(404, 'This code has been used or has expired');
    return { token: token.reveal() };
  });
}
