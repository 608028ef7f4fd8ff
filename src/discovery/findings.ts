import type { TaskKind } from '../process/definition.ts';
import type { JsonType } from '../schema/normal-form.ts';
import type { KindReason } from './types.ts';

/** The data that a field belongs to: of a task, or of the process. */
export type ShapeOwner =
  | { readonly part: 'data' | 'contextData'; readonly task: string }
  | { readonly part: 'metadata' | 'entity' };

export interface TaskCounts {
  /** Items and processes that have the task, and how many of these processes are of the newest version. */
  readonly items: number;
  readonly processes: number;
  readonly inNewestVersion: number;
  /** Completed processes of the newest version, and of older ones: those that have the task, and all. */
  readonly completedNewest: number;
  readonly inCompletedOlder: number;
  readonly completedOlder: number;
}

/** What a finding about a field is based on: instances that were read. */
export interface FieldCounts {
  /** Instances of the newest version that have a value here, and all instances of it that were read. */
  readonly seen: number;
  readonly instances: number;
  /** The same of completed instances of the newest version and of older ones. */
  readonly seenCompleted: number;
  readonly completed: number;
  readonly seenOlder: number;
  readonly older: number;
}

export interface TypeCounts extends FieldCounts {
  /** The types that the definition does not allow, with the instances of the newest version that have such a value here. */
  readonly rejected: readonly { readonly type: JsonType; readonly instances: number }[];
}

export interface LackCounts extends FieldCounts {
  /** Objects of completed instances of the newest version that should have it, and those that do not. A list can have several in one instance. */
  readonly objects: number;
  readonly lacking: number;
}

/** Where a worker sample from the KuFlow app has what a finding is about; lines start at 1. */
export interface SamplePlace {
  /** Relative to the folder of the sample. */
  readonly file: string;
  readonly line: number;
}

interface FieldPlace {
  readonly owner: ShapeOwner;
  /** JSON Pointer into the data, with `*` for items of an array and values of a map. */
  readonly pointer: string;
}

/** A difference between a definition and the live process. Contains counts, codes and field names, never values. */
export type Difference =
  | {
      readonly kind: 'task-added';
      readonly task: string;
      readonly to: TaskKind;
      /** If the source has it. */
      readonly name?: string;
      readonly evidence: TaskCounts | SamplePlace;
    }
  /** Only processes of older versions have it, and enough processes of the newest version were completed without it. */
  | { readonly kind: 'task-removed'; readonly task: string; readonly evidence: TaskCounts }
  | {
      readonly kind: 'task-retyped';
      readonly task: string;
      readonly from: TaskKind;
      readonly to: TaskKind;
      /** Absent if a worker sample states the kind. */
      readonly reason?: KindReason;
      readonly evidence: TaskCounts | SamplePlace;
    }
  /** The definition has it, but discovery cannot tell whether it was removed. `evidence` is absent if a worker sample lacks the task. */
  | { readonly kind: 'task-not-seen'; readonly task: string; readonly evidence?: TaskCounts }
  /** The definition does not have it, and only processes of older versions do. */
  | { readonly kind: 'task-in-older-versions'; readonly task: string; readonly evidence: TaskCounts }
  | ({ readonly kind: 'field-added'; readonly types: readonly JsonType[]; readonly evidence: FieldCounts } & FieldPlace)
  /** Instances of older versions have it, and enough instances of the newest version do not. */
  | ({ readonly kind: 'field-removed'; readonly evidence: FieldCounts } & FieldPlace)
  | ({
      readonly kind: 'field-retyped';
      /** The types that the definition allows, and those that were seen. */
      readonly from: readonly JsonType[];
      readonly to: readonly JsonType[];
      readonly evidence: TypeCounts;
    } & FieldPlace)
  /** The definition requires it, but completed instances do not have it. */
  | ({ readonly kind: 'field-optional'; readonly evidence: LackCounts } & FieldPlace)
  | {
      readonly kind: 'tasks-reordered';
      /** Codes of the tasks that both have, in the order of the live process. */
      readonly order: readonly string[];
      /** The share of task pairs in this order, 0 to 1; absent for the order of a worker sample. */
      readonly evidence?: { readonly agreement: number };
    }
  | { readonly kind: 'version-changed'; readonly from: string; readonly to: string }
  | { readonly kind: 'definition-differs'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'workflow-changed';
      readonly key: 'type' | 'taskQueue';
      readonly from: string;
      readonly to: string;
      readonly evidence: SamplePlace;
    };

/** A difference, before it is described. `drift`: see `ProcessFinding`. */
export type FoundDifference = Difference & { readonly drift: boolean };

export type ProcessFinding = Difference & {
  /** Whether the definition has to be changed. Otherwise the finding is only information. */
  readonly drift: boolean;
  /** The finding with its evidence, as a sentence without a period. */
  readonly text: string;
};

export interface Comparison {
  readonly findings: readonly ProcessFinding[];
  /** Whether data of the newest version was read, so that fields were compared too. */
  readonly fieldsCompared: boolean;
  /** Why drift may exist that was not found; empty if the comparison is complete. */
  readonly unknown: readonly string[];
}
