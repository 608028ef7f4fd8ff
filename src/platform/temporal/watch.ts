import { waitAtMost } from '../../base/async.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { WorkflowOutcome } from '../process-engine.ts';
import type { ClosedWorkflows } from './engine.ts';

export interface WatchOptions {
  readonly engine: ClosedWorkflows;
  /** Called once for each tracked workflow that closed; when it rejects it is called again later. */
  readonly onClosed: (workflowId: string, outcome: WorkflowOutcome) => void | Promise<void>;
  /** A question to the server or `onClosed` failed; it is asked again, so this is for the log only. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  /** Milliseconds between two looks at the server's index of closed workflows; 2 s by default. */
  readonly sweepEvery?: number;
  /** Milliseconds between two looks at every tracked workflow itself; 60 s by default. */
  readonly checkAllEvery?: number;
}

export interface ProcessWatcher {
  /** Watches a workflow, and looks at once: it may have closed before. */
  track(workflowId: string): void;
  untrack(workflowId: string): void;
  /** Something may have closed: that workflow, or any when no id is known. Cheap when nothing is tracked. */
  poke(task?: { readonly workflowId?: string; readonly closing: boolean }): void;
  /** Resolves when no question is open any more, after two seconds at most: a server that is down answers none. */
  stop(): Promise<void>;
}

const PARALLEL = 8;
const STOP_WITHIN_MS = 2_000;
/** The index is written a little after the close, and clocks are read at different moments. */
const OVERLAP = 15_000;
/** When to look after a poke that names nobody: at once, and when the index has caught up. */
const LOOK_AFTER = [20, 250];

/**
 * Notices that workflows of running processes have closed. The gateway's pokes make it prompt (one question per closed
 * workflow); the sweep finds what no worker said, such as time-outs and terminations; the slow full round is the net below.
 */
export function watchProcesses(options: WatchOptions): ProcessWatcher {
  const clock = options.clock ?? systemClock;
  const tracked = new Set<string>();
  const waiting = new Set<string>();
  const asking = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let open: Promise<unknown>[] = [];
  let sweptUntil = clock.now();
  let sweeping = false;
  let stopped = false;

  const failed = (error: unknown): void => {
    if (!stopped) options.onError?.(error);
  };

  function check(workflowId: string): void {
    if (stopped || !tracked.has(workflowId)) return;
    // One that is being asked about is asked about again: the answer under way may be older than the poke.
    waiting.add(workflowId);
    pump();
  }

  function pump(): void {
    for (const workflowId of waiting) {
      if (asking.size >= PARALLEL) return;
      if (asking.has(workflowId)) continue;
      waiting.delete(workflowId);
      asking.add(workflowId);
      keep(
        ask(workflowId)
          .catch(failed)
          .finally(() => {
            asking.delete(workflowId);
            if (!stopped) pump();
          }),
      );
    }
  }

  async function ask(workflowId: string): Promise<void> {
    const outcome = await options.engine.getOutcome(workflowId);
    if (outcome === undefined || stopped || !tracked.has(workflowId)) return;
    await options.onClosed(workflowId, outcome);
    tracked.delete(workflowId);
  }

  async function sweep(): Promise<void> {
    if (sweeping || stopped || tracked.size === 0) return;
    sweeping = true;
    try {
      const started = clock.now();
      for (const workflowId of await options.engine.listClosedSince(sweptUntil - OVERLAP)) check(workflowId);
      sweptUntil = started;
    } finally {
      sweeping = false;
    }
  }

  function keep(work: Promise<unknown>): void {
    open.push(work);
    void work.finally(() => (open = open.filter((other) => other !== work)));
  }

  function later(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      keep(sweep().catch(failed));
    }, ms);
    timers.add(timer);
  }

  const sweeps = setInterval(() => keep(sweep().catch(failed)), options.sweepEvery ?? 2000);
  const rounds = setInterval(() => {
    for (const workflowId of tracked) check(workflowId);
  }, options.checkAllEvery ?? 60_000);

  return {
    track: (workflowId) => {
      if (tracked.size === 0) sweptUntil = clock.now();
      tracked.add(workflowId);
      check(workflowId);
    },
    untrack: (workflowId) => {
      tracked.delete(workflowId);
      waiting.delete(workflowId);
    },
    poke: (task) => {
      if (stopped || task?.closing === false) return;
      if (task?.workflowId !== undefined) check(task.workflowId);
      else if (timers.size === 0 && tracked.size > 0) for (const ms of LOOK_AFTER) later(ms);
    },
    stop: async () => {
      stopped = true;
      clearInterval(sweeps);
      clearInterval(rounds);
      for (const timer of timers) clearTimeout(timer);
      await waitAtMost(clock, STOP_WITHIN_MS, Promise.all(open));
    },
  };
}
