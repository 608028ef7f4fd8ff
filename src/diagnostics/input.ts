import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { ConnectionProblem, InspectedConnection, Sourced } from '../connection/inspect.ts';
import type { EngineConnection } from '../engine/rpc.ts';
import type { TlsMaterial, TlsMaterialText } from '../engine/material/tls-material.ts';
import type { GitState } from '../files/git-state.ts';
import type { ProjectDiagnosis } from '../languages/diagnosis.ts';
import type { Environment } from '../settings/environment.ts';
import type { SettingWarning } from '../settings/sources.ts';

/** What the checks examine: the inspected connection, and KuFlow as functions, so that no check depends on a client. */
export interface CheckInput extends Omit<InspectedConnection, 'clientId' | 'clientSecret'> {
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

export type ExpiryThreshold =
  | { readonly kind: 'duration'; readonly ms: number }
  /** Share of the lifetime that is left, 0 to 1. */
  | { readonly kind: 'share'; readonly share: number };

/** A file that a setting names, or a file that contains settings. */
export interface NamedFile {
  /** For use in a sentence: `the private key`. */
  readonly description: string;
  /** Absolute. */
  readonly path: string;
  readonly source: string;
  readonly secret: boolean;
}

export interface WorkerPort {
  readonly use: 'health' | 'metrics';
  readonly port: Sourced<number>;
}

export interface WorkerCheckOptions {
  readonly signal: AbortSignal;
  /** Milliseconds after which the worker must report what it knows. */
  readonly limitMs: number;
}

/** A worker project as functions, so that the checks do not depend on the code that creates projects. */
export interface ProjectProbe {
  /** Process definitions with their files. Rejects with a KnownError for an invalid file. */
  readonly processes: () => Promise<readonly ProjectProcess[]>;
  /** Compares generated code with its definition. Rejects like `processes`. */
  readonly drift: () => Promise<CodeDrift>;
  /** Undefined, like the next one, if the record of the project cannot be read. */
  readonly runtime?: (() => ReturnType<ProjectDiagnosis['runtime']>) | undefined;
  readonly temporalSdk?: (() => ReturnType<ProjectDiagnosis['temporalSdk']>) | undefined;
  /** Runs the worker's own check; undefined if its dependencies are not installed. */
  readonly workerCheck?: ((options: WorkerCheckOptions) => Promise<WorkerCheckOutcome>) | undefined;
  /** Why the worker cannot run with the settings that doctor checks. */
  readonly workerCheckUnavailable?: string | undefined;
}

export interface ProjectProcess {
  readonly file: string;
  readonly code: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** As in the definition file: KuFlow's API does not return it. */
  readonly confidential?: boolean | undefined;
}

/**
 * The generated files that differ from what the definition generates now, by relative paths: those that are missing, were changed by hand, or
 * are older than a change of the definition. `not-compared`: another version of this tool generated the code and may generate it differently.
 */
export type CodeDrift =
  | {
      readonly kind: 'compared';
      readonly files: readonly { readonly path: string; readonly state: 'missing' | 'edited' | 'stale' }[];
    }
  | { readonly kind: 'not-compared'; readonly madeBy: string; readonly version: string };

/** What doctor examines in addition to the connection. */
export interface DoctorInput extends CheckInput {
  /** Absolute: the project, or else the working directory. */
  readonly folder: string;
  /** Absolute: the working directory, where commands from advice are pasted. */
  readonly cwd: string;
  readonly env: Environment;
  /** Whether there is a worker here: application files or a project. */
  readonly inProject: boolean;
  /** Problems of settings that only a worker needs. */
  readonly workerProblems: readonly ConnectionProblem[];
  readonly settingWarnings: readonly (Omit<SettingWarning, 'source'> & { readonly source: string })[];
  /** Settings that several sources set: `shadows` are those of lower precedence. */
  readonly shadowed: readonly { readonly key: string; readonly source: string; readonly shadows: readonly string[] }[];
  readonly files: readonly NamedFile[];
  readonly queue?: Sourced<string> | undefined;
  /** Without a port 0, for which the system chooses a free one, or which turns metrics off. */
  readonly workerPorts: readonly WorkerPort[];
  /** Name of the profile whose credentials are in use. */
  readonly profile?: string | undefined;
  /** Milliseconds for the whole run. */
  readonly timeoutMs: number;
  readonly warnExpiry?: ExpiryThreshold | undefined;
  /** From `--process`. */
  readonly processId?: string | undefined;
  readonly project?: ProjectProbe | undefined;
  readonly git: (path: string) => Promise<GitState>;
  readonly platform: NodeJS.Platform;
}
