import { createHash, randomBytes } from 'node:crypto';

import { Secret } from '../../base/secret.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { PlatformIdentity } from '../types.ts';
import { newAudit } from '../store/audit.ts';
import type { Store } from '../store/open.ts';
import {
  findPrincipalById,
  findTenantById,
  getMeta,
  insertCredential,
  insertPrincipal,
  insertTenant,
  insertTenantUser,
  setMeta,
  type PrincipalRow,
} from '../store/people.ts';

const KEY = 'identity';

interface StoredIdentity {
  readonly tenantId: string;
  readonly namespace: string;
  readonly systemId: string;
  readonly application: { readonly id: string; readonly secret: string; readonly name: string };
  readonly user: {
    readonly principalId: string;
    readonly userId: string;
    readonly email: string;
    readonly name: string;
    readonly token: string;
  };
}

export interface StoreIdentity {
  readonly identity: PlatformIdentity;
  /** The platform's own principal. */
  readonly system: PrincipalRow;
}

/**
 * Returns the tenant, application and user of this state file, which are created once. `tenantId` is only used for a
 * new file. Tenants in `otherTenantIds` that do not exist are added.
 */
export function ensureIdentity(
  store: Store,
  options: { readonly tenantId?: string | undefined; readonly otherTenantIds?: readonly string[] | undefined } = {},
): StoreIdentity {
  return store.transaction(() => {
    const existing = getMeta(store.sql, KEY);
    const stored =
      existing === undefined
        ? createIdentity(store, options.tenantId?.toLowerCase() ?? uuid7())
        : (JSON.parse(existing) as StoredIdentity);
    for (const id of options.otherTenantIds ?? []) addTenant(store, id.toLowerCase(), stored.systemId);
    const system = findPrincipalById(store.sql, stored.systemId);
    if (system === undefined) throw new Error('The state file has an identity but not its system principal');
    return { identity: toPlatformIdentity(stored), system };
  });
}

function toPlatformIdentity(stored: StoredIdentity): PlatformIdentity {
  return {
    tenantId: stored.tenantId,
    namespace: stored.namespace,
    application: { ...stored.application, secret: new Secret(stored.application.secret) },
    user: { ...stored.user, token: new Secret(stored.user.token) },
  };
}

function createIdentity(store: Store, tenantId: string): StoredIdentity {
  const system: PrincipalRow = { id: uuid7(), type: 'SYSTEM', name: 'KuFlow' };
  insertPrincipal(store.sql, system);
  addTenant(store, tenantId, system.id);
  const application = { id: uuid7(), secret: generateSecret(), name: 'Local application' };
  insertPrincipal(store.sql, { id: application.id, type: 'APPLICATION', name: application.name });
  insertCredential(store.sql, {
    kind: 'secret',
    principalId: application.id,
    hash: hashSecret(application.id, application.secret),
  });
  const user = addUser(store, { tenantId, name: 'Local user', email: 'local.user@example.com', createdBy: system.id });
  const stored: StoredIdentity = {
    tenantId,
    namespace: `tenant-${tenantId}`,
    systemId: system.id,
    application,
    user: {
      principalId: user.principal.id,
      userId: user.userId,
      email: user.email,
      name: user.principal.name,
      token: user.token.reveal(),
    },
  };
  setMeta(store.sql, KEY, JSON.stringify(stored));
  return stored;
}

function addTenant(store: Store, id: string, createdBy: string): void {
  if (findTenantById(store.sql, id) !== undefined) return;
  insertTenant(store.sql, { id, name: 'Local tenant', plan: 'UNLIMITED', ...newAudit(createdBy, store.now()) });
}

export interface AddedUser {
  readonly principal: PrincipalRow;
  readonly userId: string;
  readonly email: string;
  /** Signs the user in as `Bearer <token>`; does not expire. */
  readonly token: Secret;
}

/** Adds a user to the tenant, with a permanent token. Only the token's hash is stored. */
export function addUser(
  store: Store,
  user: { readonly tenantId: string; readonly name: string; readonly email: string; readonly createdBy: string },
): AddedUser {
  return store.transaction(() => {
    const userId = uuid7();
    const principal: PrincipalRow = { id: uuid7(), type: 'USER', name: user.name, userId, email: user.email };
    insertPrincipal(store.sql, principal);
    insertTenantUser(store.sql, {
      id: uuid7(),
      tenantId: user.tenantId,
      principalId: principal.id,
      metadata: {},
      ...newAudit(user.createdBy, store.now()),
    });
    const token = generateSecret();
    insertCredential(store.sql, { kind: 'token', principalId: principal.id, hash: hashToken(token) });
    return { principal, userId, email: user.email, token: new Secret(token) };
  });
}

// The prefix makes a leaked secret recognizable, and `_` prevents it from being parsed as base64 of id and secret.
const generateSecret = (): string => `kfdev_${randomBytes(24).toString('base64url')}`;

export const hashSecret = (id: string, secret: string): string =>
  createHash('sha256').update(`${id}:${secret}`).digest('hex');
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
