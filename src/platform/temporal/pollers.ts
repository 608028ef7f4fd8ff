import { PlatformConnection } from './connection.ts';

const WORKFLOW = 1;

export interface PollerQuery {
  /** `host:port` of the server itself, not of the gateway. */
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Milliseconds since the epoch: who has asked last before it does not count. The server remembers pollers for minutes after their end. */
  readonly since?: number;
}

/** How many workers have asked for workflow tasks of this queue in the last minutes, as the server knows. */
export async function countWorkflowPollers(question: PollerQuery): Promise<number> {
  const connection = PlatformConnection.lazy({ address: question.address });
  try {
    const answer = await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeTaskQueue({
        namespace: question.namespace,
        taskQueue: { name: question.taskQueue },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- its home, @temporalio/proto, is no dependency of ours
        taskQueueType: WORKFLOW,
      }),
    );
    const { since = 0 } = question;
    return answer.pollers.filter(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= Math.floor(since / 1000),
    ).length;
  } finally {
    await connection.close();
  }
}
