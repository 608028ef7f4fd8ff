import { withoutUndefined } from '../../base/json.ts';
import type {
  GroupPageItem,
  Principal,
  PrincipalPageItem,
  TenantUser,
  TenantUserPageItem,
} from '../../kuflow/contract/people.ts';
import type { LocalPeople } from '../shared/dev-contract.ts';
import type { ColumnFilter } from '../store/find.ts';
import {
  findAllGroups,
  findEnabledUsers,
  findMemberships,
  findPrincipalByEmail,
  PRINCIPALS,
  TENANTS,
  TENANT_USERS,
  GROUP_ORDER,
  GROUPS,
  type TenantRow,
} from '../store/people.ts';
import { badRequest, orNotFound } from './api-error.ts';
import type { Domain, OperationContext } from './context.ts';
import { AUDIT_SORT_COLUMNS, findResultPage, lowerCaseIds, type ListQuery, type ResultPage } from './paging.ts';

/** Filters out every row. */
const NO_MATCH = ['-'];

type GroupFilter = Pick<ListQuery<'findGroups'>, 'groupId' | 'groupCode'>;

const isAmong = (value: string, wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || wanted.length === 0 || wanted.includes(value);

/** The condition on the column that has the principals' ids: membership in the groups of the filter. */
function groupFilter(ctx: Domain, { groupId, groupCode }: GroupFilter, column: string): ColumnFilter {
  if ((groupId ?? []).length + (groupCode ?? []).length === 0) return { column, values: undefined };
  const groupIds = lowerCaseIds(groupId);
  const members = findMemberships(ctx.store.sql)
    .filter(({ group }) => isAmong(group.id, groupIds) && isAmong(group.code, groupCode))
    .map(({ principalId }) => principalId);
  return { column, values: members.length === 0 ? NO_MATCH : members };
}

export function findPrincipals(ctx: OperationContext, query: ListQuery<'findPrincipals'>) {
  return findResultPage<PrincipalPageItem>(ctx, query, {
    from: 'principals',
    where: [
      { column: 'type', values: query.type === undefined ? undefined : [query.type] },
      groupFilter(ctx, query, 'id'),
      { column: 'disabled_at', isNull: true },
      { column: 'id', values: hasKnownTenant(ctx, query.tenantId) ? undefined : NO_MATCH },
    ],
    sort: { id: 'id', name: 'name' },
    tieBreaker: 'id',
    toItem: (row) => {
      const { id, type, name } = PRINCIPALS.read(row);
      return { id, type, name };
    },
  });
}

function hasKnownTenant(ctx: OperationContext, tenantIds: readonly string[] | undefined): boolean {
  return (
    tenantIds === undefined ||
    tenantIds.length === 0 ||
    tenantIds.some((id) => TENANTS.findById(ctx.store.sql, id.toLowerCase()) !== undefined)
  );
}

export function retrievePrincipal(ctx: OperationContext, id: string): Principal {
  const { type, name, userId, email } = orNotFound(PRINCIPALS.findById(ctx.store.sql, id), 'principal', id);
  return withoutUndefined({
    ...{ id, type, name },
    user: userId === undefined ? undefined : withoutUndefined({ id: userId, email }),
    application: type === 'APPLICATION' ? { id } : undefined,
  });
}

export function findGroups(ctx: OperationContext, query: ListQuery<'findGroups'>): ResultPage<GroupPageItem> {
  return findResultPage(ctx, query, {
    from: 'user_groups',
    where: [
      { column: 'id', values: lowerCaseIds(query.groupId) },
      { column: 'code', values: query.groupCode },
      { column: 'tenant_id', values: lowerCaseIds(query.tenantId) },
      { column: 'id', values: query.principalId === undefined ? undefined : groupIdsOf(ctx, query.principalId) },
    ],
    sort: { id: 'id', name: 'name' },
    tieBreaker: GROUP_ORDER,
    toItem: GROUPS.read,
  });
}

function groupIdsOf(ctx: Domain, principalId: string): readonly string[] {
  const id = principalId.toLowerCase();
  const groups = findMemberships(ctx.store.sql).filter((member) => member.principalId === id);
  return groups.length === 0 ? NO_MATCH : groups.map(({ group }) => group.id);
}

export function findTenants(ctx: OperationContext, query: ListQuery<'findTenants'>) {
  return findResultPage(ctx, query, {
    from: 'tenants',
    where: [{ column: 'id', values: lowerCaseIds(query.tenantId) }],
    sort: { id: 'id', name: 'name' },
    tieBreaker: 'id',
    toItem: (row) => {
      const { id, name } = TENANTS.read(row);
      return { id, name };
    },
  });
}

export function retrieveTenant(ctx: OperationContext, id: string): TenantRow {
  return orNotFound(TENANTS.findById(ctx.store.sql, id), 'tenant', id);
}

/** The tenant's id as it is stored. An unknown tenant is refused with 400; the message names the known one. */
export function requireTenant(ctx: Domain, tenantId: string): string {
  const id = tenantId.toLowerCase();
  if (TENANTS.findById(ctx.store.sql, id) === undefined)
    throw badRequest(`Tenant ${id} does not exist here; this platform's tenant is ${ctx.tenantId}`, 'body.tenantId');
  return id;
}

export function findTenantUsers(ctx: OperationContext, query: ListQuery<'findTenantUsers'>) {
  return findResultPage<TenantUserPageItem>(ctx, query, {
    from: '(SELECT u.*, lower(p.email) AS email FROM tenant_users u JOIN principals p ON p.id = u.principal_id WHERE p.disabled_at IS NULL)',
    where: [
      { column: 'email', values: query.email?.map((email) => email.toLowerCase()) },
      { column: 'tenant_id', values: lowerCaseIds(query.tenantId) },
      groupFilter(ctx, query, 'principal_id'),
    ],
    sort: AUDIT_SORT_COLUMNS,
    tieBreaker: 'id',
    toItem: (row) => withoutUndefined({ ...TENANT_USERS.read(row), metadata: undefined }),
  });
}

export function retrieveTenantUser(ctx: OperationContext, id: string): TenantUser {
  const user = orNotFound(TENANT_USERS.findById(ctx.store.sql, id), 'tenant user', id);
  const { principalId, metadata, ...rest } = user;
  return {
    ...rest,
    principal: retrievePrincipal(ctx, principalId),
    metadata: { valid: true, value: { ...metadata } },
  };
}

/** How a body names the owner of a task or the initiator of a process. */
export type NamedPrincipal = {
  readonly [Field in `${'owner' | 'initiator'}${'Id' | 'Email'}`]?: string | undefined;
};

/**
 * Finds the user or application that a body names by id or by email; undefined if it does neither. Refuses with 400 if
 * the principal is unknown, disabled or the platform itself, or if id and email are different principals.
 */
export function resolvePrincipal(ctx: OperationContext, named: NamedPrincipal, role: 'owner' | 'initiator') {
  const fields = { id: `${role}Id`, email: `${role}Email` } as const;
  const [id, email] = [named[fields.id], named[fields.email]];
  const byId = id === undefined ? undefined : PRINCIPALS.findById(ctx.store.sql, id.toLowerCase());
  if (id !== undefined && byId === undefined)
    throw badRequest(`The principal in ${fields.id} does not exist`, `body.${fields.id}`);
  if (byId?.type === 'SYSTEM')
    throw badRequest(`The principal in ${fields.id} is neither a user nor an application`, `body.${fields.id}`);
  const byEmail = email === undefined ? undefined : findPrincipalByEmail(ctx.store.sql, email);
  if (email !== undefined && byEmail === undefined)
    throw badRequest(`No user has the email address in ${fields.email}`, `body.${fields.email}`);
  if (byId !== undefined && byEmail !== undefined && byId.id !== byEmail.id)
    throw badRequest(
      `${fields.id} and ${fields.email} are different principals: send only one of them`,
      `body.${fields.id}`,
    );
  const principal = byId ?? byEmail;
  if (principal?.disabledAt !== undefined) {
    const field = byId === undefined ? fields.email : fields.id;
    throw badRequest(`The user in ${field} is disabled, because the people file does not contain it`, `body.${field}`);
  }
  return principal;
}

/** Users with their tokens, and groups, for the console and for commands. */
export function listPeople(ctx: Domain): LocalPeople {
  const { sql } = ctx.store;
  const memberships = findMemberships(sql);
  return {
    users: findEnabledUsers(sql).map(({ principal: { id, userId, email, name }, token }) => ({
      ...{ principalId: id, userId, email, name, token },
      groups: memberships.filter(({ principalId }) => principalId === id).map(({ group }) => group.code),
    })),
    groups: findAllGroups(sql).map(({ id, code, name }) => ({ id, code, name })),
  };
}
