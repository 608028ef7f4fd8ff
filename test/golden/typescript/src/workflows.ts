// Each exported function is a workflow type. Workflow code is replayed, so it must be deterministic: use activities for
// I/O and for everything that depends on the outside world.
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import { openProcess, ownActivities, type KuFlowProcess, type WorkflowRequest, type WorkflowResponse } from 'kuflow-worker/workflow';
import type { Activities } from './activities.ts';
import { actions, tasks } from './process/tasks.ts';
import type { Metadata } from './process/types.ts';

const activities = ownActivities<Activities>();

export async function LoanWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess<Metadata>(request);
  const work = new CancellationScope();
  kuflow.onAction(actions.withdraw, () => work.cancel());
  try {
    return await work.run(() => handleTasks(kuflow, request));
  } catch (error) {
    // The open tasks of the scope are canceled in KuFlow.
    if (!isCancellation(error)) throw error;
    await kuflow.message(tasks.loanResult, { text: 'You withdrew your application' });
    return { message: `Process ${request.processId} completed: withdrawn` };
  }
}

async function handleTasks(kuflow: KuFlowProcess<Metadata>, request: WorkflowRequest): Promise<WorkflowResponse> {
  const { processId } = request;
  log.info('Process started', { processId });

  // Loan application
  const loanApplication = await kuflow.humanTask(tasks.loanApplication);

  // Check credit
  const checkCredit = await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, {
    processId,
    loanApplication,
  });

  // Loan discussion
  await kuflow.thread(tasks.loanDiscussion);

  // Approve loan
  if (checkCredit.decision === 'REVIEW') {
    const approveLoan = await kuflow.humanTask(tasks.approveLoan, {
      deadline: '3 days',
      onDeadline: (task) => task.log('Nobody has decided for three days', 'WARN'),
    });
    if (!approveLoan.approved) {
      await kuflow.message(tasks.loanResult, { text: 'Your loan was not approved' });
      return { message: `Process ${processId} completed: not approved` };
    }
  }

  // Loan result
  await kuflow.message(tasks.loanResult, { text: 'Your loan was approved' });

  return { message: `Process ${processId} completed` };
}
