import type { Clock } from '../../base/clock.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { PlatformEvent, PlatformIdentity } from '../types.ts';
import type { Store } from '../store/open.ts';
import type { Domain, EngineIssuers } from './context.ts';
import { createDefinitionCatalog } from './definitions.ts';
import { ensureIdentity } from './identity.ts';
import { localTimeZone } from './request-time.ts';

export interface DomainOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly definitions: readonly ProcessDefinition[];
  readonly issuers: EngineIssuers;
  /** Called after each commit that left commands for the engine: `outbox.wake`. */
  readonly wake: () => void;
  readonly report?: (event: PlatformEvent) => void;
  /** IANA name; this machine's by default. */
  readonly timeZone?: string;
}

/** The operations' ground, and who lives on it. A new state file takes its tenant from the first definition that names one. */
export function createDomain(options: DomainOptions): { readonly domain: Domain; readonly identity: PlatformIdentity } {
  const named = options.definitions.map((definition) => definition.process.tenant).filter((id) => id !== undefined);
  const [tenantId] = named;
  const { identity, system } = ensureIdentity(options.store, {
    ...(tenantId === undefined ? {} : { tenantId }),
    otherTenantIds: named,
  });
  const domain: Domain = {
    store: options.store,
    clock: options.clock,
    definitions: createDefinitionCatalog(options.definitions, identity.tenantId),
    issuers: options.issuers,
    tenantId: identity.tenantId,
    system,
    timeZone: options.timeZone ?? localTimeZone(),
    report: options.report ?? (() => undefined),
    wake: options.wake,
  };
  return { domain, identity };
}
