import { Type, type Static } from '@sinclair/typebox';
import {
  Email,
  JsonValue,
  Uuid,
  answer,
  audited,
  enumeration,
  groupFilter,
  model,
  page,
  paging,
  tenantFilter,
} from './common.ts';
import { resource } from './operation.ts';

const PrincipalType = enumeration('PrincipalType', ['USER', 'APPLICATION', 'SYSTEM']);

export const Principal = model('Principal', {
  id: Type.Optional(Uuid),
  type: Type.Optional(PrincipalType),
  name: Type.Optional(Type.String()),
  user: Type.Optional(model('PrincipalUser', { id: Type.Optional(Uuid), email: Type.Optional(Type.String()) })),
  application: Type.Optional(model('PrincipalApplication', { id: Type.Optional(Uuid) })),
});
export type Principal = Static<typeof Principal>;

export const PrincipalPageItem = model('PrincipalPageItem', {
  id: Type.Optional(Uuid),
  type: Type.Optional(PrincipalType),
  name: Type.Optional(Type.String()),
});
export type PrincipalPageItem = Static<typeof PrincipalPageItem>;

export const GroupPageItem = model('GroupPageItem', {
  id: Uuid,
  name: Type.String(),
  code: Type.String(),
  tenantId: Uuid,
});
export type GroupPageItem = Static<typeof GroupPageItem>;

export const Tenant = model('Tenant', {
  ...audited,
  id: Uuid,
  name: Type.String(),
  plan: enumeration('TenantPricingPlan', ['FREE', 'PREMIUM', 'UNLIMITED']),
});

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

/** Who uses KuFlow: principals, their groups, and tenants with their users. */
export const peopleOperations = {
  ...resource('principal', {
    findPrincipals: {
      call: 'GET /principals',
      summary: 'List the principals that the caller may see; sortable by id, name',
      query: { ...paging, type: PrincipalType, ...groupFilter, ...tenantFilter },
      responses: { 200: answer(page('PrincipalPage', PrincipalPageItem), 'A page of principals') },
    },
    retrievePrincipal: {
      call: 'GET /principals/{id}',
      summary: 'Read a principal',
      responses: { 200: answer(Principal, 'The principal') },
    },
  }),
  ...resource('group', {
    findGroups: {
      call: 'GET /groups',
      summary: 'List the groups that the caller may see; sortable by id, name',
      query: { ...paging, ...tenantFilter, principalId: Uuid, ...groupFilter },
      responses: { 200: answer(page('GroupPage', GroupPageItem), 'A page of groups') },
    },
  }),
  ...resource('tenant', {
    findTenants: {
      call: 'GET /tenants',
      summary: 'List the tenants that the caller may see; sortable by id, name',
      query: { ...paging, ...tenantFilter },
      responses: {
        200: answer(
          page('TenantPage', model('TenantPageItem', { id: Uuid, name: Type.String() })),
          'A page of tenants',
        ),
      },
    },
    retrieveTenant: {
      call: 'GET /tenants/{id}',
      summary: 'Read a tenant',
      responses: { 200: answer(Tenant, 'The tenant') },
    },
  }),
  ...resource('tenantUser', {
    findTenantUsers: {
      call: 'GET /tenant-users',
      summary: 'List the tenant users that the caller may see; sortable by id, createdAt, lastModifiedAt',
      query: { ...paging, ...groupFilter, email: Type.Array(Email), ...tenantFilter },
      responses: { 200: answer(page('TenantUserPage', TenantUserPageItem), 'A page of tenant users') },
    },
    retrieveTenantUser: {
      call: 'GET /tenant-users/{id}',
      summary: 'Read a tenant user',
      responses: { 200: answer(TenantUser, 'The tenant user') },
    },
  }),
} as const;
