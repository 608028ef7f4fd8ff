import { setMaxListeners } from 'node:events';

import { waitAtMost } from '../../base/async.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { PlatformEvent } from '../types.ts';
import type { ProcessEngine } from '../process-engine.ts';
import type { Store } from '../store/open.ts';
import { nextCommand, processesWithCommands, removeCommand, type PendingCommand } from '../store/outbox-queue.ts';

export interface OutboxOptions {
  readonly store: Store;
  readonly engine: ProcessEngine;
  readonly clock: Clock;
  readonly report?: (event: PlatformEvent) => void;
  /** Called when the engine has acknowledged the start of a workflow: time to watch it. */
  readonly onStarted?: (processId: string) => void;
  /** From the request to cancel to termination, milliseconds; 10,000 by default. */
  readonly terminateAfterMs?: number;
  /** Processes served at the same time, besides those whose workflow is given time to end; 16 by default. */
  readonly concurrency?: number;
}

export interface Outbox {
  /** Looks for commands and works on them. Call it once at the start, and after each commit that left some. */
  readonly wake: () => void;
  /** Resolves when no command is left and none is being worked on. */
  readonly whenIdle: () => Promise<void>;
  /**
   * Stops after the calls that are under way, without waiting for workflows to end, nor longer than two seconds for an engine
   * that is down; what is left is done after the next start.
   */
  readonly stop: () => Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const STOP_WITHIN_MS = 2_000;

/**
 * Brings the engine's commands from the store to the engine: in order for each process, a few processes at a time, each repeated
 * until it is acknowledged. A command may reach the engine twice when a crash comes between its call and its removal.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { store, clock } = options;
  const running = new Map<string, Promise<void>>();
  /** Of the running ones: those that only wait for a cancelled workflow to end. */
  const waiting = new Set<string>();
  const stopping = new AbortController();
  // One listener for each process that waits, whose number has no limit.
  setMaxListeners(0, stopping.signal);
  const stopped = (): boolean => stopping.signal.aborted;
  let idle: (() => void)[] = [];

  const settle = (): void => {
    if (running.size > 0) return;
    const resolvers = idle;
    idle = [];
    for (const resolve of resolvers) resolve();
  };

  const wake = (): void => {
    if (stopped()) return;
    for (const processId of processesWithCommands(store.sql)) {
      if (running.size - waiting.size >= (options.concurrency ?? 16)) break;
      if (running.has(processId)) continue;
      // Not in this turn: a call that wakes by itself must find this process among the running ones.
      const work = Promise.resolve()
        .then(() => drain(processId))
        .finally(() => {
          running.delete(processId);
          // A command may have come in between the last look and now, and a place is free for another process.
          wake();
          settle();
        });
      running.set(processId, work);
    }
  };

  return {
    wake,
    whenIdle: () =>
      new Promise((resolve) => {
        idle.push(resolve);
        wake();
        settle();
      }),
    stop: async () => {
      stopping.abort();
      await waitAtMost(clock, STOP_WITHIN_MS, Promise.all(running.values()));
      settle();
    },
  };

  async function drain(processId: string): Promise<void> {
    for (let failures = 0; !stopped();) {
      try {
        const pending = nextCommand(store.sql, processId);
        if (pending === undefined) return;
        await perform(pending);
        removeCommand(store.sql, pending.seq);
        failures = 0;
        if (pending.command.kind === 'start-workflow') options.onStarted?.(processId);
      } catch (error) {
        if (stopped()) return;
        failures++;
        // Said once at first, and again now and then while it lasts.
        if (failures === 1 || failures % 20 === 0) {
          const message = `The engine was not told what it has to do for process ${processId} (attempt ${failures}, goes on): ${messageOf(error)}`;
          options.report?.({ kind: 'warning', message });
        }
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
        await clock.sleep(pause, stopping.signal).catch(() => undefined);
      }
    }
  }

  async function perform({ processId, command }: PendingCommand): Promise<void> {
    const { engine } = options;
    const workflowId = processId;
    switch (command.kind) {
      case 'start-workflow':
        return engine.startWorkflow({
          workflowId,
          workflowType: command.workflowType,
          taskQueue: command.taskQueue,
          input: command.input,
        });
      case 'signal-workflow':
        return engine.signalWorkflow({ workflowId, signalName: command.signalName, payload: command.payload });
      case 'cancel-workflow':
        try {
          await engine.cancelWorkflow({
            workflowId,
            reason: command.reason,
            terminateAfterMs: options.terminateAfterMs ?? 10_000,
            signal: stopping.signal,
            requested: () => {
              waiting.add(processId);
              wake();
            },
          });
          return;
        } finally {
          waiting.delete(processId);
        }
    }
  }
}
