import {
  Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { KnownError } from '../../base/errors.ts';
import type { ProcessEngine, WorkflowOutcome } from '../process-engine.ts';
import { PlatformConnection } from './connection.ts';
import { toWorkflowOutcome } from './outcome.ts';
import { listFailures } from './pending.ts';

/** What the process watcher asks the server. */
export interface ClosedWorkflows {
  /** How the workflow ended; undefined while it runs (continued runs included) and when it is not known. */
  getOutcome(workflowId: string): Promise<WorkflowOutcome | undefined>;
  /** Ids of the workflows that closed at or after `time` (milliseconds since the epoch), as the server's index knows them. */
  listClosedSince(time: number): Promise<readonly string[]>;
}

export interface TemporalEngine extends ProcessEngine, ClosedWorkflows {
  /** A workflow's history as JSON text, in the form that the replayers of Temporal's SDKs and its CLI take. */
  fetchHistory(workflowId: string, runId?: string): Promise<string>;
  /** What an open workflow waits for that has failed at least once, in words. */
  listFailures(workflowId: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

const NOT_FOUND = 5;
const CLOSE_EVENT_ONLY = 2;
const RUNNING = 1;
const PAGE = 1000;

const isNotFound = (error: unknown): boolean => isGrpcServiceError(error) && (error.code as number) === NOT_FOUND;

/** The Temporal side of the platform, on a server's private address. Rejects when the server does not answer. */
export async function createProcessEngine(options: {
  readonly address: string;
  readonly namespace: string;
}): Promise<TemporalEngine> {
  const { namespace } = options;
  const connection = await PlatformConnection.connect({ address: options.address });
  const client = new Client({ connection, namespace });
  const service = connection.workflowService;

  async function outcomeNow(workflowId: string): Promise<WorkflowOutcome | undefined> {
    try {
      // Asked first: the history's close event is held back by the server for 20 s while the workflow runs.
      const { workflowExecutionInfo: info } = await service.describeWorkflowExecution({
        namespace,
        execution: { workflowId },
      });
      return (info?.status as number | undefined) === RUNNING ? undefined : await closeOf(workflowId);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Waits up to 20 s for a workflow that runs. */
  async function closeOf(workflowId: string): Promise<WorkflowOutcome | undefined> {
    const { history } = await service.getWorkflowExecutionHistory({
      namespace,
      // Without a run id it is the current run, so that a chain of continued runs is followed.
      execution: { workflowId },
      // The enum's home, @temporalio/proto, is no dependency of ours.
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
      historyEventFilterType: CLOSE_EVENT_ONLY,
      waitNewEvent: true,
    });
    const outcome = toWorkflowOutcome(history?.events?.at(-1));
    return outcome?.kind === 'continued' ? undefined : outcome;
  }

  return {
    startWorkflow: async ({ workflowId, workflowType, taskQueue, input }) => {
      try {
        await client.workflow.start(workflowType, {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    signalWorkflow: async ({ workflowId, signalName, payload }) => {
      try {
        await client.workflow.getHandle(workflowId).signal(signalName, payload);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    cancelWorkflow: async ({ workflowId, reason, terminateAfterMs, signal, requested }) => {
      const handle = client.workflow.getHandle(workflowId);
      try {
        await handle.cancel();
        requested();
        if (await closesWithin(workflowId, terminateAfterMs, signal)) return;
        await handle.terminate(reason);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    getOutcome: outcomeNow,

    listFailures: (workflowId) => listFailures(service, namespace, workflowId),

    listClosedSince: async (time) => {
      const ids: string[] = [];
      const query = `ExecutionStatus != 'Running' AND CloseTime >= '${new Date(time).toISOString()}'`;
      let nextPageToken: Uint8Array | undefined;
      do {
        const page = await service.listWorkflowExecutions({
          namespace,
          query,
          pageSize: PAGE,
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        });
        for (const { execution } of page.executions) if (execution?.workflowId) ids.push(execution.workflowId);
        nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
      } while (nextPageToken !== undefined);
      return ids;
    },

    fetchHistory: async (workflowId, runId) => {
      try {
        return historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError) && !isNotFound(error)) throw error;
        throw new KnownError({
          message: `The engine knows no workflow ${workflowId}`,
          tried: `its history in namespace ${namespace}`,
          seen: 'NOT_FOUND',
          cause: error,
        });
      }
    },

    close: () => connection.close(),
  };

  /** True when the workflow closed within `ms`; the server holds the question until it does. Rejects when `signal` aborts. */
  async function closesWithin(workflowId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    // A timer of our own: a signal of AbortSignal.timeout that only AbortSignal.any refers to may be collected, and never fires.
    const late = new AbortController();
    const end = (): void => late.abort();
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    try {
      while (!late.signal.aborted)
        if ((await connection.withAbortSignal(late.signal, () => closeOf(workflowId))) !== undefined) return true;
    } catch (error) {
      if (!late.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
    signal.throwIfAborted();
    return false;
  }
}
