import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { LogMetadata } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { parseCoreFailure } from '../../src/kuflow/logging.ts';

/** Called with the failure of a workflow task, by run ID. */
const onFailedTask = new Map<unknown, (error: Error) => void>();

/** Installs Temporal's runtime with a logger that notices failed workflow tasks. Temporal's test server does not report them. */
export function installTestRuntime(): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta = {} }) => {
    if (message === 'Failing workflow task') onFailedTask.get(meta['runId'])?.(toError(meta));
    else if (level === 'ERROR' && !onFailedTask.has(meta['runId'])) console.error(message, meta['error'] ?? '');
  });
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger, telemetryOptions: { logging } });
}

/**
 * The result of a workflow, or the error that it ends with. Rejects at once when a workflow task fails: Temporal would retry the
 * task until somebody fixes the workflow code. The workflow is not terminated, because Temporal's test server skips no more time
 * after that.
 */
export async function resultOf(handle: WorkflowHandleWithFirstExecutionRunId): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => onFailedTask.set(handle.firstExecutionRunId, reject));
  return Promise.race([failed, handle.result().catch((error: unknown) => error)]);
}

function toError({ failure }: LogMetadata): Error {
  const { message, stack } = parseCoreFailure(String(failure)) ?? { message: String(failure), stack: '' };
  return Object.assign(new Error(message), { stack: `Error: ${message}\n${stack}` });
}
