import { Secret } from '../../base/secret.ts';
import { uuid5, uuid7 } from '../../base/uuid.ts';
import { EVERYBODY_GROUP, type PeopleSeed, type SeedUser } from '../../process/people.ts';
import { newAudit } from '../store/audit.ts';
import {
  CREDENTIALS,
  findEnabledUsers,
  findPrincipalByEmail,
  getMeta,
  PRINCIPALS,
  replaceGroups,
  saveUserPosition,
  saveUserToken,
  setMeta,
  TENANTS,
  TENANT_USERS,
  type GroupRow,
  type PrincipalRow,
} from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { generateSecret, hashSecret, hashToken } from './credentials.ts';

const KEY = 'identity';

interface StoredIdentity {
  readonly tenantId: string;
  readonly namespace: string;
  readonly systemId: string;
  readonly application: { readonly id: string; readonly secret: string; readonly name: string };
}

/**
 * Returns the tenant, the application and the platform's own principal of this state file, which are created once. The tenant of a new file is the
 * first of `tenantIds`. Those that do not exist are added.
 */
export function ensureIdentity(store: Store, tenantIds: readonly string[]) {
  return store.transaction(() => {
    const existing = getMeta(store.sql, KEY);
    const { tenantId, namespace, systemId, application } =
      existing === undefined
        ? createIdentity(store, tenantIds[0]?.toLowerCase() ?? uuid7())
        : (JSON.parse(existing) as StoredIdentity);
    for (const id of tenantIds) addTenant(store, id.toLowerCase(), systemId);
    const system = PRINCIPALS.findById(store.sql, systemId);
    if (system === undefined) throw new Error('The state file has an identity but not its system principal');
    return {
      identity: { tenantId, namespace, application: { ...application, secret: new Secret(application.secret) } },
      system,
    };
  });
}

function createIdentity(store: Store, tenantId: string): StoredIdentity {
  const system: PrincipalRow = { id: uuid7(), type: 'SYSTEM', name: 'KuFlow' };
  PRINCIPALS.insert(store.sql, system);
  addTenant(store, tenantId, system.id);
  const application = { id: uuid7(), secret: generateSecret(), name: 'Local application' };
  PRINCIPALS.insert(store.sql, { id: application.id, type: 'APPLICATION', name: application.name });
  CREDENTIALS.insert(store.sql, {
    kind: 'secret',
    principalId: application.id,
    hash: hashSecret(application.id, application.secret),
  });
  const stored: StoredIdentity = { tenantId, namespace: `tenant-${tenantId}`, systemId: system.id, application };
  setMeta(store.sql, KEY, JSON.stringify(stored));
  return stored;
}

function addTenant(store: Store, id: string, createdBy: string): void {
  if (TENANTS.findById(store.sql, id) !== undefined) return;
  TENANTS.insert(store.sql, { id, name: 'Local tenant', plan: 'UNLIMITED', ...newAudit(createdBy, store.now()) });
}

/** The users and groups of a local KuFlow without a people file. */
const DEFAULT_PEOPLE: PeopleSeed = {
  users: [{ email: 'local.user@example.com', name: 'Local user', groups: [] }],
  groups: [],
};

interface PeopleOwner {
  readonly tenantId: string;
  /** The platform's own principal, which creates the users. */
  readonly systemId: string;
}

/** Makes the users and groups of the seed the only ones. Users with the same email keep their ids and tokens; all others are disabled. */
export function applyPeople(store: Store, owner: PeopleOwner, seed: PeopleSeed = DEFAULT_PEOPLE) {
  return store.transaction(() => {
    const before = findEnabledUsers(store.sql);
    const principalIds = seed.users.map((user, position) => saveUser(store, owner, user, position));
    const kept = new Set(principalIds);
    for (const { principal } of before)
      if (!kept.has(principal.id)) PRINCIPALS.update(store.sql, { ...principal, disabledAt: store.now() });
    const groups = [everybodyGroup(owner.tenantId), ...seed.groups.map((group) => toGroup(owner.tenantId, group))];
    const memberships = groups.flatMap((group) =>
      principalIds
        .filter((_, at) => group.code === EVERYBODY_GROUP || seed.users[at]?.groups.includes(group.code) === true)
        .map((principalId) => [group.id, principalId] as const),
    );
    replaceGroups(store.sql, groups, memberships);
    const [first] = findEnabledUsers(store.sql);
    if (first === undefined) throw new Error('There must be a user');
    const { id: principalId, userId, email, name } = first.principal;
    return { principalId, userId, email, name, token: new Secret(first.token) };
  });
}

export function everybodyGroup(tenantId: string): GroupRow {
  return { id: uuid5(tenantId, 'group'), tenantId, code: EVERYBODY_GROUP, name: 'Local users' };
}

const toGroup = (tenantId: string, { code, name }: { readonly code: string; readonly name: string }): GroupRow => ({
  id: uuid5(tenantId, `group ${code}`),
  tenantId,
  code,
  name,
});

/** The id of the user's principal. */
function saveUser(store: Store, { tenantId, systemId }: PeopleOwner, user: SeedUser, position: number): string {
  const { sql } = store;
  const { name, email } = user;
  const existing = findPrincipalByEmail(sql, email);
  if (existing !== undefined) {
    PRINCIPALS.update(sql, { ...existing, name, email, disabledAt: undefined });
    saveUserPosition(sql, existing.id, position);
    return existing.id;
  }
  const id = uuid7();
  PRINCIPALS.insert(sql, { id, type: 'USER', name, userId: uuid7(), email });
  TENANT_USERS.insert(sql, {
    id: uuid7(),
    tenantId,
    principalId: id,
    metadata: {},
    ...newAudit(systemId, store.now()),
  });
  const token = generateSecret();
  CREDENTIALS.insert(sql, { kind: 'token', principalId: id, hash: hashToken(token) });
  saveUserToken(sql, id, token, position);
  return id;
}
