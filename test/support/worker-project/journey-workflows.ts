// Added to a generated project by the end-to-end tests: a process that needs everything at once.
import {
  human,
  KuFlowPrincipal,
  message,
  openProcess,
  ownActivities,
  signalAction,
  system,
  TaskCancelled,
  thread,
  TRANSFER,
  type WorkflowRequest,
  type WorkflowResponse,
} from 'kuflow-worker/workflow';
import type { JourneyActivities, StampedContract } from './journey-activities.ts';

const REMIND = signalAction('REMIND', 'Remind');

const { stampContract, ownApplication } = ownActivities<JourneyActivities>(TRANSFER);

/**
 * The reviewer gets the task from the application when its deadline has passed, and completes it. Somebody may cancel the last task in KuFlow,
 * which sends no signal.
 */
export async function JourneyWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request, { rereadAfter: 500 });
  let reminders = 0;
  kuflow.onAction(REMIND, () => {
    reminders += 1;
  });
  const { contract, reviewer } = await kuflow.humanTask(human<{ contract: string; reviewer: string }>('APPLY'));
  const reviewerId = KuFlowPrincipal.parse(reviewer).id;
  const { processId } = request;
  await kuflow.systemTask(system<StampedContract>('STAMP'), stampContract, { processId, contract, reviewerId });
  const applicationId = await ownApplication();
  const { approved } = await kuflow.humanTask(human<{ approved: boolean }>('REVIEW'), {
    ownerId: applicationId,
    deadline: '3 days',
    onDeadline: (task) => task.assign({ ownerId: reviewerId }),
  });
  await kuflow.message(message('NOTE'), { text: `Reviewed after ${reminders} reminders` });
  await kuflow.thread(thread('TALK'));
  try {
    await kuflow.humanTask(human('SIGN'));
  } catch (error) {
    if (error instanceof TaskCancelled) return { message: 'withdrawn' };
    throw error;
  }
  return { message: approved ? 'approved' : 'rejected' };
}
