import { withoutUndefined } from '../../base/json.ts';
import type { ProcessItemTaskState } from '../../kuflow/contract/process-items.ts';
import { badRequest, orNotFound } from '../domain/api-error.ts';
import { requireProcess } from '../domain/process-view.ts';
import type {
  FailingWorkStatus,
  ProcessWait,
  ProcessWaitResult,
  WaitedItem,
  WorkersWait,
  WorkersWaitResult,
} from '../shared/dev-contract.ts';
import { findItemsOfProcess } from '../store/process-items.ts';
import { relativeToFolder } from '../temporal/failing-work.ts';
import type { RestDeps } from './deps.ts';

const DEFAULT_SECONDS = 30;
/** Milliseconds. The Temporal server has to be asked who polls. */
const POLLERS_EVERY = 100;
/** Milliseconds, for a change without an event. */
const PROCESS_EVERY = 1000;

const OPEN: readonly ProcessItemTaskState[] = ['READY', 'CLAIMED'];

/** Waits until each of the task queues has a worker. Ends early when the client is gone. */
export async function waitForWorkers(
  deps: RestDeps,
  { taskQueue, process, timeoutSeconds = DEFAULT_SECONDS }: WorkersWait,
  closed: AbortSignal,
): Promise<WorkersWaitResult> {
  const queues = process === undefined ? taskQueue : queueOf(deps, process);
  // The time limit of a wait is real time: a skip must not end it.
  const { real: clock } = deps.domain.clock;
  const deadline = clock.now() + timeoutSeconds * 1000;
  for (;;) {
    const status = await deps.workers.status(queues);
    const asked = status.queues.filter((queue) => queues === undefined || queue.taskQueue === queues);
    const polling = asked.every(({ pollers }) => pollers.length > 0);
    if (polling || closed.aborted || clock.now() >= deadline) return { polling, ...status };
    await clock.sleep(POLLERS_EVERY);
  }
}

function queueOf({ domain }: RestDeps, code: string): string {
  const served = domain.definitions.all.find(({ ref }) => ref.code === code);
  const { workflow } = orNotFound(served, 'process definition', code).definition;
  if (workflow === undefined)
    throw badRequest(`Process ${code} does not have a workflow, so it has no workers`, 'body.process');
  return workflow.taskQueue;
}

/** Waits until the process is as wanted, or can no longer become so because it or its workflow has ended. Ends early when the client is gone. */
export async function waitForProcess(
  deps: RestDeps,
  id: string,
  { timeoutSeconds = DEFAULT_SECONDS, ...wanted }: ProcessWait,
  closed: AbortSignal,
): Promise<ProcessWaitResult> {
  const { domain, events } = deps;
  const { real: clock } = domain.clock;
  const deadline = clock.now() + timeoutSeconds * 1000;
  let changed = new AbortController();
  const onClose = (): void => changed.abort();
  closed.addEventListener('abort', onClose);
  const unsubscribe = events.subscribe((event) => {
    if (event.kind === 'process' && event.processId === id) changed.abort();
  });
  try {
    for (;;) {
      changed = new AbortController();
      const process = requireProcess(domain, id);
      const items = findItemsOfProcess(domain.store.sql, id).map((item): WaitedItem =>
        withoutUndefined({ id: item.id, type: item.type, code: item.definition?.code, state: item.task?.state }),
      );
      const reached = isReached(process.state, items, wanted);
      const left = deadline - clock.now();
      const hasEnded = process.state !== 'RUNNING' || process.workflowOutcome !== undefined;
      if (reached || hasEnded || closed.aborted || left <= 0) {
        const queue = domain.definitions.forProcess(process.definition)?.definition.workflow?.taskQueue;
        const [failing, pollers] = await Promise.all([
          readFailingWork(deps, id),
          queue === undefined ? [] : deps.workers.pollers(queue),
        ]);
        const result = { reached, process: { id, state: process.state }, items, pollers, failing };
        if (reached) return result;
        return { ...result, problem: describeProblem(process.definition.code, result, { ...wanted, timeoutSeconds }) };
      }
      // It rejects when the signal aborts.
      await clock.sleep(Math.min(left, PROCESS_EVERY), changed.signal).catch(() => undefined);
    }
  } finally {
    unsubscribe();
    closed.removeEventListener('abort', onClose);
  }
}

/** What has failed in the workflow of a process. Locations are relative to the working directory. */
export async function readFailingWork(deps: RestDeps, id: string): Promise<FailingWorkStatus[]> {
  return (await deps.listFailingWork(id)).map((work) => {
    const { kind, name, failures, message, location } = relativeToFolder(work, process.cwd());
    return withoutUndefined({ kind, name, failures, message, location });
  });
}

function isReached(
  state: ProcessWaitResult['process']['state'],
  items: readonly WaitedItem[],
  { states, task, taskStates = OPEN }: Omit<ProcessWait, 'timeoutSeconds'>,
): boolean {
  const hasTask =
    task === undefined ||
    items.some((item) => item.code === task && item.state !== undefined && taskStates.includes(item.state));
  const hasState = states === undefined ? task !== undefined || state !== 'RUNNING' : states.includes(state);
  return hasTask && hasState;
}

/** What a person has to know about a process that is not as wanted. */
function describeProblem(
  processCode: string,
  { process: { id, state }, items, pollers, failing }: Omit<ProcessWaitResult, 'reached' | 'problem'>,
  { states, task, timeoutSeconds }: ProcessWait,
): string {
  const missing = states === undefined ? 'has not ended' : `is not ${states.join(' or ')}`;
  const wanted = task === undefined ? missing : `does not have an open task ${task}`;
  // The answer comes before the limit if the process or its workflow has ended.
  const when = state === 'RUNNING' ? ` after ${timeoutSeconds} s` : '';
  const open = items.filter((item) => item.state !== undefined && OPEN.includes(item.state));
  const last = failing.at(-1);
  return [
    `Process ${processCode} ${id} ${wanted}${when}: it is ${state}`,
    `Open tasks: ${open.map((item) => `${item.code} (${item.state})`).join(', ') || 'none'}`,
    `Worker: ${pollers.length === 0 ? 'no worker is polling the task queue' : `${pollers.join(', ')} polls`}`,
    ...(last === undefined
      ? []
      : [
          `Last failure: ${last.name}, attempt ${last.failures}: ${last.message}${last.location === undefined ? '' : ` (${last.location})`}`,
        ]),
  ].join('\n');
}
