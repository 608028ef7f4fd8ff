import { PlatformConnection } from './connection.ts';

const WORKFLOW = 1;

export interface PollerQuery {
  /** `<host>:<port>` of the Temporal server, not of the gateway. */
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /**
   * Milliseconds since the epoch: workers whose last poll was earlier are not counted. The server remembers pollers for
   * minutes after they have stopped.
   */
  readonly since?: number | undefined;
}

/** The identities of the workers that have polled this queue for workflow tasks. */
export async function listWorkflowPollers(query: PollerQuery): Promise<readonly string[]> {
  const connection = PlatformConnection.lazy({ address: query.address });
  try {
    const answer = await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeTaskQueue({
        namespace: query.namespace,
        taskQueue: { name: query.taskQueue },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum is in @temporalio/proto, which is not a dependency
        taskQueueType: WORKFLOW,
      }),
    );
    const { since = 0 } = query;
    return answer.pollers
      .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= Math.floor(since / 1000))
      .map(({ identity }) => identity ?? '(unnamed)');
  } finally {
    await connection.close();
  }
}
