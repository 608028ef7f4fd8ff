import { hostname } from 'node:os';
import type { WorkflowService } from '@temporalio/client';
import { isRunning } from '../../base/process-identity.ts';
import { PlatformConnection } from './connection.ts';

const WORKFLOW = 1;

/** Milliseconds. A worker that runs polls again at the latest after this time: a poll ends after one minute. */
export const LONGEST_POLL_MS = 70_000;

export interface PollerQuery {
  readonly namespace: string;
  readonly taskQueue: string;
  /** Milliseconds since the epoch. Workers that last polled before it do not count: the server remembers them for minutes. */
  readonly since: number;
}

/** The identities of the workers that have polled this queue for workflow tasks. `address`: of the Temporal server, not of the gateway. */
export async function listWorkflowPollers(address: string, query: PollerQuery): Promise<readonly string[]> {
  const connection = PlatformConnection.lazy({ address });
  try {
    return await connection.withDeadline(Date.now() + 5000, () => queryPollers(connection.workflowService, query));
  } finally {
    await connection.close();
  }
}

/** As `listWorkflowPollers`, over a connection that is open. */
export async function queryPollers(service: WorkflowService, { namespace, taskQueue, since }: PollerQuery) {
  const answer = await service.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW,
  });
  return answer.pollers
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= Math.floor(since / 1000))
    .map(({ identity }) => identity ?? '(unnamed)');
}

/** Whether the identity of a poller is that of a process on this machine that has ended: the server still remembers it. */
export function hasEnded(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(\S+)/.exec(identity) ?? [];
  return pid !== undefined && host === hostname() && !isRunning(Number(pid));
}
