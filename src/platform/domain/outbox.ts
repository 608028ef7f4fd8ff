import { setMaxListeners } from 'node:events';

import { waitAtMost } from '../../base/async.ts';
import { messageOf } from '../../base/errors.ts';
import type { ProcessEngine } from '../shared/process-engine.ts';
import type { Domain } from './context.ts';
import { nextCommand, workflowsWithCommands, removeCommand, type PendingCommand } from '../store/outbox-queue.ts';
import { findProcessById } from '../store/processes.ts';

export interface OutboxOptions {
  readonly domain: Pick<Domain, 'store' | 'clock' | 'commands' | 'report'>;
  readonly engine: ProcessEngine;
  /** Called when the engine has acknowledged the start of a workflow, which can be watched from then on. */
  readonly onStarted?: ((workflowId: string) => void) | undefined;
  /** Milliseconds from a request to cancel until termination. Default: 10,000. */
  readonly terminateAfterMs?: number | undefined;
  /** How many workflows are served at a time, not counting those that wait for a canceled workflow. Default: 16. */
  readonly concurrency?: number | undefined;
}

export interface Outbox {
  /** Delivers the queued commands. Call it once at the start: later it is called after each commit that added some. */
  readonly wake: () => void;
  /** Resolves when all commands have been delivered. */
  readonly whenIdle: () => Promise<void>;
  /**
   * Stops after the calls in progress, without waiting for workflows to end, and after two seconds at most if the
   * engine is down. The remaining commands are delivered after the next start.
   */
  readonly stop: () => Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
const STOP_WITHIN_MS = 2_000;

/**
 * Delivers the commands in the store to the engine: in order for each workflow, a few workflows at a time, each retried
 * until it is acknowledged. After a crash between delivery and removal, a command may reach the engine twice.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { store, clock, commands, report } = options.domain;
  const running = new Map<string, Promise<void>>();
  /** Those of `running` that only wait for a canceled workflow to end. */
  const waiting = new Set<string>();
  const stopping = new AbortController();
  // Every waiting workflow adds a listener, and their number is not limited.
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
    for (const workflowId of workflowsWithCommands(store.sql)) {
      if (running.size - waiting.size >= (options.concurrency ?? 16)) break;
      if (running.has(workflowId)) continue;
      // In a later turn: a call that wakes the outbox must find this workflow in `running`.
      const work = Promise.resolve()
        .then(() => drain(workflowId))
        .finally(() => {
          running.delete(workflowId);
          // A command may have been added in the meantime, and another workflow can be served now.
          wake();
          settle();
        });
      running.set(workflowId, work);
    }
  };

  commands.on('queued', wake);

  return {
    wake,
    whenIdle: () =>
      new Promise((resolve) => {
        idle.push(resolve);
        wake();
        settle();
      }),
    stop: async () => {
      commands.off('queued', wake);
      stopping.abort();
      await waitAtMost(clock, STOP_WITHIN_MS, Promise.all(running.values()));
      settle();
    },
  };

  async function drain(workflowId: string): Promise<void> {
    for (let failures = 0; !stopped();) {
      try {
        const pending = nextCommand(store.sql, workflowId);
        if (pending === undefined) return;
        await perform(pending);
        removeCommand(store.sql, pending.seq);
        failures = 0;
        if (pending.command.kind === 'start-workflow') options.onStarted?.(workflowId);
      } catch (error) {
        if (stopped()) return;
        failures++;
        // Reported once at first, then at every 20th attempt.
        if (failures === 1 || failures % 20 === 0) {
          const message = `Could not deliver a command for workflow ${workflowId} to the engine (attempt ${failures}, retrying): ${messageOf(error)}`;
          report({ kind: 'warning', message });
        }
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS);
        await clock.sleep(pause, stopping.signal).catch(() => undefined);
      }
    }
  }

  async function perform({ workflowId, processId, command }: PendingCommand): Promise<void> {
    const { engine } = options;
    const encryptionKeyId = findProcessById(store.sql, processId)?.encryptionKeyId;
    switch (command.kind) {
      case 'start-workflow':
        return engine.startWorkflow({
          workflowId,
          workflowType: command.workflowType,
          taskQueue: command.taskQueue,
          input: command.input,
          encryptionKeyId,
        });
      case 'signal-workflow':
        return engine.signalWorkflow({
          workflowId,
          signalName: command.signalName,
          payload: command.payload,
          encryptionKeyId,
        });
      case 'cancel-workflow':
        try {
          await engine.cancelWorkflow({
            workflowId,
            reason: command.reason,
            terminateAfterMs: options.terminateAfterMs ?? 10_000,
            signal: stopping.signal,
            requested: () => {
              waiting.add(workflowId);
              wake();
            },
          });
          return;
        } finally {
          waiting.delete(workflowId);
        }
    }
  }
}
