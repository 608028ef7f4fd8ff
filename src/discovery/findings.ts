import { countOf } from '../base/count-of.ts';
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

interface TypeCounts extends FieldCounts {
  /** The types that the definition does not allow, with the instances of the newest version that have such a value here. */
  readonly rejected: readonly { readonly type: JsonType; readonly instances: number }[];
}

interface LackCounts extends FieldCounts {
  /** Objects of completed instances of the newest version that should have it, and those that do not. A list can have several in one instance. */
  readonly objects: number;
  readonly lacking: number;
}

/** Where a worker sample from the KuFlow app has what a finding is about; lines start at 1. */
interface SamplePlace {
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
type Difference =
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

const REASON: Readonly<Record<KindReason, string>> = {
  'item-type': 'by the type of its items',
  'owned-by-applications': 'applications own most of its items',
  'owned-by-people': 'people own most of its items',
  'owned-by-its-creator': 'the application that creates its items also owns them, which may be a coincidence',
  'owners-differ': 'neither people nor applications are known to own most of its items',
  'owner-unknown': 'KuFlow does not say which of its owners are applications',
  'never-owned': 'its items do not have an owner',
};

export function describeFindings(differences: readonly FoundDifference[]): readonly ProcessFinding[] {
  return differences.map((one) => ({ ...one, text: describeFinding(one) }));
}

/** A difference with its evidence as a sentence without a period. */
function describeFinding(found: Difference): string {
  switch (found.kind) {
    case 'task-added':
      return `Task ${found.task} (${found.to}) was added: ${seenIn(found.evidence)}`;
    case 'task-removed':
      return `Task ${found.task} was removed: ${absence(found.evidence)}`;
    case 'task-retyped':
      return `Task ${found.task} changed from kind ${found.from} to ${found.to}: ${found.reason === undefined ? '' : `${REASON[found.reason]}; `}${seenIn(found.evidence)}`;
    case 'task-not-seen':
      if (found.evidence === undefined)
        return `Task ${found.task} is not in the worker sample, which does not prove that it was removed`;
      return found.evidence.items === 0
        ? `Task ${found.task} was not seen: perhaps no process has reached it yet`
        : `Task ${found.task} was only seen in older versions, which does not prove that it was removed: ${absence(found.evidence)}`;
    case 'task-in-older-versions':
      return `Task ${found.task} is not in the definition, and was only seen in older versions: ${seenIn(found.evidence)}`;
    case 'field-added':
      return `Field ${found.pointer} (${found.types.join(' or ')}) of ${ownerName(found.owner)} was added: ${fieldSeen(found.evidence)}`;
    case 'field-removed':
      return `Field ${found.pointer} of ${ownerName(found.owner)} was removed: ${fieldAbsence(found.evidence)}`;
    case 'field-retyped':
      return `Field ${found.pointer} of ${ownerName(found.owner)} changed from ${found.from.join(' or ')} to ${found.to.join(' or ')}: ${typesSeen(found.evidence)}`;
    case 'field-optional':
      return `Field ${found.pointer} of ${ownerName(found.owner)} is not required: ${lack(found.evidence)}`;
    case 'tasks-reordered':
      return found.evidence === undefined
        ? `The worker sample creates the tasks in the order ${found.order.join(', ')}`
        : `The usual order of the tasks is ${found.order.join(', ')}: it matches ${Math.round(found.evidence.agreement * 100)}% of task pairs`;
    case 'version-changed':
      return `The newest version of the definition is ${found.to}, not ${found.from}`;
    case 'definition-differs':
      return `The process belongs to the definition ${found.to}, not ${found.from}: another definition may have the same code`;
    case 'workflow-changed':
      return `The ${found.key === 'type' ? 'workflow type' : 'task queue'} is ${found.to}, not ${found.from}: ${seenIn(found.evidence)}`;
  }
}

/** The data that a field belongs to, as in the definition file. */
export function ownerName(owner: ShapeOwner): string {
  switch (owner.part) {
    case 'metadata':
    case 'entity':
      return `the ${owner.part}`;
    case 'data':
      return `task ${owner.task}`;
    case 'contextData':
      return `the context data of task ${owner.task}`;
  }
}

function seenIn(evidence: TaskCounts | SamplePlace): string {
  if ('file' in evidence) return `${evidence.file}:${evidence.line} of the worker sample`;
  const { items, processes, inNewestVersion } = evidence;
  const newest = inNewestVersion === processes ? '' : `, ${inNewestVersion} of them of the newest version`;
  return `${countOf(items, 'item')} in ${countOf(processes, 'process', 'processes')}${newest}`;
}

function absence({ completedNewest, inCompletedOlder, completedOlder }: TaskCounts): string {
  return `0 of ${countOf(completedNewest, 'completed process', 'completed processes')} of the newest version have it, and ${inCompletedOlder} of ${completedOlder} of older versions do`;
}

function fieldSeen({ seen, instances }: FieldCounts): string {
  return `${seen} of ${countOf(instances, 'instance')} of the newest version have it`;
}

function typesSeen({ rejected, instances }: TypeCounts): string {
  const types = rejected.map((one) => `${one.type} in ${one.instances}`);
  return `${types.join(' and ')} of ${countOf(instances, 'instance')} of the newest version`;
}

function fieldAbsence({ completed, seenOlder, older }: FieldCounts): string {
  return `0 of ${countOf(completed, 'completed instance')} of the newest version have it, and ${seenOlder} of ${older} of older versions do`;
}

function lack({ seenCompleted, completed, objects, lacking }: LackCounts): string {
  if (seenCompleted + lacking === completed)
    return `${seenCompleted} of ${countOf(completed, 'completed instance')} of the newest version have it`;
  return `${lacking} of ${countOf(objects, 'object')} in completed instances of the newest version do not have it`;
}
