import type { DiscoveryEvidence } from './types.ts';

export interface DiscoveryConditions {
  /** Instances that might have been read. */
  readonly sample: number;
  readonly gaveUp: boolean;
  readonly itemsRefused: boolean;
  readonly processesRefused: boolean;
  /** Definitions of the same code in other tenants, or under other ids. */
  readonly otherDefinitions: number;
  /** Entries of lists that were no entries. */
  readonly unreadableEntries: number;
}

/** What a person should know before trusting a discovered definition: sentences made of counts. */
export function writeNotes(evidence: DiscoveryEvidence, seen: DiscoveryConditions): readonly string[] {
  const { processes, items, tasks } = evidence;
  return [
    'KuFlow does not tell the workflow type and the task queue: they stand in the process definition in its app',
    seen.processesRefused
      ? 'KuFlow refused the list of processes, so id, version and tenant are unknown'
      : processes.seen === 0
        ? 'No process is visible, only items, so id, version and tenant are unknown'
        : undefined,
    seen.itemsRefused
      ? 'KuFlow refused the list of process items, so tasks are unknown: name them with --task'
      : undefined,
    !seen.itemsRefused && tasks.length === 0
      ? 'No item of a process is visible, so tasks are unknown: name them with --task'
      : undefined,
    seen.otherDefinitions > 0
      ? `${seen.otherDefinitions} other definition(s) have the same code; the one with the newest process was taken: choose with --tenant-id`
      : undefined,
    processes.versions > 1
      ? `Processes of ${processes.versions} versions of the definition were seen; the newest is stated`
      : undefined,
    items.total > items.seen
      ? `Of ${items.total} items the newest ${items.seen} were looked at; rare tasks may be missing`
      : undefined,
    items.withoutCode > 0 ? `${items.withoutCode} item(s) that people added by hand were passed over` : undefined,
    tasks.some((task) => task.kindReason === 'owned-by-its-creator' || task.kindReason === 'owner-unknown')
      ? 'Principals could not be listed whole, so human and system tasks were told apart by who created and owns them'
      : undefined,
    tasks.some((task) => task.kindReason === 'never-owned')
      ? 'Some tasks had no owner yet; they are taken for human ones'
      : undefined,
    tasks.some((task) => task.onlyOlderVersions)
      ? 'Some tasks were seen in processes of older versions only'
      : undefined,
    tasks.length > 1 && evidence.orderAgreement < 0.9
      ? `The order of the tasks differs between processes; the stated one fits ${Math.round(evidence.orderAgreement * 100)} % of the pairs`
      : undefined,
    seen.sample === 0
      ? 'No instance was read, so data shapes are unknown: --sample N reads N of them for their keys and types'
      : undefined,
    seen.sample === 0
      ? undefined
      : [evidence.metadata, evidence.entity, ...tasks.flatMap((task) => [task.data, task.contextData])].some(Boolean)
        ? `Shapes rest on ${evidence.read} instance(s), keys and types only`
        : `${evidence.read} instance(s) were read, none with data, so shapes are unknown`,
    evidence.unreadable > 0 ? `${evidence.unreadable} instance(s) could not be read` : undefined,
    seen.gaveUp ? 'Reading stopped early since KuFlow did not answer further reads' : undefined,
    seen.unreadableEntries > 0
      ? `${seen.unreadableEntries} list entries had no readable reference and were passed over`
      : undefined,
  ].filter((note) => note !== undefined);
}
