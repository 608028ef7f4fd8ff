import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { LogMetadata } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ProcessItem } from '../model.ts';
import { parseCoreFailure } from '../logging.ts';

/** Called with the failure of a workflow task, by run ID. */
const onFailedTask = new Map<unknown, (error: Error) => void>();

/** The runs whose result a test waits for. */
const awaited = new Set<unknown>();

/** Temporal's warning does not name the run. */
function refuse(error: Error): void {
  const [runId] = awaited;
  if (awaited.size === 1) onFailedTask.get(runId)?.(error);
  else console.error(error.message);
}

/**
 * Installs Temporal's runtime with a logger that notices failed workflow tasks, which Temporal's test server does not report. It prints
 * the first failure of each activity, because Temporal retries it.
 */
export function installTestRuntime(): void {
  const printed = new Set<string>();
  const logger = new DefaultLogger('WARN', ({ level, message, meta = {} }) => {
    if (message === 'Failing workflow task') onFailedTask.get(meta['runId'])?.(toError(meta));
    else if (message === 'Error while completing workflow activation') refuse(toRefusal(meta));
    else if (message === 'Activity failed') {
      const failure = `${message}: ${String(meta['activityType'])}: ${rootMessage(meta['error'])}`;
      if (!printed.has(failure)) console.error(failure);
      printed.add(failure);
    } else if (level === 'ERROR' && !onFailedTask.has(meta['runId'])) console.error(message, meta['error'] ?? '');
  });
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger, telemetryOptions: { logging } });
}

interface ResultOptions {
  readonly limit: number;
  readonly after: (() => Promise<unknown>) | undefined;
  /** Ends the call to the server, which the client would otherwise repeat on a closed connection. */
  readonly closed: AbortSignal;
}

/**
 * The result of a workflow, or the error that it ends with. Rejects at once when a workflow task fails: Temporal would retry the
 * task until somebody fixes the workflow code. Until `after` ends, no time is skipped. Also rejects `limit` milliseconds after that, with the
 * open tasks among `items` and the activities that Temporal retries. The workflow is not terminated, because Temporal's test server skips no more time after that.
 */
export async function resultOf(
  handle: WorkflowHandleWithFirstExecutionRunId,
  items: readonly ProcessItem[],
  { limit, after, closed }: ResultOptions,
): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => onFailedTask.set(handle.firstExecutionRunId, reject));
  const timer = new AbortController();
  const before = after?.();
  const late = (async (): Promise<never> => {
    await before;
    await delay(limit, undefined, { signal: timer.signal });
    throw new Error(`The workflow has not ended within ${limit / 1_000} s\n${await describeWaiting(handle, items)}`);
  })();
  late.catch(() => undefined);
  awaited.add(handle.firstExecutionRunId);
  try {
    await Promise.race([failed, before]);
    const result = handle.client.withAbortSignal(closed, () => handle.result());
    return await Promise.race([failed, late, result.catch((error: unknown) => error)]);
  } finally {
    awaited.delete(handle.firstExecutionRunId);
    timer.abort();
  }
}

async function describeWaiting(
  handle: WorkflowHandleWithFirstExecutionRunId,
  items: readonly ProcessItem[],
): Promise<string> {
  const open = items.filter(({ task }) => task !== undefined && !['COMPLETED', 'CANCELLED'].includes(task.state));
  const { raw } = await handle.describe();
  return [
    ...open.map(
      ({ processItemDefinitionRef, task }) => `Open task: ${processItemDefinitionRef?.code} (${task?.state})`,
    ),
    ...(raw.pendingActivities ?? []).map(
      ({ activityType, attempt, lastFailure }) =>
        `Activity ${activityType?.name}, attempt ${attempt}: ${lastFailure?.cause?.message ?? lastFailure?.message ?? 'running'}`,
    ),
  ].join('\n');
}

function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}

/** Temporal's test server never repeats a workflow task whose completion it has refused. */
function toRefusal({ error }: LogMetadata): Error {
  const canceled = String(error).includes('ACTIVITY_UNKNOWN')
    ? 'A scope was canceled at the moment when an activity in it completed, which Temporal accepts outside of tests. '
    : '';
  return new Error(`Temporal's test server refused the completion of a workflow task. ${canceled}${String(error)}`);
}

function toError({ failure }: LogMetadata): Error {
  const { message, stack } = parseCoreFailure(String(failure)) ?? { message: String(failure), stack: '' };
  return Object.assign(new Error(message), { stack: `Error: ${message}\n${stack}` });
}
