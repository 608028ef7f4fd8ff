import type { Domain } from '../domain/context.ts';
import type { EngineTokenReader } from '../domain/credentials.ts';
import type { FaultRegistry } from '../faults/registry.ts';
import type { Handler } from './handlers.ts';

export interface HealthReport {
  /** True when every part has answered its probe. */
  readonly ready: boolean;
  readonly parts: Readonly<
    Record<string, { readonly state: string; readonly address?: string; readonly detail?: string }>
  >;
}

export interface RestDeps {
  readonly domain: Domain;
  readonly faults: FaultRegistry;
  readonly readEngineToken: EngineTokenReader;
  readonly health: () => HealthReport | Promise<HealthReport>;
  /** DNS names besides the loopback ones by which clients may call. */
  readonly hostNames?: readonly string[];
  /** Handlers that stand before the built-in ones. */
  readonly handlers?: Readonly<Record<string, Handler>>;
}

/** PEM texts. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
}
