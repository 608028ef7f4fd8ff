import type { SeenItem, SeenProcess } from './read-lists.ts';

/** An instance to read for the shape of its data. */
export type SampleChoice =
  | { readonly type: 'process'; readonly id: string }
  | { readonly type: 'item'; readonly id: string; readonly code: string };

// Only processes have metadata and entity, one shape each: a fifth of the reads is enough for them.
const READS_PER_PROCESS_READ = 5;

/**
 * Chooses at most `count` instances to read: processes (for metadata and entity) and items. Items are chosen in turns over all codes, completed
 * ones first because their data is complete, and from as many processes as possible. Lists are newest first. If `count` does not cover all
 * codes, tasks come before messages, and a single read is a task.
 */
export function chooseSamples(
  processes: readonly SeenProcess[],
  itemsByCode: ReadonlyMap<string, readonly SeenItem[]>,
  count: number,
): readonly SampleChoice[] {
  const codes = [...itemsByCode].sort(([, a], [, b]) => dataLikelihood(b) - dataLikelihood(a));
  const queues: (readonly SampleChoice[])[] = codes.map(([code, items]) =>
    interleaveByProcess(items.filter((item) => item.type !== 'THREAD')).map((item) => ({
      type: 'item',
      id: item.id,
      code,
    })),
  );
  const processQueue: readonly SampleChoice[] = completedFirst(processes).map(({ id }) => ({ type: 'process', id }));
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

// How likely items of a code have data: a completed task does, an open one may not yet, and a message is mostly text.
function dataLikelihood(items: readonly SeenItem[]): number {
  if (items.some(({ completed }) => completed)) return 2;
  return items.some(({ type }) => type === 'TASK') ? 1 : 0;
}

function completedFirst<Instance extends { readonly completed: boolean }>(
  instances: readonly Instance[],
): readonly Instance[] {
  return [...instances.filter(({ completed }) => completed), ...instances.filter(({ completed }) => !completed)];
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
