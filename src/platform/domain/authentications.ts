import { uuid7 } from '../../base/uuid.ts';
import type { Authentication, AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import { insertAuthentication } from '../store/people.ts';
import type { OperationContext } from './context.ts';
import { requireTenant } from './tenants.ts';

/** Hands out an engine token or an engine certificate to the caller. What was handed out is noted, the material itself is not kept. */
export async function createAuthentication(
  ctx: OperationContext,
  params: AuthenticationCreateParams,
): Promise<Authentication> {
  const tenantId = params.tenantId === undefined ? ctx.tenantId : requireTenant(ctx, params.tenantId);
  const material =
    params.type === 'ENGINE_TOKEN'
      ? { engineToken: await ctx.issuers.issueToken(ctx.principal) }
      : { engineCertificate: await ctx.issuers.issueCertificate(ctx.principal) };
  const authentication = {
    id: uuid7(ctx.clock.now()),
    type: params.type,
    tenantId,
    createdBy: ctx.principal.id,
    createdAt: ctx.store.now(),
  };
  ctx.store.transaction(() => insertAuthentication(ctx.store.sql, authentication));
  return { ...authentication, ...material };
}
