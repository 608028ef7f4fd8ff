import { isoTime } from '../../base/clock.ts';
import { describeTaskQueue, type Poller, type TaskQueueInfo } from '../../engine/task-queue.ts';
import { readWorkflowStart } from '../../engine/first-event.ts';
import type { CallOptions, RpcResult } from '../../engine/rpc.ts';
import type { Check, Finding } from '../check.ts';
import type { Sourced } from '../../connection/inspect.ts';
import { correctedNow, type DoctorFound, type DoctorInput } from '../input.ts';
import { rpcCause } from '../causes/engine.ts';
import { engineFinding, stepMs } from '../causes/engine-findings.ts';
import { toFinding } from '../explain-finding.ts';

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

type Kind = 'workflow' | 'activity';
type Seen = Readonly<Record<Kind, TaskQueueInfo>>;

const KINDS: readonly Kind[] = ['workflow', 'activity'];
const PLURAL: Readonly<Record<Kind, string>> = { workflow: 'workflows', activity: 'activities' };

/** A queue as one kind of its tasks is polled: by whom still, when anybody last did, and how many wait. */
interface KindSeen {
  readonly fresh: readonly Poller[];
  /** Milliseconds since the epoch; 0: nobody did. */
  readonly latest: number;
  readonly backlog: number;
}

function kindSeen({ pollers, backlog = 0 }: TaskQueueInfo, now: number): KindSeen {
  const newest = pollers.toSorted((one, other) => other.lastAccess - one.lastAccess);
  const fresh = newest.filter(({ lastAccess }) => now - lastAccess <= STALE_MS);
  return { fresh, latest: newest[0]?.lastAccess ?? 0, backlog };
}

function judge(seen: Seen, queue: Sourced<string>, now: number): Finding<never> {
  const kinds = { workflow: kindSeen(seen.workflow, now), activity: kindSeen(seen.activity, now) };
  const { workflow, activity } = kinds;
  const latest = Math.max(workflow.latest, activity.latest);
  const facts = {
    queue: queue.value,
    workflowPollers: seen.workflow.pollers.length,
    activityPollers: seen.activity.pollers.length,
    identities: workflow.fresh.slice(0, SHOWN_POLLERS).map(({ identity }) => identity),
    ...(latest > 0 && { lastSeen: isoTime(latest) }),
    ...(seen.workflow.backlog !== undefined && { backlog: seen.workflow.backlog }),
    ...(seen.activity.backlog !== undefined && { activityBacklog: seen.activity.backlog }),
  };
  const finding = (code: string, text: string, kind: Kind = 'workflow'): Finding<never> => {
    const values = { queue: queue.value, source: queue.source, kind: PLURAL[kind] };
    return toFinding({ id: 'KF-POLL-001', code, text, facts, values });
  };
  const name = `the task queue ${queue.value}`;
  const ago = `for ${Math.round((now - latest) / 60_000)} minutes`;

  const waiting = KINDS.find((kind) => kinds[kind].backlog > 0 && kinds[kind].fresh.length === 0);
  if (waiting !== undefined) {
    const { backlog } = kinds[waiting];
    const many = backlog === 1 ? `1 ${waiting} task waits in ${name}` : `${backlog} ${waiting} tasks wait in ${name}`;
    const other = waiting === 'workflow' ? 'activity' : 'workflow';
    if (kinds[other].fresh.length > 0) {
      const text = `${many}, which is polled for ${PLURAL[other]} and not for ${PLURAL[waiting]}`;
      return finding('pollers-wrong-kind-backlog', text, waiting);
    }
    return latest > 0
      ? finding('pollers-stale-backlog', `${many}, and nobody has polled it ${ago}`)
      : finding('pollers-none-backlog', `${many}, and nobody polls it`);
  }
  const [first] = facts.identities;
  if (first !== undefined) {
    const more = workflow.fresh.length > 1 ? ` and ${workflow.fresh.length - 1} more` : '';
    return { state: 'pass', summary: `${name} is polled by ${first}${more}`, facts };
  }
  if (activity.fresh.length > 0)
    return finding('pollers-wrong-kind', `${activity.fresh.length} poll ${name} for activities, nobody for workflows`);
  return latest > 0
    ? finding('pollers-stale', `Nobody has polled ${name} ${ago}`)
    : finding('pollers-none', `Nobody polls ${name}`);
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
    return toFinding({
      ...{ id: 'KF-PROC-001', code: 'process-queue-differs', facts },
      text: `The process was started on the task queue ${quoted(start.taskQueue)}, and this worker polls ${quoted(queue.value)}`,
      values: { source: queue.source },
    });
  }
  const processes = project === undefined ? [] : await project.processes().catch(() => []);
  if (processes.length > 0 && !processes.some(({ workflowType }) => workflowType === start.workflowType)) {
    const own = processes.map(({ workflowType }) => quoted(workflowType)).join(', ');
    return toFinding({
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
