import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Uuid, answer, audited, enumeration, model, page, paging, tenantFilter } from './common.ts';
import { resource } from './operation.ts';

export const TenantPricingPlan = enumeration('TenantPricingPlan', ['FREE', 'PREMIUM', 'UNLIMITED']);

export const Tenant = model('Tenant', { ...audited, id: Uuid, name: Type.String(), plan: TenantPricingPlan });
export type Tenant = Static<typeof Tenant>;

export const TenantPageItem = model('TenantPageItem', { id: Uuid, name: Type.String() });
export type TenantPageItem = Static<typeof TenantPageItem>;

export const TenantPage = page('TenantPage', TenantPageItem);

export const tenantOperations = resource('tenant', {
  findTenants: {
    call: 'GET /tenants',
    summary: 'List the tenants that the caller may see; sortable by id, name',
    query: { ...paging, ...tenantFilter },
    responses: { 200: answer(TenantPage, 'A page of tenants') },
  },
  retrieveTenant: {
    call: 'GET /tenants/{id}',
    summary: 'Read a tenant',
    responses: { 200: answer(Tenant, 'The tenant') },
  },
});
