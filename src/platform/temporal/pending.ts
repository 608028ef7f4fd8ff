import type { WorkflowService } from '@temporalio/client';

const LAST_EVENTS = 50;

/** What an open workflow waits for that has failed at least once, in words: activities that are tried again, a workflow task that fails. */
export async function listFailures(
  service: WorkflowService,
  namespace: string,
  workflowId: string,
): Promise<readonly string[]> {
  const execution = { workflowId };
  const { pendingActivities, pendingWorkflowTask } = await service.describeWorkflowExecution({ namespace, execution });
  const activities = pendingActivities.flatMap(({ activityType, attempt, lastFailure }) =>
    lastFailure?.message
      ? [
          `activity ${activityType?.name ?? 'without a name'} has failed, attempt ${attempt ?? 1} now: ${lastFailure.message}`,
        ]
      : [],
  );
  if ((pendingWorkflowTask?.attempt ?? 1) <= 1) return activities;
  const { history } = await service.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: LAST_EVENTS,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const reason = failed?.workflowTaskFailedEventAttributes?.failure?.message;
  return reason ? [...activities, `the code of the workflow fails: ${reason}`] : activities;
}
