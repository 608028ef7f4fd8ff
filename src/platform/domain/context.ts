import type { Clock } from '../../base/clock.ts';
import type { PlatformEvent } from '../types.ts';
import { insertEvent, type EventRow } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { enqueueCommand, type EngineCommand } from '../store/outbox-queue.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { DefinitionCatalog } from './definitions.ts';

type Awaitable<T> = T | Promise<T>;

/** Makes what a worker needs for the engine; made by the parts that own keys. */
export interface EngineIssuers {
  /** `expiredAt` is ISO 8601. */
  issueToken(principal: PrincipalRow): Awaitable<{ readonly token: string; readonly expiredAt: string }>;
  /** PEM texts; the private key is PKCS#8. */
  issueCertificate(principal: PrincipalRow): Awaitable<{
    readonly namespace: string;
    readonly tls: {
      readonly serverRootCaCertificate: string;
      readonly clientCertificate: string;
      readonly clientPrivateKey: string;
    };
  }>;
}

/** Everything that the operations stand on. One per running platform. */
export interface Domain {
  readonly store: Store;
  readonly clock: Clock;
  readonly definitions: DefinitionCatalog;
  readonly issuers: EngineIssuers;
  readonly tenantId: string;
  /** The principal that stands for the platform itself: it completes processes whose workflow has ended. */
  readonly system: PrincipalRow;
  /** IANA name: the zone in which the engine is told the time of a request. */
  readonly timeZone: string;
  readonly report: (event: PlatformEvent) => void;
  /** Called after a commit that left commands for the engine. */
  readonly wake: () => void;
}

/** One call: the domain and who calls. */
export interface OperationContext extends Domain {
  readonly principal: PrincipalRow;
}

/** Notes what happened to a process, in the current transaction, for its timeline. */
export function recordEvent(ctx: Domain, event: Omit<EventRow, 'time'>): void {
  insertEvent(ctx.store.sql, { ...event, time: ctx.store.now() });
  ctx.report({
    kind: 'process',
    processId: event.processId,
    what: event.kind,
    ...(event.code === undefined ? {} : { code: event.code }),
    ...(event.processItemId === undefined ? {} : { processItemId: event.processItemId }),
    ...(event.detail === undefined ? {} : { detail: event.detail }),
  });
}

/** Leaves a command for the engine, in the current transaction. The caller wakes the outbox after the commit. */
export function enqueueForEngine(ctx: Domain, processId: string, command: EngineCommand): void {
  enqueueCommand(ctx.store.sql, processId, command, ctx.store.now());
}
