import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';
import { msToTs } from '@temporalio/common/lib/time.js';
import { KnownError, messageOf } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import type { EngineCommand } from '../store/outbox-queue.ts';
import { PlatformConnection } from './connection.ts';
import {
  decryptHistory,
  encryptedArgument,
  encryptionHeaders,
  encryptionHeadersFor,
  type KeyReader,
} from './encryption.ts';
import { listFailingWork, type FailingWork } from './failing-work.ts';
import { hasEnded, LONGEST_POLL_MS, queryPollers } from './pollers.ts';
import { toWorkflowOutcome, type WorkflowOutcome } from './outcome.ts';
import { createWorkflowTime, grpcStatusOf, listWorkflowIds, START_ID } from './workflow-time.ts';

type EngineRequest<Kind> = Omit<Extract<EngineCommand, { readonly kind: Kind }>, 'kind'> & {
  readonly workflowId: string;
  /** The key of a confidential process: input and payload are encrypted with it. */
  readonly encryptionKeyId?: string | undefined;
};

const REJECT_DUPLICATE = 3;
const IDENTITY = 'kuflow dev';
const CLOSE_EVENT_ONLY = 2;
const RUNNING = 1;
const POLLERS_WITHIN_MS = 3000;

const isNotFound = (error: unknown): boolean => grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND;

const rejectKey: KeyReader = (keyId) => {
  throw new Error(`The key ${keyId} is not available`);
};

/** Connects to the Temporal server, and rejects if it does not answer. Starting, signaling and canceling can be repeated after a crash. */
export async function createProcessEngine(options: {
  readonly address: string;
  readonly namespace: string;
  /** For confidential processes. By default, no key is available. */
  readonly readKey?: KeyReader | undefined;
  /** Milliseconds that the time of new workflows is ahead. Default: 0. */
  readonly ahead?: (() => number) | undefined;
}) {
  const { namespace, readKey = rejectKey, ahead = () => 0 } = options;
  const connection = await PlatformConnection.connect({ address: options.address });
  const client = new Client({ connection, namespace, interceptors: { workflow: [encryptionHeaders] } });
  const service = connection.workflowService;

  /** How the workflow ended; undefined while it or a continued run is open, and if it is not known. */
  async function getOutcome(workflowId: string): Promise<WorkflowOutcome | undefined> {
    try {
      // First, because the server waits up to 20 s for the close event of a workflow that is open.
      const { workflowExecutionInfo: info } = await service.describeWorkflowExecution({
        namespace,
        execution: { workflowId },
      });
      return (info?.status as number | undefined) === RUNNING ? undefined : await waitForClose(workflowId);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Waits up to 20 s if the workflow is open. */
  async function waitForClose(workflowId: string): Promise<WorkflowOutcome | undefined> {
    const { history } = await service.getWorkflowExecutionHistory({
      namespace,
      // Without a run id this is the current run, which follows a chain of continued runs.
      execution: { workflowId },
      // The enum is in @temporalio/proto, which is not a dependency.
      historyEventFilterType: CLOSE_EVENT_ONLY,
      waitNewEvent: true,
    });
    const outcome = await toWorkflowOutcome(history?.events?.at(-1), readKey);
    return outcome?.kind === 'continued' ? undefined : outcome;
  }

  /** The identities of the workers that poll this queue for workflow tasks now. */
  async function listPollers(taskQueue: string): Promise<readonly string[]> {
    const since = Date.now() - LONGEST_POLL_MS;
    const query = { namespace, taskQueue, since };
    const identities = await connection.withDeadline(Date.now() + POLLERS_WITHIN_MS, () =>
      queryPollers(service, query),
    );
    return identities.filter((identity) => !hasEnded(identity));
  }

  /** What a worker of this process gets as `value`. */
  const toArgument = async (value: Json, keyId: string | undefined): Promise<unknown> =>
    keyId === undefined ? value : await encryptedArgument(value, keyId, readKey);

  async function loadHistory(workflowId: string): Promise<History> {
    try {
      return await client.workflow.getHandle(workflowId).fetchHistory();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError) && !isNotFound(error)) throw error;
      throw new KnownError({
        message: `No process or workflow has the ID ${workflowId}`,
        next: [
          'Pass a process ID (at least the last 6 characters), latest, or the whole ID of another workflow',
          'List the processes: kuflow process list',
        ],
        status: 2,
        cause: error,
      });
    }
  }

  return {
    /** Starts a process workflow. Succeeds if a workflow with this id was already started. */
    startWorkflow: async (request: EngineRequest<'start-workflow'>): Promise<void> => {
      const { workflowId, workflowType, taskQueue, input, encryptionKeyId } = request;
      const argument = await toArgument(input, encryptionKeyId);
      const payload = argument instanceof RawValue ? argument.payload : defaultPayloadConverter.toPayload(argument);
      try {
        await service.startWorkflowExecution({
          namespace,
          workflowId,
          requestId: workflowId,
          identity: IDENTITY,
          workflowType: { name: workflowType },
          taskQueue: { name: taskQueue },
          input: { payloads: [payload] },
          header: { fields: encryptionHeadersFor([argument]) },
          // The enum is in @temporalio/proto, which is not a dependency.
          workflowIdReusePolicy: REJECT_DUPLICATE,
          ...startAhead(ahead()),
        });
      } catch (error) {
        if (grpcStatusOf(error) !== GRPC_STATUS.ALREADY_EXISTS) throw error;
      }
    },

    /** Signals a workflow. Succeeds if the workflow is gone or closed, because then nobody needs the signal. */
    signalWorkflow: async (request: EngineRequest<'signal-workflow'>): Promise<void> => {
      const { workflowId, signalName, payload, encryptionKeyId } = request;
      const args = payload === undefined ? [] : [await toArgument(payload, encryptionKeyId)];
      try {
        await client.workflow.getHandle(workflowId).signal(signalName, ...args);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    /**
     * Requests cancellation, and terminates the workflow if it has not closed within `terminateAfterMs`. Calls `requested` when the request has been
     * acknowledged; from then on it only waits. If `signal` aborts, rejects with its reason and leaves the workflow as it is.
     */
    cancelWorkflow: async (
      request: EngineRequest<'cancel-workflow'> & {
        readonly terminateAfterMs: number;
        readonly signal: AbortSignal;
        readonly requested: () => void;
      },
    ): Promise<void> => {
      const { workflowId, reason, terminateAfterMs, signal, requested } = request;
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

    getOutcome,

    time: createWorkflowTime(connection, service, namespace, listPollers),

    /** What has failed at least once in an open workflow, or why the workflow failed. Empty if the engine has not started it. */
    listFailingWork: async (workflowId: string): Promise<readonly FailingWork[]> => {
      try {
        return await listFailingWork(service, namespace, workflowId);
      } catch (error) {
        if (isNotFound(error)) return [];
        throw error;
      }
    },

    listPollers,

    /** Ids of the workflows that closed at or after `time` (milliseconds since the epoch), according to the server's index. */
    listClosedSince: (time: number): Promise<readonly string[]> => {
      const since = new Date(time).toISOString();
      return listWorkflowIds(service, namespace, `ExecutionStatus != 'Running' AND CloseTime >= '${since}'`);
    },

    /** A workflow's history as JSON, in the format that the replayers of Temporal's SDKs and its CLI accept. */
    fetchHistory: async (workflowId: string): Promise<string> => historyToJSON(await loadHistory(workflowId)),

    /** As `fetchHistory`, decrypted and without the headers of confidential processes. Rejects with KnownError if a payload can't be decrypted. */
    fetchClearHistory: async (workflowId: string) => {
      const history = await loadHistory(workflowId);
      try {
        const wasEncrypted = await decryptHistory(history, readKey);
        return { json: historyToJSON(history), wasEncrypted };
      } catch (error) {
        throw new KnownError({
          message: `The history of ${workflowId} can't be decrypted: ${messageOf(error)}`,
          next: ['Pass --encrypted to get it as the engine stores it'],
          cause: error,
        });
      }
    },

    close: (): Promise<void> => connection.close(),
  };

  /** Whether the workflow closes within `ms` milliseconds. Each request waits for it. Rejects if `signal` aborts. */
  async function closesWithin(workflowId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    // Not AbortSignal.timeout: if only AbortSignal.any refers to its signal, it may be collected and never fires.
    const timeout = new AbortController();
    const abort = (): void => timeout.abort();
    const timer = setTimeout(abort, ms);
    signal.addEventListener('abort', abort);
    try {
      while (!timeout.signal.aborted)
        if ((await connection.withAbortSignal(timeout.signal, () => waitForClose(workflowId))) !== undefined)
          return true;
    } catch (error) {
      if (!timeout.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
    signal.throwIfAborted();
    return false;
  }
}

export type TemporalEngine = Awaited<ReturnType<typeof createProcessEngine>>;

/** Has a workflow begin later and skips the time until then, so that its first turn is already at that time. */
function startAhead(ms: number): object {
  if (ms === 0) return {};
  const duration = msToTs(ms);
  return {
    workflowStartDelay: duration,
    timeSkippingConfig: { enabled: true, disablePropagation: true, fastForwardConfig: { id: START_ID, duration } },
  };
}
