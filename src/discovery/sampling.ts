import type { SeenItem, SeenProcess, SeenVersions, VersionClass } from './read-lists.ts';
import type { Prompts } from '../terminal/prompts.ts';

/** Instances to read if the user agrees without giving a number. */
export const DEFAULT_SAMPLE = 25;
export const LARGEST_SAMPLE = 1000;

/** The question before values of instances, which may be personal data, are read from KuFlow. */
export const SAMPLING_QUESTION = `Read up to ${DEFAULT_SAMPLE} instances to infer the shape of their data? Only keys and types are kept, never values`;

/** Instances to read for their keys and types: without a given number, none unless the user agrees. */
export async function askForSample(given: number | undefined, ask: Prompts | undefined): Promise<number> {
  if (given !== undefined || ask === undefined) return given ?? 0;
  return (await ask.confirm({ message: SAMPLING_QUESTION })) === true ? DEFAULT_SAMPLE : 0;
}

export type SampleChoice = {
  readonly id: string;
  readonly version: VersionClass;
  /** Whether its data is complete: a completed process or task, or a message. */
  readonly completed: boolean;
} & ({ readonly type: 'process' } | { readonly type: 'item'; readonly code: string });

// Only processes have metadata and entity, one shape each: a fifth of the reads is enough for them.
const READS_PER_PROCESS_READ = 5;

/**
 * Chooses at most `count` instances to read: processes (for metadata and entity) and items. Items are chosen in turns over all codes, completed
 * ones first because their data is complete, and from as many processes as possible. Lists are newest first. If `count` does not cover all
 * codes, tasks come before messages, and a single read is a task. With `comparesVersions`, a third of each is of older versions.
 */
export function chooseSamples(
  processes: readonly SeenProcess[],
  itemsByCode: ReadonlyMap<string, readonly SeenItem[]>,
  count: number,
  { classOf }: Pick<SeenVersions, 'classOf'>,
  comparesVersions = false,
): readonly SampleChoice[] {
  const mix = <Choice extends SampleChoice>(choices: readonly Choice[]): readonly Choice[] =>
    comparesVersions ? mixVersions(choices) : choices;
  const codes = [...itemsByCode].sort(([, a], [, b]) => dataLikelihood(b) - dataLikelihood(a));
  const queues: (readonly SampleChoice[])[] = codes.map(([code, items]) =>
    mix(
      interleaveByProcess(items.filter((item) => item.type !== 'THREAD')).map((item) => ({
        type: 'item',
        id: item.id,
        code,
        version: classOf(item.processId),
        completed: item.completed || item.type === 'MESSAGE',
      })),
    ),
  );
  const processQueue: readonly SampleChoice[] = mix(
    completedFirst(processes).map(({ id, completed }) => ({ type: 'process', id, completed, version: classOf(id) })),
  );
  const minProcessReads = count === 1 && codes.some(([, items]) => dataLikelihood(items) > 0) ? 0 : 1;
  const processReads = queues.every((queue) => queue.length === 0)
    ? count
    : Math.max(minProcessReads, Math.floor(count / READS_PER_PROCESS_READ));
  const chosen: SampleChoice[] = processQueue.slice(0, Math.min(count, processReads));
  for (let turn = 0; chosen.length < count; turn++) {
    const round = queues.flatMap((queue) => queue[turn] ?? []);
    if (round.length === 0) break;
    chosen.push(...round.slice(0, count - chosen.length));
  }
  // Use reads that are left over.
  const more = processQueue.slice(Math.min(count, processReads));
  return [...chosen, ...more.slice(0, count - chosen.length)];
}

// After two of the newest version, one of an older version, as long as there are both.
function mixVersions<Choice extends SampleChoice>(choices: readonly Choice[]): readonly Choice[] {
  const newest = choices.filter(({ version }) => version !== 'older');
  const older = choices.filter(({ version }) => version === 'older');
  const mixed: Choice[] = [];
  for (let at = 0; at * 2 < newest.length || at < older.length; at++)
    mixed.push(...newest.slice(at * 2, at * 2 + 2), ...older.slice(at, at + 1));
  return mixed;
}

// How likely items of a code have data: a completed task does, an open one may not yet, and a message is mostly text.
function dataLikelihood(items: readonly SeenItem[]): number {
  if (items.some(({ completed }) => completed)) return 2;
  return items.some(({ type }) => type === 'TASK') ? 1 : 0;
}

function completedFirst<Instance extends { readonly completed: boolean }>(
  instances: readonly Instance[],
): readonly Instance[] {
  return instances.toSorted((a, b) => Number(b.completed) - Number(a.completed));
}

// The first item of each process, then the second of each, and so on.
function interleaveByProcess(items: readonly SeenItem[]): readonly SeenItem[] {
  const nth = new Map<string, number>();
  const rounds: SeenItem[][] = [];
  for (const item of completedFirst(items)) {
    const round = nth.get(item.processId) ?? 0;
    nth.set(item.processId, round + 1);
    (rounds[round] ??= []).push(item);
  }
  return rounds.flat();
}
