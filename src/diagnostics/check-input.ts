import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { EngineConnection } from '../engine/rpc.ts';
import type { TlsMaterial, TlsMaterialText } from '../engine/material/tls-material.ts';
import type { InspectedConnection, Sourced } from '../connection/inspect.ts';

/** What the checks examine: the inspected connection, and KuFlow as functions, so that no check depends on a client. */
export interface CheckInput extends Omit<InspectedConnection, 'clientId' | 'clientSecret' | 'proxySetting'> {
  /** Empty when it is not set. */
  readonly clientId: Sourced<string>;
  /** The project here was created for the local KuFlow. */
  readonly isLocalProject?: boolean | undefined;
  /** Whether the environment tells Node.js programs not to verify certificates. The checks verify them anyway. */
  readonly isVerificationOff: boolean;
  /** Milliseconds for each step at the engine: connect, handshake or call. */
  readonly stepMs: number;
  readonly rest: KuFlowProbe;
  readonly clock: Clock;
}

/** The calls of KuFlow's REST API that the checks make; each rejects with the error of the client. */
export interface KuFlowProbe {
  readonly whoAmI: (signal: AbortSignal) => Promise<Identity>;
  /** The first tenants that the credentials give access to, and their total number. */
  readonly tenants: (signal: AbortSignal) => Promise<VisibleTenants>;
  /** The IDs of the newest processes, newest first. */
  readonly recentProcesses: (signal: AbortSignal) => Promise<readonly string[]>;
  /** The IDs of the newest running processes of a definition. */
  readonly runningProcesses: (code: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Reads the key of a confidential process, and forgets it. */
  readonly readEncryptionKey: (id: string, signal: AbortSignal) => Promise<void>;
  /** `now`: the time by KuFlow's clock, in milliseconds since the epoch; a cache uses it to check expiry. */
  readonly requestToken: (signal: AbortSignal, now: number) => Promise<IssuedToken>;
  readonly requestCertificate: (signal: AbortSignal, now: number) => Promise<IssuedMaterial>;
}

export interface Identity {
  readonly id: string;
  readonly type?: string;
  readonly name?: string;
  /** KuFlow's time when it responded, in milliseconds since the epoch, if the response contains it. */
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
  /** Comes from an earlier run. */
  readonly reused?: true;
}

export interface IssuedMaterial {
  readonly namespace: string;
  readonly text: TlsMaterialText;
  /** Comes from an earlier run. */
  readonly reused?: true;
}

/** One step of the worker's own check, from its `--check --json` output. */
export interface WorkerCheckStep {
  readonly step: string;
  readonly status: 'ok' | 'failed' | 'unknown' | 'skipped';
  readonly detail: string;
}

export type WorkerCheckOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly steps: readonly WorkerCheckStep[] }
  /** It ended by itself. `at`: the place of the error in the worker's own code, `file:line`. */
  | { readonly kind: 'failed'; readonly why: string; readonly at?: string | undefined }
  /** It did not end in time. */
  | { readonly kind: 'stopped' }
  /** The command `build` creates the file that is missing. */
  | { readonly kind: 'not-built'; readonly missing: string; readonly build: string };

/** Values that checks pass to later checks, each once its check has passed. */
export interface CheckOutputs {
  readonly token?: Secret;
  readonly material?: TlsMaterial;
  readonly namespace?: Sourced<string>;
  readonly connection?: EngineConnection;
  /** Milliseconds by which this machine's clock is ahead of KuFlow's. */
  readonly skewMs?: number;
  /** The settings that are missing because of a failure that KF-SET-003 reports: all if a file was not read, or those with a misspelled key. */
  readonly settingsExplainedByFiles?: 'all' | readonly string[];
  readonly workerCheck?: WorkerCheckOutcome;
}
