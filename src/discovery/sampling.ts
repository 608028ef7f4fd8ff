import type { SeenItem, SeenProcess } from './read-lists.ts';

/** An instance to read for its shapes. */
export type SampleChoice =
  | { readonly type: 'process'; readonly id: string }
  | { readonly type: 'item'; readonly id: string; readonly code: string };

// Metadata and entity are on processes, one shape each; a fifth of the reads is enough for them.
const READS_PER_PROCESS_READ = 5;

/**
 * The instances to read, at most `count`: processes (for metadata and entity) and items, in turns over all codes so that each gets its
 * share, finished ones first since their data is whole, and from as many different processes as there are. Lists come newest first.
 * Where `count` does not go round, tasks come before messages, and a single read is one of a task.
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
  const leastOfProcesses = count === 1 && codes.some(([, items]) => dataLikelihood(items) > 0) ? 0 : 1;
  const forProcesses = queues.every((queue) => queue.length === 0)
    ? count
    : Math.max(leastOfProcesses, Math.floor(count / READS_PER_PROCESS_READ));
  const chosen: SampleChoice[] = processQueue.slice(0, Math.min(count, forProcesses));
  for (let turn = 0; chosen.length < count; turn++) {
    const round = queues.flatMap((queue) => queue[turn] ?? []);
    if (round.length === 0) break;
    chosen.push(...round.slice(0, count - chosen.length));
  }
  // Codes with few items leave reads over.
  const more = processQueue.slice(Math.min(count, forProcesses));
  return [...chosen, ...more.slice(0, count - chosen.length)];
}

// That items of a code hold data: a finished task does, another may have none yet, and a message is mostly text alone.
function dataLikelihood(items: readonly SeenItem[]): number {
  if (items.some(({ completed }) => completed)) return 2;
  return items.some(({ type }) => type === 'TASK') ? 1 : 0;
}

function completedFirst<Seen extends { readonly completed: boolean }>(seen: readonly Seen[]): readonly Seen[] {
  return [...seen.filter((one) => one.completed), ...seen.filter((one) => !one.completed)];
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
