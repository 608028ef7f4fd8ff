// Each exported function is a workflow type. Workflow code is replayed, so it must be deterministic: use activities for
// I/O and for everything that depends on the outside world.
import { log } from '@temporalio/workflow';
import { openProcess, ownActivities, type WorkflowRequest, type WorkflowResponse } from 'kuflow-worker/workflow';
import type { Activities } from './activities.ts';
import { tasks } from './process/tasks.ts';
import type { Metadata } from './process/types.ts';

const activities = ownActivities<Activities>();

export async function LoanWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess<Metadata>(request);
  const { processId } = request;
  log.info('Process started', { processId });

  // Loan application
  const loanApplication = await kuflow.humanTask(tasks.loanApplication);

  // Check credit
  await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, {
    processId,
    loanApplication,
  });

  // Approve loan
  const approveLoan = await kuflow.humanTask(tasks.approveLoan, {
    deadline: '3 days',
    onDeadline: (task) => task.log('Nobody has decided for three days', 'WARN'),
  });
  if (!approveLoan.approved) {
    await kuflow.message(tasks.loanResult, { text: 'Your loan was not approved' });
    return { message: `Process ${processId} completed: not approved` };
  }

  // Loan result
  await kuflow.message(tasks.loanResult, { text: 'Loan result' });

  // Loan discussion
  await kuflow.thread(tasks.loanDiscussion);

  return { message: `Process ${processId} completed` };
}
