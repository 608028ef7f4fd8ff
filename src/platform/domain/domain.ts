import { EventEmitter } from 'node:events';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { PeopleSeed } from '../../process/people.ts';
import type { PlatformEvent, PlatformIdentity } from '../shared/types.ts';
import { findDocumentByUri } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { GROUPS, PRINCIPALS } from '../store/people.ts';
import type { EngineIssuers } from '../pki/engine-issuers.ts';
import type { Domain } from './context.ts';
import { createDefinitionCatalog } from './definitions.ts';
import { ensureIdentity } from './identity.ts';
import type { ReferencedResources } from '../../schema/formats.ts';
import { localTimeZone } from './request-time.ts';
import { applyPeople } from './apply-people.ts';

export interface DomainOptions {
  readonly store: Store;
  readonly definitions: readonly ProcessDefinition[];
  /** Default: one local user. */
  readonly people?: PeopleSeed | undefined;
  readonly createIssuers: (identity: PlatformIdentity) => EngineIssuers;
  readonly report?: ((event: PlatformEvent) => void) | undefined;
  /** IANA name. Default: the time zone of this machine. */
  readonly timeZone?: string | undefined;
}

/** Creates what the operations need. A new state file gets its tenant from the first definition that sets one. */
export function createDomain(options: DomainOptions): { readonly domain: Domain; readonly identity: PlatformIdentity } {
  const { store, people, definitions, report = () => undefined, timeZone = localTimeZone() } = options;
  const tenantIds = definitions.flatMap(({ process: { tenant } }) => tenant ?? []);
  const [tenantId] = tenantIds;
  const { identity: stored, system } = ensureIdentity(store, { tenantId, otherTenantIds: tenantIds });
  const user = applyPeople(store, { tenantId: stored.tenantId, systemId: system.id }, people);
  const identity = { ...stored, user };
  const domain: Domain = {
    store,
    clock: store.clock,
    definitions: createDefinitionCatalog(definitions, store, identity.tenantId, resourcesOf(store)),
    issuers: options.createIssuers(identity),
    tenantId: identity.tenantId,
    system,
    processManagers: people?.processManagers,
    timeZone,
    report,
    commands: new EventEmitter(),
  };
  return { domain, identity };
}

function resourcesOf({ sql }: Store): ReferencedResources {
  return {
    findDocument: (uri) => findDocumentByUri(sql, uri),
    hasPrincipal: (id) => PRINCIPALS.findById(sql, id) !== undefined,
    hasGroup: (id) => GROUPS.findById(sql, id) !== undefined,
  };
}
