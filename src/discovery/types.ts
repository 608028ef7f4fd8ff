import type { ProcessDefinition, TaskKind } from '../process/definition.ts';
import type { ShapeEvidence } from './shape/infer.ts';

export type ReadOperation =
  'findProcesses' | 'findProcessItems' | 'findPrincipals' | 'retrieveProcess' | 'retrieveProcessItem';

export interface ReadParameters {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly signal?: AbortSignal;
}

/** The part of the REST client that discovery uses. */
export interface DiscoveryClient {
  /** Rejects with a `KuFlowApiError`. */
  readonly call: (operation: ReadOperation, parameters: ReadParameters) => Promise<unknown>;
  /** HTTP requests sent so far, repeated ones included; without it each call counts as one. */
  readonly requests?: () => number;
  /** Requests that one call sends at most, repetitions included; 1 when absent. */
  readonly attempts?: number;
}

/** What discovery says while it works. Counts only. */
export type DiscoveryEvent =
  | { readonly type: 'listing'; readonly what: 'processes' | 'items' | 'principals' }
  | {
      readonly type: 'listed';
      readonly what: 'processes' | 'items' | 'principals';
      readonly seen: number;
      readonly total: number;
    }
  | { readonly type: 'reading'; readonly done: number; readonly of: number };

export interface DiscoveryRequest {
  readonly client: DiscoveryClient;
  /** Code of the process definition. */
  readonly code: string;
  /** Only processes of this tenant. */
  readonly tenant?: string;
  /** Instances to read for shapes: 0 reads no value at all. */
  readonly sample: number;
  /** Requests at most, lists included. */
  readonly budget: number;
  readonly report?: (event: DiscoveryEvent) => void;
  readonly signal?: AbortSignal;
}

/** Why a task is of its kind. */
export type KindReason =
  'item-type' | 'owned-by-applications' | 'owned-by-its-creator' | 'owned-by-people' | 'owner-unknown' | 'never-owned';

export interface TaskEvidence {
  readonly code: string;
  readonly kind: TaskKind;
  readonly kindReason: KindReason;
  /** Items seen in lists, and the processes that they are in. */
  readonly items: number;
  readonly processes: number;
  /** Most items of this code in one process: more than one means that it repeats. */
  readonly mostInOneProcess: number;
  /** Only processes of an older version of the definition have it. */
  readonly onlyOlderVersions: boolean;
  /** Absent when no instance was read. */
  readonly data?: ShapeEvidence;
  readonly contextData?: ShapeEvidence;
}

/** What a discovered definition rests on: counts, never values. */
export interface DiscoveryEvidence {
  /** Requests sent. */
  readonly requests: number;
  readonly processes: { readonly seen: number; readonly total: number; readonly versions: number };
  readonly items: { readonly seen: number; readonly total: number; readonly withoutCode: number };
  /** Instances read for shapes, and those that could not be read. */
  readonly read: number;
  readonly unreadable: number;
  /** Whether a small list of principals told people from applications. */
  readonly principalsKnown: boolean;
  /** Share of the pairs of tasks within one process that were created in the stated order, 0 to 1; 1 when there are none. */
  readonly orderAgreement: number;
  readonly metadata?: ShapeEvidence;
  readonly entity?: ShapeEvidence;
  readonly tasks: readonly TaskEvidence[];
}

/** A definition without what KuFlow's API does not tell. */
export type DiscoveredDefinition = Omit<ProcessDefinition, 'workflow'>;

export interface DiscoveredProcess {
  readonly found: true;
  readonly definition: DiscoveredDefinition;
  readonly evidence: DiscoveryEvidence;
  /** What only KuFlow's app shows, so that a person has to say it. */
  readonly missing: readonly ['workflow.type', 'workflow.taskQueue'];
  /** Sentences on what may be wrong or incomplete, without values. */
  readonly notes: readonly string[];
}

/** No process and no item of that code is visible. */
export interface UndiscoveredProcess {
  readonly found: false;
  readonly code: string;
  /** `nothing-visible`: the application sees no process of any definition; `others-visible`: it sees processes of `otherCodes`. */
  readonly reason: 'nothing-visible' | 'others-visible' | 'not-allowed';
  readonly otherCodes: readonly string[];
  readonly requests: number;
}

export type Discovery = DiscoveredProcess | UndiscoveredProcess;

export interface ListedProcess {
  readonly code: string;
  readonly id: string;
  readonly tenant: string;
  /** Newest version seen. */
  readonly version: string;
  readonly versions: number;
  /** Processes seen in the part of the list that was read. */
  readonly seen: number;
}

export interface ProcessListing {
  readonly definitions: readonly ListedProcess[];
  readonly processes: { readonly seen: number; readonly total: number };
  /** The whole list was read: no other definition has a visible process. */
  readonly complete: boolean;
  readonly requests: number;
}
