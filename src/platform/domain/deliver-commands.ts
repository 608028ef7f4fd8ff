import { messageOf } from '../../base/errors.ts';
import type { TemporalEngine } from '../temporal/workflows.ts';
import type { Domain } from './context.ts';
import { createRetryQueue, type RetryQueue, type RetriedWork } from './retry-queue.ts';
import { nextCommand, workflowsWithCommands, removeCommand, type PendingCommand } from '../store/outbox-queue.ts';
import { PROCESSES } from '../store/processes.ts';

export interface CommandDeliveryOptions {
  readonly domain: Pick<Domain, 'store' | 'clock' | 'commands' | 'report'>;
  readonly engine: Pick<TemporalEngine, 'startWorkflow' | 'signalWorkflow' | 'cancelWorkflow'>;
  /** Called when the engine has acknowledged the start of a workflow, which can be watched from then on. */
  readonly onStarted?: ((workflowId: string) => void) | undefined;
  /** Milliseconds from a request to cancel until termination. Default: 10,000. */
  readonly terminateAfterMs?: number | undefined;
}

/**
 * Delivers the commands in the store to the engine: in order for each workflow, a few workflows at a time, each retried
 * until it is acknowledged. After a crash between delivery and removal, a command may reach the engine twice.
 */
export function createCommandDelivery(options: CommandDeliveryOptions): RetryQueue {
  const { domain } = options;
  const { store, report } = domain;
  return createRetryQueue({
    domain,
    listKeys: () => workflowsWithCommands(store.sql),
    perform: async (workflowId, work) => {
      const pending = nextCommand(store.sql, workflowId);
      if (pending === undefined) return false;
      await perform(pending, work);
      removeCommand(store.sql, pending.seq);
      if (pending.command.kind === 'start-workflow') options.onStarted?.(workflowId);
      return true;
    },
    onFailure: (workflowId, failures, error) => {
      const message = `Could not deliver a command for workflow ${workflowId} to the engine (attempt ${failures}, retrying): ${messageOf(error)}`;
      report({ kind: 'warning', message });
    },
    pauses: { first: 100, longest: 5_000 },
  });

  async function perform({ workflowId, processId, command }: PendingCommand, { signal, setWaiting }: RetriedWork) {
    const { engine } = options;
    const workflow = { workflowId, encryptionKeyId: PROCESSES.findById(store.sql, processId)?.encryptionKeyId };
    switch (command.kind) {
      case 'start-workflow':
        return engine.startWorkflow({ ...workflow, ...command });
      case 'signal-workflow':
        return engine.signalWorkflow({ ...workflow, ...command });
      case 'cancel-workflow':
        try {
          await engine.cancelWorkflow({
            ...workflow,
            ...command,
            terminateAfterMs: options.terminateAfterMs ?? 10_000,
            signal,
            requested: () => setWaiting(true),
          });
          return;
        } finally {
          setWaiting(false);
        }
    }
  }
}
