// Each exported function is a workflow type. Workflow code is replayed, so it must be deterministic. Use activities for
// I/O and anything that depends on the outside world. `humanTask` and `systemTask` wait until the task is completed;
// `message` and `thread` do not wait for people.
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import { openProcess, ownActivities, type KuFlowProcess, type WorkflowRequest, type WorkflowResponse } from 'kuflow-worker/workflow';
import type { Activities } from './activities.ts';
import { actions, tasks } from './process/tasks.ts';
import type { Metadata } from './process/types.ts';

const activities = ownActivities<Activities>();

export async function LoanWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess<Metadata>(request);
  // A withdrawal cancels the scope, and with it the open tasks in KuFlow. Register the handler before the first `await`, so that no signal is missed.
  const work = new CancellationScope();
  kuflow.onAction(actions.withdraw, () => work.cancel());
  try {
    return await work.run(() => handleTasks(kuflow, request));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // This usually means that the applicant withdrew. If the whole process was canceled, the next call throws again.
    await kuflow.message(tasks.loanResult, { text: 'You withdrew your application' });
    return { message: `Process ${request.processId} completed: withdrawn` };
  }
}

async function handleTasks(kuflow: KuFlowProcess<Metadata>, request: WorkflowRequest): Promise<WorkflowResponse> {
  const { processId } = request;
  log.info('Process started', { processId });

  const loanApplication = await kuflow.humanTask(tasks.loanApplication);

  const checkCredit = await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, {
    processId,
    loanApplication,
  });

  await kuflow.thread(tasks.loanDiscussion);

  if (checkCredit.decision === 'REVIEW') {
    const approveLoan = await kuflow.humanTask(tasks.approveLoan, {
      deadline: '3 days',
      onDeadline: (task) => task.log('No decision after three days', 'WARN'),
    });
    if (!approveLoan.approved) {
      await kuflow.message(tasks.loanResult, { text: 'Your loan was not approved' });
      return { message: `Process ${processId} completed: not approved` };
    }
  }

  await kuflow.message(tasks.loanResult, { text: 'Your loan was approved' });

  return { message: `Process ${processId} completed` };
}
