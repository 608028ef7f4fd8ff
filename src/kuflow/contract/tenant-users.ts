import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Email, JsonValue, Uuid, answer, audited, groupFilter, model, page, paging, tenantFilter } from './common.ts';
import { resource } from './operation.ts';
import { Principal } from './principals.ts';

export const TenantUser = model('TenantUser', {
  ...audited,
  id: Uuid,
  metadata: Type.Optional(JsonValue),
  principal: Principal,
  tenantId: Type.String({ format: 'uuid', readOnly: true }),
});
export type TenantUser = Static<typeof TenantUser>;

export const TenantUserPageItem = model('TenantUserPageItem', {
  ...audited,
  id: Uuid,
  principalId: Uuid,
  tenantId: Uuid,
});
export type TenantUserPageItem = Static<typeof TenantUserPageItem>;

export const TenantUserPage = page('TenantUserPage', TenantUserPageItem);

export const tenantUserOperations = resource('tenantUser', {
  findTenantUsers: {
    call: 'GET /tenant-users',
    summary: 'List the tenant users that the caller may see; sortable by id, createdAt, lastModifiedAt',
    query: { ...paging, ...groupFilter, email: Type.Array(Email), ...tenantFilter },
    responses: { 200: answer(TenantUserPage, 'A page of tenant users') },
  },
  retrieveTenantUser: {
    call: 'GET /tenant-users/{id}',
    summary: 'Read a tenant user',
    responses: { 200: answer(TenantUser, 'The tenant user') },
  },
});
