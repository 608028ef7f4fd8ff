import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { ProcessDefinition } from '../process/definition.ts';

/** `exact`: that port or an error that names the holder. `preferred`: that port, else the next free one. */
export type PortRequest = { readonly kind: 'exact' | 'preferred'; readonly port: number };

export interface PlatformOptions {
  /** Absolute folder that holds all state (`<project>/.kuflow/dev`); made when absent, 0700. */
  readonly stateDir: string;
  readonly definitions: readonly ProcessDefinition[];
  /** Absolute path of the `temporal` binary. */
  readonly temporalPath: string;
  readonly ports?: { readonly http?: PortRequest; readonly https?: PortRequest; readonly engine?: PortRequest };
  /** Extra DNS names in the server certificates, used in the endpoints handed out when given. */
  readonly hostNames?: readonly string[];
  /** Seconds; 3600 by default. */
  readonly tokenLife?: number;
  /** Seconds past `expiredAt` for which a token is still accepted; 120 by default. */
  readonly tokenGrace?: number;
  /** Seconds; 400 days by default. */
  readonly certificateLife?: number;
  /** Temporal dynamic configuration, `key=json` pairs added to ours (benchmarks raise rate limits with it). */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** The supervisor's own JavaScript file; this package's by default. */
  readonly supervisorEntry?: string;
  /** Ends the start when aborted. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly report?: (event: PlatformEvent) => void;
}

export type PlatformEvent =
  | { readonly kind: 'starting'; readonly part: 'store' | 'temporal' | 'rest' | 'gateway' }
  | { readonly kind: 'ready'; readonly part: 'store' | 'temporal' | 'rest' | 'gateway'; readonly address?: string }
  | {
      readonly kind: 'port-moved';
      readonly part: 'http' | 'https' | 'engine';
      readonly wanted: number;
      readonly got: number;
      readonly holder?: string;
    }
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly path: string;
      readonly operationId?: string;
      readonly status: number;
      readonly ms: number;
      readonly problem?: string;
    }
  | {
      readonly kind: 'contract-violation';
      readonly side: 'request' | 'answer';
      readonly operationId: string;
      readonly problem: string;
    }
  | { readonly kind: 'gateway-refused'; readonly rpc?: string; readonly reason: string; readonly hint?: string }
  | {
      readonly kind: 'process';
      readonly processId: string;
      /** The kind of the entry in the timeline, such as `item-claimed`. */
      readonly what: string;
      /** Code of the process or of the item. */
      readonly code?: string;
      readonly processItemId?: string;
      readonly detail?: string;
    }
  | { readonly kind: 'warning'; readonly message: string };

/** What a worker or a user needs to talk to a running platform. Endpoints use the first host name when one was given. */
export interface PlatformIdentity {
  readonly tenantId: string;
  readonly namespace: string;
  readonly application: { readonly id: string; readonly secret: Secret; readonly name: string };
  readonly user: {
    readonly principalId: string;
    readonly userId: string;
    readonly email: string;
    readonly name: string;
    readonly token: Secret;
  };
}

export interface PlatformEndpoints {
  /** `http://127.0.0.1:PORT` (or the host name), no version segment. */
  readonly http: string;
  readonly https: string;
  /** `host:port` of the gateway, as in `temporal.target`. */
  readonly engine: string;
  /** `127.0.0.1:port` of the real Temporal server, behind the gateway; private. */
  readonly temporal: string;
}

export interface Platform {
  readonly endpoints: PlatformEndpoints;
  /** The same by address, for whoever runs on this machine, whatever the host names are: `http://127.0.0.1:PORT`. */
  readonly loopback: { readonly http: string; readonly https: string };
  readonly identity: PlatformIdentity;
  /** PEM file of the local CA that signed the HTTPS and engine server certificates. */
  readonly caFile: string;
  readonly definitions: readonly ProcessDefinition[];
  /** Stops every part in order; safe to call twice. */
  stop(): Promise<void>;
}
