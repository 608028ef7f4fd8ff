import { waitAtMost } from '../../base/async.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { TemporalEngine } from './workflows.ts';
import type { WorkflowOutcome } from './outcome.ts';

export interface WatchOptions {
  readonly engine: Pick<TemporalEngine, 'getOutcome' | 'listClosedSince'>;
  /** Called once for each tracked workflow that closed; if it rejects, it is called again later. */
  readonly onClosed: (workflowId: string, outcome: WorkflowOutcome) => void | Promise<void>;
  /** A request to the server or `onClosed` failed. Only for the log, because it is retried. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** Milliseconds between two queries of the server's index of closed workflows. Default: 2 s. */
  readonly sweepEvery?: number | undefined;
  /** Milliseconds between two checks of every tracked workflow. Default: 60 s. */
  readonly checkAllEvery?: number | undefined;
}

const PARALLEL = 8;
const STOP_WITHIN_MS = 2_000;
/** The index is written shortly after the close, and clocks are read at different moments. */
const OVERLAP = 15_000;

/**
 * Watches for workflows that close. The gateway's pokes make it prompt, with one request per closed workflow. The sweep
 * finds workflows that closed without a worker, such as timeouts and terminations. The slow full round finds the rest.
 */
export function watchProcesses(options: WatchOptions) {
  const clock = options.clock ?? systemClock;
  const tracked = new Set<string>();
  const waiting = new Set<string>();
  const asking = new Map<string, Promise<void>>();
  let sweptUntil = clock.now();
  let sweeping: Promise<void> | undefined;
  let stopped = false;

  const failed = (error: unknown): void => {
    if (!stopped) options.onError?.(error);
  };

  function check(workflowId: string): void {
    if (stopped || !tracked.has(workflowId)) return;
    // Also while it is being checked, because the answer in progress may be older than the poke.
    waiting.add(workflowId);
    pump();
  }

  function pump(): void {
    for (const workflowId of waiting) {
      if (asking.size >= PARALLEL) return;
      if (asking.has(workflowId)) continue;
      waiting.delete(workflowId);
      const answered = ask(workflowId)
        .catch(failed)
        .finally(() => {
          asking.delete(workflowId);
          if (!stopped) pump();
        });
      asking.set(workflowId, answered);
    }
  }

  async function ask(workflowId: string): Promise<void> {
    const outcome = await options.engine.getOutcome(workflowId);
    if (outcome === undefined || stopped || !tracked.has(workflowId)) return;
    await options.onClosed(workflowId, outcome);
    tracked.delete(workflowId);
  }

  async function sweep(): Promise<void> {
    if (tracked.size === 0) return;
    const started = clock.now();
    for (const workflowId of await options.engine.listClosedSince(sweptUntil - OVERLAP)) check(workflowId);
    sweptUntil = started;
  }

  const sweeps = setInterval(() => {
    sweeping ??= sweep()
      .catch(failed)
      .finally(() => (sweeping = undefined));
  }, options.sweepEvery ?? 2000);
  const rounds = setInterval(() => {
    for (const workflowId of tracked) check(workflowId);
  }, options.checkAllEvery ?? 60_000);

  return {
    /** Watches a workflow. Checks it at once, because it may have closed before. */
    track: (workflowId: string): void => {
      if (tracked.size === 0) sweptUntil = clock.now();
      tracked.add(workflowId);
      check(workflowId);
    },
    /** A workflow may have closed. Cheap if it is not tracked. */
    poke: check,
    /** Resolves when all requests have been answered, and after two seconds at most, because the server may be down. */
    stop: async (): Promise<void> => {
      stopped = true;
      clearInterval(sweeps);
      clearInterval(rounds);
      await waitAtMost(clock, STOP_WITHIN_MS, Promise.all([...asking.values(), sweeping]));
    },
  };
}

export type ProcessWatcher = ReturnType<typeof watchProcesses>;
