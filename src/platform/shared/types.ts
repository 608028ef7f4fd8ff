import type { Clock } from '../../base/clock.ts';
import type { Secret } from '../../base/secret.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { PeopleSeed } from '../../process/people.ts';

/**
 * `exact`: this port (0 for any free one), or an error that names its holder. `preferred`: this port, or the next free
 * one.
 */
export type PortRequest = { readonly kind: 'exact' | 'preferred'; readonly port: number };

export interface PlatformOptions {
  /**
   * Absolute path of the folder for all state. Created for its owner only; one platform at a time can use it.
   */
  readonly stateDir: string;
  /**
   * For a `stateDir` that the caller removes after the stop: Temporal keeps its data in memory, and nothing is synced to disk. If this process is
   * killed, the folder is removed with the Temporal server. Default: false.
   */
  readonly ephemeral?: boolean | undefined;
  readonly definitions: readonly ProcessDefinition[];
  /** Users and groups. Default: one user. Users are matched by email, and those that are not contained are disabled. */
  readonly people?: PeopleSeed | undefined;
  /** Absolute path of the `temporal` program; see `findTemporal`. */
  readonly temporalPath: string;
  /** Its version, and that of the server in it. Default: what the program prints. */
  readonly temporalVersions?: { readonly version: string; readonly serverVersion: string } | undefined;
  /** Default: 7480, 7443 and 7483, or the next free ones. With `temporalUi`, Temporal's UI also runs, on that port. */
  readonly ports?:
    | { readonly [Part in 'http' | 'https' | 'engine' | 'temporalUi']?: PortRequest | undefined }
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
   * For the commands that the console shows: how `kuflow` is called, and what starts the worker, in the working directory. Default: `npx kuflow` and
   * `npm run dev`.
   */
  readonly pageCommands?: { readonly kuflow: string; readonly worker: string } | undefined;
  /** The supervisor's JavaScript file. Default: the one in this package. */
  readonly supervisorEntry?: string | undefined;
  /** Aborts the start. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** Reports who polls even while nobody looks at the console. Asks the Temporal server twice a second. Default: false. */
  readonly followWorkers?: boolean | undefined;
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
  /** An attempt to deliver an event to a webhook has ended. A pending delivery is repeated. `status` is absent without an answer. */
  | {
      readonly kind: 'webhook';
      /** ID of the event. */
      readonly deliveryId: string;
      readonly processId: string;
      /** Of the event, such as `PROCESS.CREATED`. */
      readonly type: string;
      readonly state: 'PENDING' | 'DELIVERED' | 'FAILED';
      readonly attempts: number;
      readonly status?: number | undefined;
      readonly problem?: string | undefined;
    }
  /** A worker has started to poll a task queue of the served definitions, or has stopped. Reported while somebody follows the workers. */
  | { readonly kind: 'worker'; readonly identity: string; readonly taskQueue: string; readonly polls: boolean }
  /** Definition files were saved, and their content is served now. `changes` are sentences such as `LOAN: task REVIEW was added`. */
  | { readonly kind: 'definitions-changed'; readonly changes: readonly string[] }
  /** A definition file was saved with an error; its last good content is still served. `file` is `<path>:<line>` if the line is known. */
  | { readonly kind: 'definition-problem'; readonly file: string; readonly message: string }
  | { readonly kind: 'warning'; readonly message: string };

/** What a worker and a user need to sign in to a running platform. */
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

export interface Platform {
  readonly endpoints: PlatformEndpoints;
  /** The REST endpoints as `127.0.0.1:<port>`, for clients on this machine, whatever the host names are. */
  readonly loopback: { readonly http: string; readonly https: string };
  readonly identity: PlatformIdentity;
  /** PEM file of the local CA, which signs the server certificates of HTTPS and engine. */
  readonly caFile: string;
  /** PEM file with the public root certificates and the local CA. */
  readonly caBundleFile: string;
  /** What new processes use. */
  readonly definitions: readonly ProcessDefinition[];
  /** Stops all parts in reverse order. Safe to call twice. */
  stop(): Promise<void>;
}
