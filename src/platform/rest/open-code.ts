import type { FastifyRequest } from 'fastify';
import { messageOf } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { ApiError } from '../domain/api-error.ts';
import type { RestDeps } from './deps.ts';
import { pageAddress } from '../console/page-address.ts';

/** Writes a file that opens this path of the console with a code for the caller's token. */
export async function issueOpenCode(
  deps: RestDeps,
  request: FastifyRequest,
  path: string | undefined,
): Promise<{ readonly file: string }> {
  const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new ApiError(403, 'Only a user can sign in to the console');
  const toAddress = (code: string): string => pageAddress(deps.run, { code }, path);
  try {
    toAddress('');
  } catch (error) {
    throw new ApiError(400, messageOf(error));
  }
  return { file: await deps.openCodes.issue(new Secret(token), toAddress) };
}
