// Each exported function is a workflow type. Workflow code is replayed, so it must be deterministic: use activities for
// I/O and for everything that depends on the outside world.
import { log } from '@temporalio/workflow';
import type * as activitiesModule from './activities.ts';
import type { WorkflowRequest, WorkflowResponse } from './kuflow/model.ts';
import { ownActivities } from './kuflow/workflow/kuflow-activities.ts';
import { openProcess } from './kuflow/workflow/kuflow-process.ts';
import { tasks } from './process/tasks.ts';
import type { Metadata } from './process/types.ts';

const activities = ownActivities<typeof activitiesModule>();

export async function LoanWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess<Metadata>(request);
  const { processId } = request;
  log.info('Process started', { processId });

  // Loan application
  const loanApplication = await kuflow.humanTask(tasks.loanApplication);

  // Check credit
  await kuflow.systemTask(tasks.checkCredit, () =>
    activities.checkCredit({ processId, loanApplication }),
  );

  // Approve loan
  await kuflow.humanTask(tasks.approveLoan);

  // Loan result
  await kuflow.message(tasks.loanResult, { text: 'Loan result' });

  // Loan discussion
  await kuflow.thread(tasks.loanDiscussion);

  return { message: `Process ${processId} completed` };
}
