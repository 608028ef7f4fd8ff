import type { Clock } from '../base/clock.ts';
import type { ProxyDecision } from '../network/proxy.ts';
import type { Secret } from '../base/secret.ts';
import type { EngineConnection } from '../engine/rpc.ts';
import type { TlsMaterial, TlsMaterialText } from '../engine/material/tls-material.ts';

/** A value and where it came from, e.g. `KUFLOW_API_ENDPOINT` or `application.yaml`. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
}

/** A setting that is missing or unusable. */
export interface SettingFault {
  readonly key: string;
  /** What was expected and what was seen, no secret in it. */
  readonly problem: string;
  readonly source?: string;
  /** `file`: an application file that can't be read. `proxy`: a variable of the environment. A setting when absent. */
  readonly kind?: 'file' | 'proxy';
  /** What it keeps from being checked, where the key does not tell. */
  readonly plane?: 'rest' | 'engine' | 'both';
}

/** Certificate, key and CA of the engine: asked for from KuFlow, or given by files or inline data, all of them or only some. */
export type CertificateSource =
  | { readonly kind: 'requested' }
  | {
      /** Settings name a set, and a part of it is missing or can't be read. */
      readonly kind: 'incomplete';
      readonly source: string;
      readonly form?: 'files' | 'inline';
      readonly paths?: MaterialPaths;
      readonly missing: readonly (keyof TlsMaterialText)[];
      /** What is missing is empty. */
      readonly read: () => Promise<TlsMaterialText>;
    }
  | {
      readonly kind: 'given';
      readonly source: string;
      /** Absent: neither, e.g. an answer of KuFlow. */
      readonly form?: 'files' | 'inline';
      readonly paths?: MaterialPaths;
      readonly read: () => Promise<TlsMaterialText>;
    };

/** Absolute paths of the parts that are files. */
export type MaterialPaths = Readonly<Partial<Record<keyof TlsMaterialText, string>>>;

/** What the checks look at: settings as resolved, and KuFlow as functions, so that neither is fixed to one client. */
export interface CheckInput {
  readonly problems: readonly SettingFault[];
  readonly endpoint: Sourced<string>;
  readonly clientId: Sourced<string>;
  /** `host:port` */
  readonly target: Sourced<string>;
  /** Absent: the one that comes with the engine certificate. */
  readonly namespace?: Sourced<string>;
  readonly serverName?: Sourced<string>;
  readonly material: CertificateSource;
  readonly restProxy: ProxyDecision;
  readonly engineProxy: ProxyDecision;
  /** All authorities trusted for an `https:` proxy (PEM); the runtime's own when absent. */
  readonly proxyCa?: readonly string[];
  /** Milliseconds for each step at the engine (connect, handshake, call); 5,000 when absent. */
  readonly stepMs?: number;
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
