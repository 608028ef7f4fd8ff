import type { DiscoveryEvidence } from './types.ts';

export interface DiscoveryConditions {
  /** The number of instances that were allowed to be read. */
  readonly sample: number;
  readonly gaveUp: boolean;
  readonly itemsRefused: boolean;
  readonly processesRefused: boolean;
  /** Definitions of the same code in other tenants, or under other ids. */
  readonly otherDefinitions: number;
  /** List entries that could not be read. */
  readonly unreadableEntries: number;
}

/** Sentences about the limits of a discovered definition, made of counts. */
export function writeNotes(evidence: DiscoveryEvidence, seen: DiscoveryConditions): readonly string[] {
  const { processes, items, tasks } = evidence;
  const withForms = tasks.filter(({ kind }) => kind === 'human' || kind === 'system');
  const withoutData = withForms.filter(({ data }) => data === undefined).map(({ code }) => code);
  const shapes = [evidence.metadata, evidence.entity, ...tasks.flatMap((task) => [task.data, task.contextData])];
  return [
    "KuFlow's API does not expose the workflow type and task queue: see the process definition in the KuFlow app",
    seen.processesRefused &&
      'KuFlow does not allow this application to list processes, so id, version and tenant are unknown',
    !seen.processesRefused &&
      processes.seen === 0 &&
      'Only process items are visible, not processes, so id, version and tenant are unknown',
    seen.itemsRefused &&
      'KuFlow does not allow this application to list process items, so tasks are unknown: add them with --task',
    !seen.itemsRefused &&
      tasks.length === 0 &&
      'No process item is visible, so tasks are unknown: add them with --task',
    seen.otherDefinitions > 0 &&
      `${seen.otherDefinitions} other definition(s) have the same code; this is the one with the newest process. Choose another with --tenant-id`,
    processes.versions > 1 &&
      `Found processes of ${processes.versions} versions of the definition; the newest is shown`,
    items.total > items.seen &&
      `Only the newest ${items.seen} of ${items.total} items were read; rare tasks may be missing`,
    items.withoutCode > 0 && `Skipped ${items.withoutCode} item(s) that people added by hand`,
    tasks.some((task) => task.kindReason === 'owned-by-its-creator' || task.kindReason === 'owner-unknown') &&
      'Not all principals could be listed, so human and system tasks were distinguished by their creator and owner',
    tasks.some((task) => task.kindReason === 'never-owned') &&
      'Some tasks do not have an owner yet; they are treated as human tasks',
    tasks.some((task) => task.onlyOlderVersions) && 'Some tasks only exist in processes of older versions',
    tasks.length > 1 &&
      evidence.orderAgreement < 0.9 &&
      `The order of tasks differs between processes; the order shown matches ${Math.round(evidence.orderAgreement * 100)}% of task pairs`,
    seen.sample === 0 &&
      'No instance was read, so the shape of the data is unknown: use --sample <count> to read their keys and types',
    seen.sample > 0 &&
      (shapes.some((shape) => shape !== undefined)
        ? `Data shapes are based on the keys and types of ${evidence.read} instance(s)`
        : `None of the ${evidence.read} instance(s) read contains data, so the shape of the data is unknown`),
    seen.sample > 0 &&
      withoutData.length > 0 &&
      withoutData.length < withForms.length &&
      `The data shape of ${withoutData.join(', ')} is unknown, because the ${evidence.read} instance(s) read do not contain data of them. To read more, raise --sample`,
    evidence.unreadable > 0 && `${evidence.unreadable} instance(s) could not be read`,
    seen.gaveUp && 'Reading stopped early because KuFlow no longer answered',
    seen.unreadableEntries > 0 && `Skipped ${seen.unreadableEntries} list entries without a readable reference`,
  ].filter((note) => note !== false);
}
