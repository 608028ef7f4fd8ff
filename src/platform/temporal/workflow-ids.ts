import type { WorkflowService } from '@temporalio/client';

const PAGE = 1000;

/** The IDs of the workflows that match a query, according to the server's index. */
export async function listWorkflowIds(service: WorkflowService, namespace: string, query: string): Promise<string[]> {
  const ids: string[] = [];
  let nextPageToken: Uint8Array | null = null;
  do {
    const page: Awaited<ReturnType<WorkflowService['listWorkflowExecutions']>> = await service.listWorkflowExecutions({
      namespace,
      query,
      pageSize: PAGE,
      nextPageToken,
    });
    for (const { execution } of page.executions) if (execution?.workflowId) ids.push(execution.workflowId);
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : null;
  } while (nextPageToken !== null);
  return ids;
}
