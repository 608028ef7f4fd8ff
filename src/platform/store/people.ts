import type { JsonObject } from '../../base/json.ts';
import { AUDIT_COLUMNS } from './audit.ts';
import { textColumn, type Sql } from './sql.ts';
import { defineTable, jsonText, optional, text, type RowOf } from './table.ts';

export const PRINCIPALS = defineTable('principals', {
  id: text(),
  type: text<'USER' | 'APPLICATION' | 'SYSTEM'>(),
  name: text(),
  /** The id of the user, which differs from that of its principal. */
  userId: optional(text()),
  email: optional(text()),
  /** Since when the user cannot sign in or get tasks: the people file does not contain the user any more. */
  disabledAt: optional(text()),
});
export type PrincipalRow = RowOf<typeof PRINCIPALS>;

export function findPrincipalByEmail(sql: Sql, email: string): PrincipalRow | undefined {
  return PRINCIPALS.findOne(sql, 'WHERE email = ? COLLATE NOCASE', [email]);
}

/** The users who can sign in, in the order of the people file. */
export function findEnabledUsers(sql: Sql) {
  return sql
    .all(
      'SELECT p.*, t.token FROM principals p JOIN user_tokens t ON t.principal_id = p.id WHERE p.disabled_at IS NULL ORDER BY t.position',
    )
    .map((row) => ({
      principal: { ...PRINCIPALS.read(row), userId: textColumn(row, 'user_id'), email: textColumn(row, 'email') },
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

/** In the order of the people file. */
export const GROUP_ORDER = 'position';

export const GROUPS = defineTable('user_groups', { id: text(), tenantId: text(), code: text(), name: text() });
export type GroupRow = RowOf<typeof GROUPS>;

export function findAllGroups(sql: Sql): GroupRow[] {
  return GROUPS.find(sql, `ORDER BY ${GROUP_ORDER}`);
}

/** The groups of each principal that has any, in order. */
export function findMemberships(sql: Sql): { readonly principalId: string; readonly group: GroupRow }[] {
  return sql
    .all(
      `SELECT g.*, m.principal_id FROM user_group_members m JOIN user_groups g ON g.id = m.group_id ORDER BY g.${GROUP_ORDER}`,
    )
    .map((row) => ({ principalId: textColumn(row, 'principal_id'), group: GROUPS.read(row) }));
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
      id,
      tenantId,
      code,
      name,
      position,
    ]),
  );
  for (const [groupId, principalId] of memberships)
    sql.run('INSERT INTO user_group_members (group_id, principal_id) VALUES (?, ?)', [groupId, principalId]);
}

/** A `secret` signs in together with the principal's id, a `token` alone. Only the SHA-256 hash is stored. */
export type CredentialKind = 'secret' | 'token';

export const CREDENTIALS = defineTable('credentials', {
  hash: text(),
  kind: text<CredentialKind>(),
  principalId: text(),
});

export function findPrincipalByCredential(sql: Sql, kind: CredentialKind, hash: string): PrincipalRow | undefined {
  const row = sql.get(
    'SELECT p.* FROM credentials c JOIN principals p ON p.id = c.principal_id WHERE c.kind = ? AND c.hash = ?',
    [kind, hash],
  );
  return row === undefined ? undefined : PRINCIPALS.read(row);
}

export const TENANTS = defineTable('tenants', {
  id: text(),
  name: text(),
  plan: text<'FREE' | 'PREMIUM' | 'UNLIMITED'>(),
  ...AUDIT_COLUMNS,
});
export type TenantRow = RowOf<typeof TENANTS>;

export const TENANT_USERS = defineTable('tenant_users', {
  id: text(),
  tenantId: text(),
  principalId: text(),
  metadata: optional(jsonText<JsonObject>()),
  ...AUDIT_COLUMNS,
});

export const AUTHENTICATIONS = defineTable('authentications', {
  id: text(),
  type: text(),
  tenantId: text(),
  createdBy: text(),
  createdAt: text(),
});

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
