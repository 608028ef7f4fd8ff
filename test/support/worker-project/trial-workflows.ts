// Added to a generated project by the end-to-end tests: workflows that exercise the worker.
import { ApplicationFailure, log, proxyActivities, uuid4 } from '@temporalio/workflow';
import {
  human,
  kuflowActivities,
  openProcess,
  ownActivities,
  type WorkflowRequest,
  type WorkflowResponse,
} from 'kuflow-worker/workflow';
// Not part of the public API.
import { runForItem } from '../node_modules/kuflow-worker/dist/internal/workflow/item-context.js';
import type { JourneyActivities } from './journey-activities.ts';
import type * as trialActivities from './trial-activities.ts';

const STEADY_MILLISECONDS = 75_000;

/** A single attempt, so that a task that the worker loses fails the workflow. */
const onlyOnce = proxyActivities<typeof trialActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
});
const activities = ownActivities<typeof trialActivities>();
const { ownApplication } = ownActivities<JourneyActivities>();

/** Short activities without pauses: the worker's own and KuFlow's. */
export async function SteadyWorkflow({ processId }: WorkflowRequest): Promise<WorkflowResponse> {
  const until = Date.now() + STEADY_MILLISECONDS;
  while (Date.now() < until) {
    await Promise.all([
      onlyOnce.shortWork(700),
      onlyOnce.shortWork(1_200),
      kuflowActivities.KuFlow_Engine_retrieveProcess({ processId }),
    ]);
  }
  return { message: 'steady' };
}

/** A task that nobody completes, read again every half second. */
export async function OutsideWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  await openProcess(request, { rereadAfter: 500 }).humanTask(human('OUTSIDE'));
  return { message: 'completed' };
}

export async function FailingWorkflow(_request: WorkflowRequest): Promise<WorkflowResponse> {
  throw ApplicationFailure.nonRetryable('Out of paper');
}

export async function SlowWorkflow(_request: WorkflowRequest): Promise<WorkflowResponse> {
  return { message: await activities.slowWork() };
}

/** Each POST of KuFlow's activities that the local platform serves. */
export async function PostsWorkflow({ processId }: WorkflowRequest): Promise<WorkflowResponse> {
  const create = async (): Promise<string> => {
    const id = uuid4();
    await kuflowActivities.KuFlow_Engine_createProcessItem({
      id,
      type: 'TASK',
      processId,
      processItemDefinitionCode: 'POSTS',
    });
    return id;
  };
  const applicationId = await ownApplication();
  const { process } = await kuflowActivities.KuFlow_Engine_retrieveProcess({ processId });
  const userId = process.initiatorId ?? '';
  const processItemId = await create();
  await kuflowActivities.KuFlow_Engine_claimProcessItemTask({ processItemId });
  await kuflowActivities.KuFlow_Engine_appendProcessItemTaskLog({ processItemId, level: 'INFO', message: 'Begun' });
  await kuflowActivities.KuFlow_Engine_assignProcessItemTask({ processItemId, ownerId: userId });
  await kuflowActivities.KuFlow_Engine_assignProcessItemTask({ processItemId, ownerId: applicationId });
  await kuflowActivities.KuFlow_Engine_completeProcessItemTask({ processItemId });
  const canceled = await create();
  await kuflowActivities.KuFlow_Engine_cancelProcessItems({ processId, processItemIds: [canceled] });
  await kuflowActivities.KuFlow_Engine_changeProcessInitiator({ processId, initiatorId: applicationId });
  return { message: 'posted' };
}

/** Workflow code that fails at the same place in every attempt. */
export async function BrokenWorkflow({ processId }: WorkflowRequest): Promise<WorkflowResponse> {
  const words: Record<string, string[]> = {};
  return { message: words[processId]!.join(' ') };
}

/** Calls an activity whose name is misspelled. */
export async function MisspelledWorkflow(_request: WorkflowRequest): Promise<WorkflowResponse> {
  return { message: await ownActivities<{ slowWrok(): Promise<string> }>().slowWrok() };
}

/** A task whose activities fail: several times, at once and forever, and by a timeout. */
export async function FlakyWorkflow({ processId }: WorkflowRequest): Promise<WorkflowResponse> {
  const id = uuid4();
  await kuflowActivities.KuFlow_Engine_createProcessItem({
    id,
    type: 'TASK',
    processId,
    processItemDefinitionCode: 'FLAKY',
  });
  const { flakyWork, nonRetryableWork } = proxyActivities<typeof trialActivities>({
    startToCloseTimeout: '10 seconds',
    retry: { backoffCoefficient: 1 },
  });
  const { slowWork } = proxyActivities<typeof trialActivities>({
    startToCloseTimeout: '1 second',
    retry: { maximumAttempts: 1 },
  });
  await runForItem({ processItemId: id, code: 'FLAKY', validates: false }, async () => {
    log.info('Working');
    const outcomes = await Promise.allSettled([flakyWork(), nonRetryableWork(), slowWork()]);
    log.info(`Worked ${outcomes.map(({ status }) => status).join()}`);
  });
  log.info('Out of the task');
  return { message: 'done' };
}

/** Payloads of 50,000 and 150,000 bytes to and from activities, and then a task. */
export async function LargeWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const { humanTask } = openProcess(request);
  await activities.lengthOf('x'.repeat(50_000));
  await activities.textOf(50_000);
  const refused: unknown = await activities.textOf(150_000).catch((error: unknown) => error);
  await humanTask(human('LARGE'));
  return { message: String((refused as Error).cause) };
}

export async function TooLargeWorkflow(_request: WorkflowRequest): Promise<WorkflowResponse> {
  return { message: `${await activities.lengthOf('x'.repeat(150_000))}` };
}
