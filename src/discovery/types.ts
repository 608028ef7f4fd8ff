import type { ProcessDefinition, TaskKind } from '../process/definition.ts';
import type { ObservedValues, ShapeEvidence } from './shape/infer.ts';

type ListKind = 'processes' | 'items' | 'principals';

/** Progress of a discovery. Contains only counts. */
export type DiscoveryEvent =
  | { readonly type: 'listing'; readonly what: ListKind }
  | { readonly type: 'listed'; readonly what: ListKind; readonly seen: number; readonly total: number }
  | { readonly type: 'reading'; readonly done: number; readonly of: number };

export interface DiscoveryRequest {
  readonly code: string;
  readonly tenant?: string | undefined;
  /** Instances to read for their shapes; 0 reads no values at all. */
  readonly sample: number;
  /** Also chooses instances of older versions of the definition, so that versions can be compared. */
  readonly comparesVersions?: boolean | undefined;
  readonly report?: ((event: DiscoveryEvent) => void) | undefined;
}

export type KindReason =
  | 'item-type'
  | 'owned-by-applications'
  | 'owned-by-its-creator'
  | 'owned-by-people'
  | 'owners-differ'
  | 'owner-unknown'
  | 'never-owned';

export interface TaskEvidence {
  readonly code: string;
  readonly kind: TaskKind;
  readonly kindReason: KindReason;
  /** The kind was determined from processes of older versions too, because those of the newest version do not show it. */
  readonly kindFromOlderVersions: boolean;
  /** Items in the lists, and the number of processes that contain them. */
  readonly items: number;
  readonly processes: number;
  /** The most items of this code in one process; more than one means that the task repeats. */
  readonly mostInOneProcess: number;
  /** Only processes of older versions of the definition have this task. */
  readonly onlyOlderVersions: boolean;
  readonly inNewestVersion: number;
  /** Completed processes of older versions that have it; see `DiscoveryEvidence.processes`. */
  readonly inCompletedOlder: number;
  /** Absent if no instance was read. */
  readonly data?: ShapeEvidence;
  readonly contextData?: ShapeEvidence;
}

/** What a discovered definition is based on. Contains only counts, never values. */
export interface DiscoveryEvidence {
  readonly requests: number;
  readonly processes: {
    readonly seen: number;
    readonly total: number;
    readonly versions: number;
    /** Completed processes of the newest and of older versions, without those of which some items are not in the list. */
    readonly completedNewest: number;
    readonly completedOlder: number;
  };
  readonly items: { readonly seen: number; readonly total: number; readonly withoutCode: number };
  /** Instances read for shapes, and those that could not be read. */
  readonly read: number;
  readonly unreadable: number;
  /** Whether the complete list of applications was available to tell people and applications apart. */
  readonly principalsKnown: boolean;
  /** Share of task pairs within a process that were created in the stated order, 0 to 1; 1 if there are no pairs. */
  readonly orderAgreement: number;
  readonly metadata?: ShapeEvidence;
  readonly entity?: ShapeEvidence;
  readonly tasks: readonly TaskEvidence[];
}

/** The values of one shape that were read, by version of the definition. */
export interface ObservedShape {
  /** Of all versions. The others do not contain values that KuFlow reported as invalid. */
  readonly all: ObservedValues;
  /** Of the newest version, including those of open tasks. */
  readonly newest: ObservedValues;
  /** Of the newest version and of older ones, of completed tasks and processes only: all their required fields are filled in. */
  readonly newestCompleted: ObservedValues;
  readonly olderCompleted: ObservedValues;
}

export interface Shapes<Shape> {
  readonly metadata?: Shape | undefined;
  readonly entity?: Shape | undefined;
  /** By task code. */
  readonly data: ReadonlyMap<string, Shape>;
  readonly contextData: ReadonlyMap<string, Shape>;
}

/** Why a discovery is incomplete: KuFlow refused a list, or not all chosen instances could be read. */
export type DiscoveryGap = 'items-refused' | 'processes-refused' | 'reading-stopped';

/** A definition without the parts that KuFlow's API does not expose. */
export type DiscoveredDefinition = Omit<ProcessDefinition, 'workflow'>;

export interface DiscoveredProcess {
  readonly found: true;
  readonly definition: DiscoveredDefinition;
  readonly evidence: DiscoveryEvidence;
  /** Settings that only the KuFlow app shows, so the user has to provide them. */
  readonly missing: readonly ['workflow.type', 'workflow.taskQueue'];
  /** Sentences about what may be wrong or incomplete, without values. */
  readonly notes: readonly string[];
  readonly gaps: readonly DiscoveryGap[];
  /** The values that were read. In memory only. */
  readonly observed: Shapes<ObservedShape>;
}

/** No process and no item with that code is visible. */
export interface UndiscoveredProcess {
  readonly found: false;
  readonly code: string;
  /** `nothing-visible`: the application does not see any process; `others-visible`: it sees only processes of `otherCodes`. */
  readonly reason: 'nothing-visible' | 'others-visible' | 'not-allowed';
  readonly otherCodes: readonly string[];
  readonly requests: number;
}

export type Discovery = DiscoveredProcess | UndiscoveredProcess;
