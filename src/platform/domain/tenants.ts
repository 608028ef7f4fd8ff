import { findTenantById } from '../store/people.ts';
import { badRequest } from './api-error.ts';
import type { Domain } from './context.ts';

/** The id in the store's spelling; an unknown tenant is refused with 400 and the known one named. */
export function requireTenant(ctx: Domain, tenantId: string): string {
  const id = tenantId.toLowerCase();
  if (findTenantById(ctx.store.sql, id) === undefined)
    throw badRequest(`No tenant ${id} here; this platform's tenant is ${ctx.tenantId}`, 'body.tenantId');
  return id;
}
