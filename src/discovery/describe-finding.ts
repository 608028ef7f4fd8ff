import { countOf } from '../base/count-of.ts';
import type {
  Difference,
  FieldCounts,
  FoundDifference,
  LackCounts,
  ProcessFinding,
  SamplePlace,
  ShapeOwner,
  TaskCounts,
  TypeCounts,
} from './findings.ts';
import type { KindReason } from './types.ts';

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
