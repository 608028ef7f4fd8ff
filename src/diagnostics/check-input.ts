import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { EngineConnection } from '../engine/rpc.ts';
import type { TlsMaterial, TlsMaterialText } from '../engine/material/tls-material.ts';
import type { InspectedConnection, Sourced } from '../connection/inspect.ts';

/** What the checks look at: the inspected connection, and KuFlow as functions, so that no check depends on a client. */
export interface CheckInput extends Pick<
  InspectedConnection,
  'problems' | 'endpoint' | 'target' | 'namespace' | 'serverName' | 'material' | 'restProxy' | 'engineProxy' | 'proxyCa'
> {
  /** Empty when it is not set. */
  readonly clientId: Sourced<string>;
  /** Milliseconds for each step at the engine (connect, handshake, call); 5,000 when undefined. */
  readonly stepMs?: number | undefined;
  readonly rest: KuFlowProbe;
  readonly clock: Clock;
}

/** KuFlow's REST API as the checks need it; each rejects with the client's error. */
export interface KuFlowProbe {
  readonly whoAmI: (signal: AbortSignal) => Promise<Identity>;
  /** The tenants that the credentials see: the first of them, and how many there are. */
  readonly tenants: (signal: AbortSignal) => Promise<VisibleTenants>;
  /** `now`: the time by KuFlow's clock, milliseconds since the epoch, for who hands out what it has kept. */
  readonly requestToken: (signal: AbortSignal, now: number) => Promise<IssuedToken>;
  readonly requestCertificate: (signal: AbortSignal, now: number) => Promise<IssuedMaterial>;
}

export interface Identity {
  readonly id: string;
  readonly type?: string;
  readonly name?: string;
  /** KuFlow's clock when it answered, milliseconds since the epoch, where the answer tells. */
  readonly serverTime?: number;
}

export interface VisibleTenants {
  readonly ids: readonly string[];
  readonly total: number;
}

export interface IssuedToken {
  readonly token: Secret;
  /** ISO 8601, as KuFlow sent it. */
  readonly expiredAt?: string;
  /** Got by an earlier run. */
  readonly reused?: true;
}

export interface IssuedMaterial {
  readonly namespace: string;
  readonly text: TlsMaterialText;
  /** Got by an earlier run. */
  readonly reused?: true;
}

/** What the checks hand on to each other. */
export interface CheckFacts {
  readonly token: Secret;
  readonly material: TlsMaterial;
  readonly namespace: Sourced<string>;
  readonly connection: EngineConnection;
  /** Milliseconds by which this machine's clock is ahead of KuFlow's. */
  readonly skewMs: number;
}
