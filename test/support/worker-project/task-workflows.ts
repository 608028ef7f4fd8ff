// Added to a generated project by the end-to-end tests: workflows that work with tasks and documents.
import { ActivityFailure, CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import {
  human,
  KuFlowFile,
  kuflowActivities,
  openProcess,
  ownActivities,
  TaskCancelled,
  TRANSFER,
  type ActionRequest,
  type ActionResponse,
  type WorkflowRequest,
  type WorkflowResponse,
} from 'kuflow-worker/workflow';
import { tasks } from './process/tasks.ts';
import type { CheckCreditData } from './process/types.ts';
import type { TaskActivities } from './task-activities.ts';

const activities = ownActivities<TaskActivities>();
const transfers = ownActivities<TaskActivities>(TRANSFER);
const review = human<{ ok: boolean }>('REVIEW');

type TaskDeadline = NonNullable<Parameters<ReturnType<typeof openProcess>['humanTask']>[1]>;

const outcomeOf = (error: unknown): string =>
  error instanceof TaskCancelled ? `canceled ${error.code}` : isCancellation(error) ? 'scope canceled' : String(error);

/** A task that is assigned and then completed, one that its handle cancels, and two whose scopes are canceled. */
export async function HandlesWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const { process } = await kuflowActivities.KuFlow_Engine_retrieveProcess({ processId: request.processId });
  const first = await kuflow.openTask(review);
  await first.log('Look at this first', 'WARN');
  await first.assign({ ownerId: process.initiatorId ?? '' });
  const { ok } = await first.done;

  const second = await kuflow.openTask(human('SECOND'));
  await second.cancel();
  const outcome = await second.done.catch(outcomeOf);

  const systemScope = new CancellationScope();
  await systemScope.run(() => kuflow.openTask(tasks.checkCredit));
  systemScope.cancel();

  const scope = new CancellationScope();
  let isOpen = false;
  const third = scope.run(async () => {
    const handle = await kuflow.openTask(human('THIRD'));
    isOpen = true;
    return handle.done;
  });
  await condition(() => isOpen);
  scope.cancel();
  return { message: [ok, outcome, await third.catch(outcomeOf)].join(', ') };
}

/** A deadline that passes, and one that does not. Signals of the type `Note` are part of the result. */
export async function DeadlineWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const notes: string[] = [];
  kuflow.onSignal<{ readonly text: string }>('Note', ({ text }) => void notes.push(text));
  let calls = 0;
  const options = {
    deadline: '1 second',
    onDeadline: async (task) => {
      calls += 1;
      await task.log(`Call ${calls}`);
    },
  } satisfies Parameters<typeof kuflow.humanTask>[1];
  const { ok } = await kuflow.humanTask(review, options);
  await kuflow.humanTask(human('SECOND'), { ...options, deadline: new Date(Date.now() + 3_600_000) });
  return { message: `${calls} calls, ${ok}, ${notes.join()}` };
}

/** Gives up its task after as many days as the last two digits of the process ID say. */
export async function EscalationWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const days = Number(request.processId.slice(-2));
  const escalation = { deadline: days * 86_400_000, onDeadline: (task) => task.cancel() } satisfies TaskDeadline;
  const outcome = await openProcess(request).humanTask(review, escalation).catch(outcomeOf);
  return { message: String(outcome) };
}

/** A task that cannot be assigned, and is completed. */
export async function UnassignableWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const task = await openProcess(request).openTask(review);
  await task.assign({ ownerEmail: 'nobody@example.com' });
  const { ok } = await task.done;
  return { message: String(ok) };
}

/** Returns the texts of the signals that have arrived before it starts. */
export async function EarlySignalWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const notes: string[] = [];
  kuflow.onSignal<{ readonly text: string }>('Note', ({ text }) => void notes.push(text));
  await condition(() => notes.length > 0, '10 seconds');
  return { message: notes.join() };
}

/** A deadline in the past. */
export async function OverdueWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  await openProcess(request).humanTask(review, { deadline: new Date(1), onDeadline: async () => undefined });
  return { message: 'never' };
}

/** A system task whose data is invalid at first, and one whose data is invalid forever. */
export async function InvalidWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const { score } = await kuflow.systemTask(tasks.checkCredit, activities.scoreSecondTime, undefined as never);
  const handle = await kuflow.openTask(tasks.checkCredit);
  const invalid = { score: 7 } as CheckCreditData;
  const outcome = await handle
    .complete(async () => invalid)
    .catch((error: unknown) => {
      const { type, message } = (error as ActivityFailure).cause as { type?: string; message?: string };
      return `${type}: ${message}`;
    });
  await handle.cancel();
  return { message: `${score}, ${outcome}` };
}

/** KuFlow's definition of the task requires more than that of the project. */
export async function StricterWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const data: CheckCreditData = { score: 7, decision: 'ACCEPT' };
  const handle = await openProcess(request).openTask(tasks.checkCredit);
  await handle.complete(async () => data);
  return { message: 'never' };
}

export async function DocumentsWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  openProcess(request);
  const { document, hash } = await transfers.uploadContent({ processId: request.processId, megabytes: 20 });
  const same = (await transfers.hashOfDocument(document)) === hash;
  const status = await activities.statusOfUnknownProcess();
  log.info('Transferred', { same });
  return { message: [document, same, status].join(' ') };
}

/** The workflow of a downloadable action. */
export async function ExportWorkflow({ processId }: ActionRequest): Promise<ActionResponse> {
  const { document } = await transfers.uploadContent({ processId, megabytes: 1 });
  return { downloadable: { documentUri: KuFlowFile.parse(document).uri } };
}

/** An activity that does not end. */
export async function StuckWorkflow(_request: WorkflowRequest): Promise<WorkflowResponse> {
  await activities.ignoreCancellation();
  return { message: 'never' };
}
