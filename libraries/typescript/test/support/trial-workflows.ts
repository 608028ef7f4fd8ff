// Workflows for the tests of the wiring.
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  Trigger,
} from '@temporalio/workflow';
import type { ActionRequest, ActionResponse, WorkflowRequest, WorkflowResponse } from '../../src/internal/model.ts';
import { all } from '../../src/internal/workflow/all.ts';
import { openProcess, TaskCancelled } from '../../src/internal/workflow/kuflow-process.ts';
import { CallRejected, failOnRejection } from '../../src/internal/workflow/rejections.ts';
import { ownActivities } from '../../src/internal/workflow/kuflow-activities.ts';
import { human, message, signalAction, system, thread } from '../../src/internal/workflow/task.ts';

const review = human<{ ok: boolean }>('REVIEW');

/** A task whose scope is canceled by the signal `Stop`. */
export async function ScopeWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const scope = new CancellationScope();
  kuflow.onSignal('Stop', () => scope.cancel());
  const outcome = await scope
    .run(() => kuflow.humanTask(review))
    .catch((error: unknown) => (isCancellation(error) ? 'canceled' : String(error)));
  return { message: String(outcome) };
}

/** Collects what three actions send, of which two share a signal. */
export async function ActionsWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const received: unknown[] = [];
  const actions = {
    note: signalAction<{ text: string }>('NOTE', 'Said'),
    question: signalAction<{ text: string }>('QUESTION', 'Said'),
    withdraw: signalAction('WITHDRAW', 'Withdraw'),
  };
  kuflow.onAction(actions.note, ({ text }, { userActionDefinitionCode }) => void received.push([userActionDefinitionCode, text]));
  kuflow.onAction(actions.question, ({ text }) => void received.push(['question', text]));
  kuflow.onAction(actions.withdraw, (input) => void received.push(['withdraw', String(input)]));
  await condition(() => received.length === 3);
  return { message: JSON.stringify(received) };
}

/** The workflow of a user action. */
export async function ActionWorkflow({ userActionDefinitionCode, userActionId }: ActionRequest): Promise<ActionResponse> {
  return { message: userActionDefinitionCode, downloadable: { documentUri: `ku:${userActionId}` } };
}

/** Creates a task and cancels its scope at once, and then creates another one. */
export async function DroppedTaskWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const scope = new CancellationScope();
  const dropped = scope.run(() => kuflow.humanTask(human('DROPPED'))).catch(() => undefined);
  scope.cancel();
  await dropped;
  await kuflow.humanTask(review);
  return { message: 'done' };
}

/** A deadline whose `onDeadline` calls an activity that is retried until the deadline is far behind. */
export async function StubbornDeadlineWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const { ok } = await kuflow.humanTask(review, {
    deadline: '1 day',
    onDeadline: (task) => task.log('Nobody has decided', 'WARN'),
  });
  return { message: String(ok) };
}

/** A task that is assigned to somebody else at its deadline. */
export async function ReassignedWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const { ok } = await kuflow.humanTask(review, {
    deadline: '1 day',
    onDeadline: (task) => task.assign({ ownerEmail: 'ada@example.com' }),
  });
  return { message: String(ok) };
}

/** Two tasks at the same time. The second one is created later, so that the worker does not read both in the same moment. */
export async function ParallelWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  try {
    const [{ ok }, second] = await all(
      () => kuflow.humanTask(review),
      async () => {
        await sleep('10 minutes');
        return kuflow.humanTask(human<{ a: number }>('SECOND'));
      },
    );
    return { message: `${ok} ${second.a}` };
  } catch (error) {
    if (error instanceof TaskCancelled) return { message: `canceled ${error.code}` };
    throw error;
  }
}

/** A task that KuFlow may reject because of its data. */
export async function RejectedWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  try {
    await failOnRejection(() => kuflow.humanTask(review));
  } catch (error) {
    if (!(error instanceof CallRejected)) throw error;
    return { message: `${error.operation} ${error.status} ${error.response?.message}` };
  }
  return { message: 'created' };
}

/** Uses everything that sends commands. Its histories of released versions are in `released/`, so do not change it. */
export async function EverythingWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  const { check } = ownActivities<{ check(input: string): Promise<{ score: number }> }>();
  const { ok } = await kuflow.humanTask(review, {
    data: { ok: false },
    deadline: '5 hours',
    onDeadline: (task) => task.log('Late', 'WARN'),
  });
  const { score } = await kuflow.systemTask(system<{ score: number }>('CHECK'), check, 'input');
  const opened = await kuflow.openTask(system<{ score: number }>('CHECK'));
  await opened.complete(() => check('input'));
  const task = await kuflow.openTask(human('SECOND'));
  await task.assign({ ownerEmail: 'ada@example.com' });
  await task.cancel();
  await task.done.catch(() => undefined);
  const scope = new CancellationScope();
  const canceled = await scope.run(() => kuflow.openTask(human('SECOND')));
  scope.cancel();
  await canceled.done.catch(() => undefined);
  await all(
    () => kuflow.humanTask(human('THIRD')),
    () => failOnRejection(() => kuflow.humanTask(human('FOURTH'))),
  );
  await kuflow.message(message('RESULT'), { text: 'Done' });
  await kuflow.thread(thread('DISCUSSION'));
  await kuflow.writeMetadata({ score });
  return { message: `${ok} ${JSON.stringify(await kuflow.readMetadata())}` };
}

const tell = defineSignal<[unknown]>('Tell');

/** Sends payloads in every way in which a workflow can, in its second run. */
export async function SecretsWorkflow(request: WorkflowRequest, isSecondRun = false): Promise<unknown> {
  const { processId } = request;
  const activities = ownActivities<Echo>();
  const { echo: echoLocally } = proxyLocalActivities<Echo>({ startToCloseTimeout: '1 minute' });
  setHandler(defineQuery<unknown, [unknown]>('ask'), (value) => ({ asked: value }));
  setHandler(defineUpdate<unknown, [unknown]>('change'), (value) => ({ changed: value }));
  const told = new Trigger<unknown>();
  setHandler(tell, (value) => told.resolve(value));
  if (!isSecondRun) return continueAsNew<typeof SecretsWorkflow>(request, true);
  const child = await startChild(ListenerWorkflow, { args: ['CANARY child'], workflowId: `${processId}-child` });
  await child.signal(tell, 'CANARY child signal');
  const nothing = await activities.echo(undefined);
  return {
    told: await told,
    activity: await activities.echo('CANARY activity'),
    local: await echoLocally('CANARY local activity'),
    child: await child.result(),
    bytes: [...((await activities.echo(new Uint8Array([0, 255]))) as Uint8Array)],
    null: await activities.echo(null),
    isUndefined: nothing === undefined,
  };
}

/** Waits for a signal, and returns what it got. */
export async function ListenerWorkflow(argument: unknown): Promise<readonly unknown[]> {
  const told = new Trigger<unknown>();
  setHandler(tell, (value) => told.resolve(value));
  return [argument, await told];
}

/** Calls an activity with its request, and returns the result. */
export async function EchoWorkflow(request: unknown): Promise<unknown> {
  return ownActivities<Echo>().echo(request);
}

interface Echo {
  echo(value: unknown): Promise<unknown>;
}
