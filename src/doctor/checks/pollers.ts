import { isoTime } from '../../base/iso-time.ts';
import { describeTaskQueue, type TaskQueueInfo } from '../../engine/task-queue.ts';
import { readWorkflowStart } from '../../engine/first-event.ts';
import type { CallOptions, RpcResult } from '../../engine/rpc.ts';
import type { Check, Finding } from '../check.ts';
import type { Sourced } from '../connection-input.ts';
import { correctedNow, type DoctorFound, type DoctorInput } from '../doctor-input.ts';
import { rpcCause } from '../engine-causes.ts';
import { engineFinding, stepMs } from '../engine-findings.ts';
import { explainedFinding } from '../explained.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

/** A worker that waits for work asks anew about once a minute. */
const STALE_MS = 2 * 60_000;
const SHOWN_POLLERS = 5;

/** What an engine says that does not let us look; undefined for any other answer. */
function restricted(result: Extract<RpcResult<unknown>, { readonly ok: false }>): Finding<never> | undefined {
  if (result.kind !== 'status' || (result.name !== 'PERMISSION_DENIED' && result.name !== 'UNIMPLEMENTED'))
    return undefined;
  return {
    state: 'skip',
    skipped: 'restricted',
    summary: 'the engine restricts this call',
    facts: { status: result.name },
  };
}

interface Seen {
  readonly workflow: TaskQueueInfo;
  readonly activity: TaskQueueInfo;
}

function judge({ workflow, activity }: Seen, queue: Sourced<string>, now: number): Finding<never> {
  const latest = Math.max(0, ...workflow.pollers.map(({ lastAccess }) => lastAccess));
  const facts = {
    queue: queue.value,
    workflowPollers: workflow.pollers.length,
    activityPollers: activity.pollers.length,
    identities: workflow.pollers.slice(0, SHOWN_POLLERS).map(({ identity }) => identity),
    ...(latest > 0 && { lastSeen: isoTime(latest) }),
    ...(workflow.backlog !== undefined && { backlog: workflow.backlog }),
  };
  const finding = (code: string, text: string): Finding<never> =>
    explainedFinding({ id: 'KF-POLL-001', code, text, facts, values: { queue: queue.value, source: queue.source } });
  const name = `the task queue ${queue.value}`;
  if (workflow.pollers.length === 0) {
    if ((workflow.backlog ?? 0) > 0)
      return finding('pollers-none-backlog', `${workflow.backlog} tasks wait in ${name}, and nobody polls it`);
    return activity.pollers.length > 0
      ? finding('pollers-wrong-kind', `${activity.pollers.length} poll ${name} for activities, nobody for workflows`)
      : finding('pollers-none', `Nobody polls ${name}`);
  }
  if (now - latest > STALE_MS) {
    const minutes = Math.round((now - latest) / 60_000);
    return finding('pollers-stale', `Nobody has polled ${name} for ${minutes} minutes`);
  }
  const [first] = facts.identities;
  const more = workflow.pollers.length > 1 ? ` and ${workflow.pollers.length - 1} more` : '';
  return { state: 'pass', summary: `${name} is polled by ${first ?? ''}${more}`, facts };
}

export const queuePollers: DoctorCheck = {
  id: 'KF-POLL-001',
  title: 'Pollers of the task queue',
  plane: 'pollers',
  docs: 'kf-poll-001',
  requires: ['KF-ENGINE-002'],
  offline: false,
  timeoutMs: 8_000,
  notApplicable: ({ queue }) => (queue === undefined ? 'no task queue is set' : undefined),
  run: async ({ input, found, signal }) => {
    const { connection, namespace } = found;
    const { queue } = input;
    if (connection === undefined || namespace === undefined || queue === undefined)
      throw new Error('no connection, namespace or queue was found before');
    const options = callOptions(input, found, signal);
    const ask = (type: 'workflow' | 'activity'): Promise<RpcResult<TaskQueueInfo>> =>
      describeTaskQueue(connection, { namespace: namespace.value, name: queue.value, type }, options);
    const [workflow, activity] = await Promise.all([ask('workflow'), ask('activity')]);
    if (!workflow.ok || !activity.ok) {
      const failed = workflow.ok ? activity : workflow;
      if (failed.ok) throw new Error('one of the two has failed');
      // A queue that nobody has ever used is unknown to the engine.
      if (failed.kind === 'status' && failed.name === 'NOT_FOUND')
        return judge({ workflow: { pollers: [] }, activity: { pollers: [] } }, queue, input.clock.now());
      return restricted(failed) ?? engineFinding(rpcCause(failed, 'DescribeTaskQueue'), input, { queue: queue.value });
    }
    return judge({ workflow: workflow.value, activity: activity.value }, queue, correctedNow(input, found));
  },
};

function callOptions(input: DoctorInput, { token }: Readonly<Partial<DoctorFound>>, signal: AbortSignal): CallOptions {
  return { timeoutMs: stepMs(input), signal, ...(token && { token }) };
}

export const processStart: DoctorCheck = {
  id: 'KF-PROC-001',
  title: 'Workflow of the process',
  plane: 'pollers',
  docs: 'kf-proc-001',
  requires: ['KF-ENGINE-002'],
  offline: false,
  timeoutMs: 8_000,
  notApplicable: ({ processId }) => (processId === undefined ? 'no process is named (--process ID)' : undefined),
  run: async ({ input, found, signal }) => {
    const { connection, namespace } = found;
    const { processId } = input;
    if (connection === undefined || namespace === undefined || processId === undefined)
      throw new Error('no connection or namespace was found before');
    const workflow = { namespace: namespace.value, id: processId };
    const result = await readWorkflowStart(connection, workflow, callOptions(input, found, signal));
    if (!result.ok) {
      if (result.kind === 'status' && (result.name === 'NOT_FOUND' || result.name === 'INVALID_ARGUMENT')) {
        const summary = `the engine has no workflow ${processId}: it may have been removed, or has another id`;
        return { state: 'skip', skipped: 'not-applicable', summary, facts: { status: result.name } };
      }
      return restricted(result) ?? engineFinding(rpcCause(result, 'GetWorkflowExecutionHistory'), input, {});
    }
    return await compare(result.value, input);
  },
};

async function compare(
  start: { readonly workflowType: string; readonly taskQueue: string },
  input: DoctorInput,
): Promise<Finding<never>> {
  const { queue, project } = input;
  const facts = { workflowType: start.workflowType, taskQueue: start.taskQueue };
  if (start.taskQueue === '' || start.workflowType === '')
    return { state: 'skip', skipped: 'restricted', summary: 'the engine does not show how it was started', facts };
  if (queue !== undefined && queue.value !== start.taskQueue) {
    return explainedFinding({
      ...{ id: 'KF-PROC-001', code: 'process-queue-differs', facts },
      text: `The process was started on the task queue ${quoted(start.taskQueue)}, and this worker polls ${quoted(queue.value)}`,
      values: { source: queue.source },
    });
  }
  const processes = project === undefined ? [] : await project.processes().catch(() => []);
  if (processes.length > 0 && !processes.some(({ workflowType }) => workflowType === start.workflowType)) {
    const own = processes.map(({ workflowType }) => quoted(workflowType)).join(', ');
    return explainedFinding({
      ...{ id: 'KF-PROC-001', code: 'process-type-differs', facts },
      text: `The process was started as ${quoted(start.workflowType)}, and this worker has ${own}`,
      values: { file: processes[0]?.file ?? 'kuflow.process.yaml' },
    });
  }
  const summary = `${start.workflowType} on ${start.taskQueue}${queue === undefined ? '' : ', as this worker'}`;
  return { state: 'pass', summary, facts };
}

/** So that a blank at the end is seen. */
const quoted = (text: string): string => JSON.stringify(text);
