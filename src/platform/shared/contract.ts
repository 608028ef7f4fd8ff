import type { JsonObject } from '../../base/json.ts';
import type { DataShape, TaskDefinition } from '../../process/definition.ts';
import type { FaultAction } from '../faults/registry.ts';
import type { PlatformEvent } from './types.ts';

/*
 * What `/_dev/…` answers to the console and to commands. KuFlow does not have these operations. Types only, because the console imports them.
 * All routes need the credentials of the API. Times are ISO 8601 in UTC.
 *
 * `POST /_dev/process-items/{id}/release`, without a body, returns the `ProcessItem` as KuFlow's API does. It is for the owner of a claimed task.
 */

/** The header with which the console and shell completion mark their requests, so that the list of requests can leave them out. */
export type ConsoleHeader = 'x-kuflow-console';

/** `GET /_dev/status`. */
export interface PlatformStatus {
  readonly version: string;
  readonly startedAt: string;
  /** Working directory of the process that runs the platform: where the suggested commands run. */
  readonly folder: string;
  readonly stateDir: string;
  readonly tenantId: string;
  readonly namespace: string;
  readonly parts: readonly PartStatus[];
  readonly endpoints: { readonly http: string; readonly https: string; readonly engine: string };
  /** Address of Temporal's UI, if it runs. */
  readonly temporalUi?: string;
  readonly clock: ClockStatus;
  /** Who makes this request. */
  readonly principal: { readonly id: string; readonly name: string };
}

export interface PartStatus {
  readonly part: 'store' | 'temporal' | 'gateway' | 'rest';
  readonly state: 'up' | 'down';
  readonly address?: string;
  readonly detail?: string;
}

/** `GET /_dev/environment`: the settings of the platform that `kuflow dev env` prints, with the client secret. For users only. */
export interface EnvironmentVariables {
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * `GET /_dev/definitions`: what new processes use. `GET /_dev/processes/{id}/definition` is the `ServedProcess` of a process: the version that it was
 * started with, and the tasks that were added to its definition since then. Forms for its tasks and metadata are made from that.
 */
export interface ServedDefinitions {
  readonly definitions: readonly ServedProcess[];
  /** The definition files that could not be loaded since they were last saved. Their last good content is still served. */
  readonly problems: readonly DefinitionProblem[];
}

export interface ServedProcess {
  readonly id: string;
  readonly version: string;
  readonly code: string;
  readonly name?: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** Whether the process is confidential, which does not change after its start; for a definition, whether new processes are. */
  readonly confidential?: boolean;
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
}

/** A file as `<path>:<line>` if the line is known, relative to the folder, and what is wrong with it. */
export interface DefinitionProblem {
  readonly file: string;
  readonly message: string;
}

/**
 * `POST /_dev/definitions/{code}/examples` with `{ task?, processId? }`: valid example data for the metadata of the process, or for a task.
 * References are real: principals and groups exist, and documents are created in the process. Without a process, documents are left out.
 */
export interface ExampleData {
  readonly value: JsonObject;
  /** Paths (JSON Pointer) that must be filled in by hand. */
  readonly missing: readonly string[];
}

/**
 * `POST /_dev/validators` with `{ schemas }`: the address of a script that validates data under each of these JSON Schemas. See `validatorModule`.
 */
export interface CompiledValidators {
  readonly url: string;
}

/** `GET /_dev/workers`. */
export interface WorkersStatus {
  readonly workers: readonly WorkerStatus[];
  /** One entry for each task queue of the served definitions. */
  readonly queues: readonly QueueStatus[];
}

export interface WorkerStatus {
  readonly identity: string;
  readonly taskQueue: string;
  readonly workflowTypes?: readonly string[];
  readonly activityTypes?: readonly string[];
  readonly hostname?: string;
  readonly createdAt?: string;
  readonly lastModifiedAt?: string;
  /** Whether it polls now. */
  readonly online: boolean;
}

export interface QueueStatus {
  readonly taskQueue: string;
  /** Codes of the processes that use it. */
  readonly processes: readonly string[];
  /** Identities of the workers that poll it now. */
  readonly pollers: readonly string[];
}

/** `GET /_dev/users`. For users only. */
export interface LocalPeople {
  readonly users: readonly LocalUser[];
  readonly groups: readonly LocalGroup[];
}

export interface LocalUser {
  readonly principalId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  /** Codes. */
  readonly groups: readonly string[];
  /** Signs this user in as `Bearer <token>`. */
  readonly token: string;
}

export interface LocalGroup {
  readonly id: string;
  readonly code: string;
  readonly name: string;
}

/** An entry of `GET /_dev/processes/{id}/timeline`: `{ entries }`, what happened to a process, in order. */
export interface TimelineEntry {
  readonly time: string;
  /** Such as `item-claimed`. */
  readonly kind: string;
  readonly processItemId?: string;
  readonly code?: string;
  /** Name of who did it. */
  readonly principal?: string;
  readonly detail?: string;
}

/** `GET /_dev/processes/{id}/failing-work`: what the workflow waits for and has failed, and how it ended if it failed. */
export interface FailingWorkList {
  readonly failing: readonly FailingWorkStatus[];
}

export interface FailingWorkStatus {
  readonly kind: 'activity' | 'workflow-task' | 'workflow';
  readonly name: string;
  readonly failures: number;
  readonly message: string;
  /** `<file>:<line>` in the worker's own code. */
  readonly location?: string;
}

/** `GET /_dev/requests?limit=…`, newest first: at most 500 are kept, and none survives a restart. */
export interface RequestList {
  readonly requests: readonly RequestRecord[];
}

export interface RequestRecord {
  /** Increases by one for each request. */
  readonly id: number;
  readonly time: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly operationId?: string;
  readonly status: number;
  readonly ms: number;
  /** Name of the caller. */
  readonly principal?: string;
  readonly problem?: string;
  /** Violations of KuFlow's API contract by the request or by the answer. */
  readonly violations: readonly { readonly side: 'request' | 'answer'; readonly problem: string }[];
  /** Whether the console or shell completion made it. */
  readonly console: boolean;
}

/** `GET /_dev/requests/{id}`. Secrets are redacted, and bodies are cut at 16 KiB. */
export interface RequestDetail extends RequestRecord {
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly requestBody?: RecordedBody;
  readonly responseBody?: RecordedBody;
}

export interface RecordedBody {
  readonly bytes: number;
  readonly contentType?: string;
  /** Absent for bodies that are not text. */
  readonly text?: string;
  readonly truncated: boolean;
}

/** `GET /_dev/clock`: the time of the local KuFlow and its processes. Tokens, certificates and registrations of workers have real time. */
export interface ClockStatus {
  readonly now: string;
  /** Milliseconds that were skipped since the state was created. */
  readonly aheadMs: number;
  /** Why time can't be skipped; absent if it can. */
  readonly obstacle?: string;
  /** The skip that is running. Without `until`, it ends when a process changes. */
  readonly skipping?: { readonly from: string; readonly until?: string };
}

export interface SkipRequest {
  readonly seconds?: number | undefined;
  /** ISO 8601 with a time zone. */
  readonly until?: string | undefined;
}

/**
 * `POST /_dev/clock/skip` with `{ seconds }`, `{ until }`, or `{}` to skip until a process changes in KuFlow. Answers when the skip has ended,
 * after two minutes at most: with the end `time-limit`, send the request again with the `until` of the answer. A client that closes the connection
 * ends the skip. 409 if time can't be skipped, or if another skip is running.
 */
export interface SkipResult {
  readonly end: SkipEnd;
  readonly from: string;
  readonly now: string;
  readonly aheadMs: number;
  /** The requested time. */
  readonly until?: string;
  /** What happened in the processes on the way, the last 500 entries. */
  readonly events: readonly SkippedEvent[];
  /** Workflows that are not at `now`, and why. */
  readonly behind: readonly WorkflowBehind[];
}

/**
 * `reached`: it is the requested time. `acted`: a process has changed. `idle`: no timer that was pending at the beginning has changed a process.
 * `stuck`: a workflow did not finish its work. `time-limit` and `canceled`: the skip ended between two deadlines.
 */
export type SkipEnd = 'reached' | 'acted' | 'idle' | 'stuck' | 'time-limit' | 'canceled';

/** The event of a process; see `PlatformEvent`. */
export interface SkippedEvent {
  readonly time: string;
  readonly processId: string;
  readonly what: string;
  readonly code?: string | undefined;
  readonly processItemId?: string | undefined;
  readonly detail?: string | undefined;
}

export interface WorkflowBehind {
  /** That of the process, except for child workflows. */
  readonly workflowId: string;
  readonly now: string;
  readonly reason: string;
}

/** `GET /_dev/faults`: `{ faults }`. `POST` adds one, `DELETE /_dev/faults/{id}` removes one, `DELETE /_dev/faults` all. */
export interface FaultStatus {
  readonly id: string;
  readonly operationId: string;
  readonly times: number;
  readonly left: number;
  readonly action: FaultAction;
}

/**
 * A message of `GET /_dev/events` (server-sent events): `id` is the SSE id, `event` is the kind, `data` is this object. Events are hints to
 * read again. After a reconnect, the stream sends the events after `Last-Event-ID`, or a single `reset` if it has discarded some of them.
 */
export type LiveEvent = { readonly id: number; readonly time: string } & (
  | PlatformEvent
  | { readonly kind: 'reset' }
  | { readonly kind: 'workers-changed' }
  | { readonly kind: 'faults-changed' }
  | { readonly kind: 'clock-changed' }
);
