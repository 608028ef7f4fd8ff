import { Secret } from '../../base/secret.ts';
import { uuid7 } from '../../base/uuid.ts';
import { newAudit } from '../store/audit.ts';
import { CREDENTIALS, getMeta, PRINCIPALS, setMeta, TENANTS, type PrincipalRow } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { generateSecret, hashSecret } from './credentials.ts';

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
