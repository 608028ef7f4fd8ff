import { forEachInParallel } from '../../base/async.ts';
import { copyError, interruptedError, KnownError } from '../../base/errors.ts';
import type { ExitStatus } from '../../base/exit-status.ts';
import { rpcCause, type FailedCall } from '../../diagnostics/causes/engine.ts';
import type { OpenedEngine } from '../../diagnostics/check-connection.ts';
import type { CallOptions, RpcResult } from '../../engine/rpc.ts';
import { readWorkflowHistory } from '../../engine/workflow-history.ts';
import type { ProcessState } from '../../kuflow/contract/processes.ts';
import { startRunner, type RunnerOptions } from './replay-worker.ts';

/** Histories that are read at the same time, and so the most that are in memory. */
const READERS = 6;
const READ_MS = 60_000;

/** Processes with the same result. */
export interface ReplayGroup {
  readonly reason: string;
  /** IDs. */
  readonly processes: readonly string[];
}

export interface ReplaySummary {
  /** The processes that were found. A limit leaves some of them out. */
  readonly found: number;
  readonly replayed: number;
  readonly matching: number;
  /** The largest group first, as in the others. */
  readonly mismatches: readonly ReplayGroup[];
  readonly warnings: readonly ReplayGroup[];
  readonly unreadable: readonly ReplayGroup[];
  /** 0 all match · 1 the code breaks a process · 3 no process, or a warning · 4 a process could not be read. */
  readonly status: ExitStatus;
}

interface ReplayRequest extends Omit<RunnerOptions, 'onResult'> {
  readonly engine: OpenedEngine;
  /** Codes of process definitions. */
  readonly codes: readonly string[];
  readonly states: readonly ProcessState[];
  readonly tenantId?: string | undefined;
  readonly limit?: number | undefined;
  readonly onProgress: (done: number, of: number) => void;
}

/**
 * Reads the histories of the processes, and replays them in the project's worker. Rejects with a KnownError of status 4 if the processes cannot be
 * listed or the worker does not replay them; a history that cannot be read is part of the result.
 */
export async function replayProcesses(request: ReplayRequest): Promise<ReplaySummary> {
  const { found, ids } = await listProcesses(request);
  const mismatches = groups();
  const warnings = groups();
  const unreadable = groups();
  if (ids.length > 0) {
    let done = 0;
    const finished = (): void => request.onProgress(++done, ids.length);
    const runner = startRunner({
      ...request,
      onResult: ({ id, outcome, reason = 'no reason was given', warning }) => {
        if (outcome === 'mismatch') mismatches.add(reason, id);
        if (outcome === 'unreadable') unreadable.add(reason, id);
        if (warning !== undefined) warnings.add(warning, id);
        finished();
      },
    });
    const readHistory = historyReader(request);
    try {
      await forEachInParallel(READERS, ids, async (id) => {
        const history = await readHistory(id);
        if (history.ok) await runner.send(id, history.value);
        else {
          unreadable.add(describeFailure(history), id);
          finished();
        }
      });
      await runner.finish();
    } finally {
      runner.stop();
    }
  }
  if (request.signal.aborted) throw interruptedError();
  const problems = mismatches.count() + unreadable.count();
  return {
    found,
    replayed: ids.length,
    matching: ids.length - problems,
    mismatches: mismatches.list(),
    warnings: warnings.list(),
    unreadable: unreadable.list(),
    status: mismatches.count() > 0 ? 1 : unreadable.count() > 0 ? 4 : ids.length === 0 || warnings.count() > 0 ? 3 : 0,
  };
}

/** The oldest first: new ones are at the end, so that no page moves. */
async function listProcesses(
  request: ReplayRequest,
): Promise<{ readonly found: number; readonly ids: readonly string[] }> {
  const { engine, codes, states, tenantId, limit = Infinity } = request;
  const ids = new Set<string>();
  let found = 0;
  try {
    const pages = engine.kuflow.pages('findProcesses', {
      processDefinitionCode: [...codes],
      state: [...states],
      sort: ['createdAt,asc'],
      ...(tenantId !== undefined && { tenantId: [tenantId] }),
    });
    for await (const { metadata, content } of pages) {
      found = metadata.totalElements;
      for (const { id, state } of content) if (states.includes(state) && ids.size < limit) ids.add(id);
      if (ids.size >= limit) break;
    }
  } catch (error) {
    if (!(error instanceof KnownError) || error.status === 130) throw error;
    throw copyError(error, { message: `The processes could not be listed: ${error.message}`, status: 4 });
  }
  return { found: Math.max(found, ids.size), ids: [...ids] };
}

/** Reads the history of a process, with a new token when the current one has expired. */
function historyReader({
  engine,
  signal,
}: Pick<ReplayRequest, 'engine' | 'signal'>): (id: string) => Promise<RpcResult<Uint8Array>> {
  const { connection, namespace } = engine;
  let token = Promise.resolve(engine.token);
  return async (id) => {
    const read = async (): Promise<RpcResult<Uint8Array>> => {
      const options: CallOptions = { token: await token, timeoutMs: READ_MS, signal };
      return await readWorkflowHistory(connection, { namespace, id }, options);
    };
    const used = token;
    const result = await read();
    if (result.ok || result.kind !== 'status' || result.name !== 'UNAUTHENTICATED') return result;
    // Others may have requested one in the meantime.
    if (token === used) token = engine.requestToken();
    return await read();
  };
}

function describeFailure(failure: FailedCall): string {
  if (failure.kind === 'status' && failure.name === 'NOT_FOUND')
    return 'The engine does not have the workflow of the process';
  return rpcCause(failure, 'GetWorkflowExecutionHistory').text;
}

function groups() {
  const byReason = new Map<string, string[]>();
  const list = (): readonly ReplayGroup[] =>
    [...byReason]
      .map(([reason, processes]) => ({ reason, processes }))
      .sort((one, other) => other.processes.length - one.processes.length);
  return {
    add: (reason: string, id: string): void => {
      const ids = byReason.get(reason);
      if (ids === undefined) byReason.set(reason, [id]);
      else ids.push(id);
    },
    count: (): number => list().reduce((sum, { processes }) => sum + processes.length, 0),
    list,
  };
}
