import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS, mapAudit, auditValues, type Audit } from './audit.ts';
import { optionalTextColumn, textColumn, type SqlRow, type Sql } from './sql.ts';

export type PrincipalKind = 'USER' | 'APPLICATION' | 'SYSTEM';

export interface PrincipalRow {
  readonly id: string;
  readonly type: PrincipalKind;
  readonly name: string;
  /** The id of the user, which differs from that of its principal. */
  readonly userId?: string | undefined;
  readonly email?: string | undefined;
  /** Since when the user cannot sign in or get tasks: the people file does not contain the user any more. */
  readonly disabledAt?: string | undefined;
}

export interface GroupRow {
  readonly id: string;
  readonly tenantId: string;
  readonly code: string;
  readonly name: string;
}

/** A user who can sign in. */
export interface EnabledUser {
  readonly principal: PrincipalRow & { readonly userId: string; readonly email: string };
  readonly token: string;
}

export interface TenantRow extends Audit {
  readonly id: string;
  readonly name: string;
  readonly plan: 'FREE' | 'PREMIUM' | 'UNLIMITED';
}

export interface TenantUserRow extends Audit {
  readonly id: string;
  readonly tenantId: string;
  readonly principalId: string;
  readonly metadata?: JsonObject | undefined;
}

export function mapPrincipalRow(row: SqlRow): PrincipalRow {
  return {
    id: textColumn(row, 'id'),
    type: textColumn(row, 'type') as PrincipalKind,
    name: textColumn(row, 'name'),
    userId: optionalTextColumn(row, 'user_id'),
    email: optionalTextColumn(row, 'email'),
    disabledAt: optionalTextColumn(row, 'disabled_at'),
  };
}

export function findPrincipalById(sql: Sql, id: string): PrincipalRow | undefined {
  const row = sql.get('SELECT * FROM principals WHERE id = ?', [id]);
  return row === undefined ? undefined : mapPrincipalRow(row);
}

export function findPrincipalByEmail(sql: Sql, email: string): PrincipalRow | undefined {
  const row = sql.get('SELECT * FROM principals WHERE email = ? COLLATE NOCASE', [email]);
  return row === undefined ? undefined : mapPrincipalRow(row);
}

/** In the order of the people file. */
export function findEnabledUsers(sql: Sql): EnabledUser[] {
  return sql
    .all(
      'SELECT p.*, t.token FROM principals p JOIN user_tokens t ON t.principal_id = p.id WHERE p.disabled_at IS NULL ORDER BY t.position',
    )
    .map((row) => ({
      principal: { ...mapPrincipalRow(row), userId: textColumn(row, 'user_id'), email: textColumn(row, 'email') },
      token: textColumn(row, 'token'),
    }));
}

/** Stores the token in clear text, as the application's secret is, because the platform gives it out again. */
export function saveUserToken(sql: Sql, principalId: string, token: string, position: number): void {
  sql.run('INSERT INTO user_tokens (principal_id, token, position) VALUES (?, ?, ?)', [principalId, token, position]);
}

export function saveUserPosition(sql: Sql, principalId: string, position: number): void {
  sql.run('UPDATE user_tokens SET position = ? WHERE principal_id = ?', [position, principalId]);
}

export function updateUser(
  sql: Sql,
  { id, name, email, disabledAt }: Pick<PrincipalRow, 'id' | 'name' | 'email' | 'disabledAt'>,
): void {
  sql.run('UPDATE principals SET name = ?, email = ?, disabled_at = ? WHERE id = ?', [
    name,
    email ?? null,
    disabledAt ?? null,
    id,
  ]);
}

/** In the order of the people file. */
export const GROUP_ORDER = 'position';

export function mapGroupRow(row: SqlRow): GroupRow {
  return {
    id: textColumn(row, 'id'),
    tenantId: textColumn(row, 'tenant_id'),
    code: textColumn(row, 'code'),
    name: textColumn(row, 'name'),
  };
}

export function findGroupById(sql: Sql, id: string): GroupRow | undefined {
  const row = sql.get('SELECT * FROM user_groups WHERE id = ?', [id]);
  return row === undefined ? undefined : mapGroupRow(row);
}

export function findAllGroups(sql: Sql): GroupRow[] {
  return sql.all(`SELECT * FROM user_groups ORDER BY ${GROUP_ORDER}`).map(mapGroupRow);
}

/** The groups of each principal that has any, in order. */
export function findMemberships(sql: Sql): { readonly principalId: string; readonly group: GroupRow }[] {
  return sql
    .all(
      `SELECT g.*, m.principal_id FROM user_group_members m JOIN user_groups g ON g.id = m.group_id ORDER BY g.${GROUP_ORDER}`,
    )
    .map((row) => ({ principalId: textColumn(row, 'principal_id'), group: mapGroupRow(row) }));
}

/** Replaces all groups. Memberships are `[id of the group, id of the principal]`. */
export function replaceGroups(
  sql: Sql,
  groups: readonly GroupRow[],
  memberships: readonly (readonly [string, string])[],
): void {
  sql.run('DELETE FROM user_group_members');
  sql.run('DELETE FROM user_groups');
  groups.forEach(({ id, tenantId, code, name }, position) =>
    sql.run('INSERT INTO user_groups (id, tenant_id, code, name, position) VALUES (?, ?, ?, ?, ?)', [
      ...[id, tenantId, code, name],
      position,
    ]),
  );
  for (const [groupId, principalId] of memberships)
    sql.run('INSERT INTO user_group_members (group_id, principal_id) VALUES (?, ?)', [groupId, principalId]);
}

export function insertPrincipal(sql: Sql, principal: PrincipalRow): void {
  sql.run('INSERT INTO principals (id, type, name, user_id, email) VALUES (?, ?, ?, ?, ?)', [
    principal.id,
    principal.type,
    principal.name,
    principal.userId ?? null,
    principal.email ?? null,
  ]);
}

/** A `secret` signs in together with the principal's id, a `token` alone. Only the SHA-256 hash is stored. */
export type CredentialKind = 'secret' | 'token';

export function insertCredential(
  sql: Sql,
  credential: { readonly hash: string; readonly kind: CredentialKind; readonly principalId: string },
): void {
  sql.run('INSERT INTO credentials (hash, kind, principal_id) VALUES (?, ?, ?)', [
    credential.hash,
    credential.kind,
    credential.principalId,
  ]);
}

export function findPrincipalByCredential(sql: Sql, kind: CredentialKind, hash: string): PrincipalRow | undefined {
  const row = sql.get(
    'SELECT p.* FROM credentials c JOIN principals p ON p.id = c.principal_id WHERE c.kind = ? AND c.hash = ?',
    [kind, hash],
  );
  return row === undefined ? undefined : mapPrincipalRow(row);
}

export function mapTenantRow(row: SqlRow): TenantRow {
  return {
    id: textColumn(row, 'id'),
    name: textColumn(row, 'name'),
    plan: textColumn(row, 'plan') as TenantRow['plan'],
    ...mapAudit(row),
  };
}

export function findTenantById(sql: Sql, id: string): TenantRow | undefined {
  const row = sql.get('SELECT * FROM tenants WHERE id = ?', [id]);
  return row === undefined ? undefined : mapTenantRow(row);
}

export function insertTenant(sql: Sql, tenant: TenantRow): void {
  sql.run(`INSERT INTO tenants (id, name, plan, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [
    tenant.id,
    tenant.name,
    tenant.plan,
    ...auditValues(tenant),
  ]);
}

export function mapTenantUserRow(row: SqlRow): TenantUserRow {
  const metadata = optionalTextColumn(row, 'metadata');
  return {
    id: textColumn(row, 'id'),
    tenantId: textColumn(row, 'tenant_id'),
    principalId: textColumn(row, 'principal_id'),
    metadata: metadata === undefined ? undefined : (JSON.parse(metadata) as JsonObject),
    ...mapAudit(row),
  };
}

export function findTenantUserById(sql: Sql, id: string): TenantUserRow | undefined {
  const row = sql.get('SELECT * FROM tenant_users WHERE id = ?', [id]);
  return row === undefined ? undefined : mapTenantUserRow(row);
}

export function insertTenantUser(sql: Sql, user: TenantUserRow): void {
  sql.run(
    `INSERT INTO tenant_users (id, tenant_id, principal_id, metadata, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      user.id,
      user.tenantId,
      user.principalId,
      user.metadata === undefined ? null : JSON.stringify(user.metadata),
      ...auditValues(user),
    ],
  );
}

export function insertAuthentication(
  sql: Sql,
  authentication: {
    readonly id: string;
    readonly type: string;
    readonly tenantId: string;
    readonly createdBy: string;
    readonly createdAt: string;
  },
): void {
  sql.run('INSERT INTO authentications (id, type, tenant_id, created_by, created_at) VALUES (?, ?, ?, ?, ?)', [
    authentication.id,
    authentication.type,
    authentication.tenantId,
    authentication.createdBy,
    authentication.createdAt,
  ]);
}

export function getMeta(sql: Sql, key: string): string | undefined {
  const row = sql.get('SELECT value FROM meta WHERE key = ?', [key]);
  return row === undefined ? undefined : textColumn(row, 'value');
}

export function setMeta(sql: Sql, key: string, value: string): void {
  sql.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
    key,
    value,
  ]);
}
