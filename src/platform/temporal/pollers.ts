import { Connection } from '@temporalio/client';

const WORKFLOW = 1;

export interface PollerQuestion {
  /** `host:port` of the server itself, not of the gateway. */
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** How many workers have asked for workflow tasks of this queue in the last minutes, as the server knows. */
export async function workflowPollers(question: PollerQuestion): Promise<number> {
  const connection = Connection.lazy({ address: question.address });
  try {
    const answer = await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeTaskQueue({
        namespace: question.namespace,
        taskQueue: { name: question.taskQueue },
        taskQueueType: WORKFLOW,
      }),
    );
    return answer.pollers.length;
  } finally {
    await connection.close();
  }
}
