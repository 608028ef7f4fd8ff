import { Secret } from '../../base/secret.ts';
import { uuid5, uuid7 } from '../../base/uuid.ts';
import { DEFAULT_PEOPLE, EVERYBODY_GROUP, type PeopleSeed, type SeedUser } from '../../process/people.ts';
import { newAudit } from '../store/audit.ts';
import {
  CREDENTIALS,
  findEnabledUsers,
  findPrincipalByEmail,
  PRINCIPALS,
  replaceGroups,
  saveUserPosition,
  saveUserToken,
  TENANT_USERS,
  type GroupRow,
} from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { generateSecret, hashToken } from './credentials.ts';

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
