import { uuid7 } from '../../base/uuid.ts';
import type { Authentication, AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import { insertAuthentication } from '../store/people.ts';
import type { OperationContext } from './context.ts';
import { requireTenant } from './people.ts';

/**
 * Issues an engine token or an engine certificate to the caller. The store keeps a record of it, but not the secrets.
 */
export async function createAuthentication(
  ctx: OperationContext,
  params: AuthenticationCreateParams,
): Promise<Authentication> {
  const tenantId = params.tenantId === undefined ? ctx.tenantId : requireTenant(ctx, params.tenantId);
  const credentials =
    params.type === 'ENGINE_TOKEN'
      ? { engineToken: await ctx.issuers.issueToken(ctx.principal.id) }
      : { engineCertificate: await ctx.issuers.issueCertificate(ctx.principal.id) };
  // Like the credentials, in real time.
  const time = ctx.clock.real.now();
  const authentication = {
    id: uuid7(time),
    type: params.type,
    tenantId,
    createdBy: ctx.principal.id,
    createdAt: new Date(time).toISOString(),
  };
  ctx.store.transaction(() => insertAuthentication(ctx.store.sql, authentication));
  return { ...authentication, ...credentials };
}
