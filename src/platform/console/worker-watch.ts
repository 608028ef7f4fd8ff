import type { Domain } from '../domain/context.ts';
import { listWorkers, WORKER_DELAY_WINDOW } from '../domain/workers.ts';
import type { PlatformEvent } from '../shared/types.ts';
import type { QueueStatus, WorkersStatus } from '../shared/dev-contract.ts';

export interface WorkerWatchOptions {
  readonly domain: Pick<Domain, 'store' | 'definitions' | 'clock'>;
  /** The identities of the workers that poll a queue now. */
  readonly listPollers: (taskQueue: string) => Promise<readonly string[]>;
  /** Whether somebody wants to know about changes. */
  readonly isWatched: () => boolean;
  /** Called when a worker has registered, started to poll or stopped since the last call, with those that started or stopped to poll. */
  readonly onChange: (changes: readonly PollingChange[]) => void;
  /** Milliseconds. Default: 2,000. */
  readonly everyMs?: number | undefined;
}

type PollingChange = Omit<Extract<PlatformEvent, { readonly kind: 'worker' }>, 'kind'>;

/** The identities by task queue. */
type Pollers = ReadonlyMap<string, readonly string[]>;

/** A worker that runs has registered in this time. */
const REGISTERS_WITHIN_MS = 2 * WORKER_DELAY_WINDOW * 1000;

/** Workers do not say when they stop, so the Temporal server is asked who polls, regularly while somebody watches. */
export function watchWorkers(options: WorkerWatchOptions) {
  const { domain, listPollers, isWatched, onChange, everyMs = 2000 } = options;
  let announced: Awaited<ReturnType<typeof read>> | undefined;
  let asking = false;

  const open = new Set<Promise<unknown>>();
  const ask = (queue: string): Promise<readonly string[]> => {
    // Without the Temporal server nobody polls.
    const answer = listPollers(queue).then(
      (identities) => [...new Set(identities)].sort(),
      () => [],
    );
    open.add(answer);
    return answer.finally(() => open.delete(answer));
  };

  async function read(otherQueue?: string) {
    const workers = listWorkers(domain);
    const queues = new Set([
      ...(otherQueue === undefined ? [] : [otherQueue]),
      ...listQueues(domain).map(({ taskQueue }) => taskQueue),
      ...workers
        .filter(({ lastModifiedAt = '' }) => domain.clock.real.now() - Date.parse(lastModifiedAt) < REGISTERS_WITHIN_MS)
        .map(({ taskQueue }) => taskQueue),
    ]);
    const pollers = await Promise.all([...queues].map(async (queue) => [queue, await ask(queue)] as const));
    return { workers, pollers: new Map(pollers), fingerprint: JSON.stringify([workers, pollers]) };
  }

  const check = async (): Promise<void> => {
    if (asking || !isWatched()) return;
    asking = true;
    try {
      const now = await read();
      const before = announced;
      if (now.fingerprint === before?.fingerprint) return;
      announced = now;
      onChange(comparePollers(before?.pollers ?? new Map(), now.pollers));
    } finally {
      asking = false;
    }
  };
  // After a failure, the next check tries again.
  const timer = setInterval(() => void check().catch(() => undefined), everyMs);
  timer.unref();

  return {
    /** The registered workers and who polls the queues of the served definitions, or also another one. */
    status: async (otherQueue?: string): Promise<WorkersStatus> => {
      const { workers, pollers } = await read(otherQueue);
      const served = listQueues(domain);
      const isOther = otherQueue !== undefined && !served.some(({ taskQueue }) => taskQueue === otherQueue);
      return {
        workers: workers.map((worker) => ({
          ...worker,
          online: pollers.get(worker.taskQueue)?.includes(worker.identity) === true,
        })),
        queues: [...served, ...(isOther ? [{ taskQueue: otherQueue, processes: [] }] : [])].map((queue) => ({
          ...queue,
          pollers: pollers.get(queue.taskQueue) ?? [],
        })),
      };
    },
    /** The identities of the workers that poll a task queue now. */
    pollers: ask,
    /** Resolves when no question is open, because the connection to the server must not be closed before that. */
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

export type WorkerWatch = ReturnType<typeof watchWorkers>;

function comparePollers(before: Pollers, now: Pollers): PollingChange[] {
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((taskQueue) => {
    const [old = [], current = []] = [before.get(taskQueue), now.get(taskQueue)];
    const toChange = (polls: boolean) => (identity: string) => ({ taskQueue, identity, polls });
    return [
      ...old.filter((identity) => !current.includes(identity)).map(toChange(false)),
      ...current.filter((identity) => !old.includes(identity)).map(toChange(true)),
    ];
  });
}

function listQueues({ definitions }: Pick<Domain, 'definitions'>): readonly Omit<QueueStatus, 'pollers'>[] {
  const queues = new Map<string, string[]>();
  for (const { ref, definition } of definitions.all) {
    const taskQueue = definition.workflow?.taskQueue;
    if (taskQueue !== undefined) queues.set(taskQueue, [...(queues.get(taskQueue) ?? []), ref.code]);
  }
  return [...queues].map(([taskQueue, processes]) => ({ taskQueue, processes }));
}
