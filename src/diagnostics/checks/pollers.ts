import { isoTime } from '../../base/clock.ts';
import { describeTaskQueue, type TaskQueueInfo } from '../../engine/task-queue.ts';
import type { RpcResult } from '../../engine/rpc.ts';
import { passed, type Finding, type DoctorCheck } from '../check.ts';
import type { Sourced } from '../../connection/inspect.ts';
import { correctedNow } from '../clock-skew.ts';
import { callOptions, optionalCallFinding, requireEngine } from '../causes/engine-findings.ts';
import { toFinding } from '../explain-finding.ts';
import { hasUnreadFile } from './settings-files.ts';

/** An idle worker polls again about once a minute. */
const STALE_MS = 2 * 60_000;
const SHOWN_POLLERS = 5;

type TaskKind = 'workflow' | 'activity';
type QueueByKind = Readonly<Record<TaskKind, TaskQueueInfo>>;

const KINDS: readonly TaskKind[] = ['workflow', 'activity'];
const PLURAL: Readonly<Record<TaskKind, string>> = { workflow: 'workflows', activity: 'activities' };

/**
 * One kind of task in a queue: its current pollers, when it was last polled, in milliseconds since the epoch (0 if never), and how many tasks are
 * waiting.
 */
function summarizeKind({ pollers, backlog = 0 }: TaskQueueInfo, now: number) {
  const newest = pollers.toSorted((one, other) => other.lastAccess - one.lastAccess);
  const fresh = newest.filter(({ lastAccess }) => now - lastAccess <= STALE_MS);
  return { fresh, latest: newest[0]?.lastAccess ?? 0, backlog };
}

function evaluatePollers(seen: QueueByKind, queue: Sourced<string>, now: number): Finding {
  const kinds = { workflow: summarizeKind(seen.workflow, now), activity: summarizeKind(seen.activity, now) };
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
  const finding = (code: string, text: string, kind: TaskKind = 'workflow'): Finding => {
    const values = { queue: queue.value, source: queue.source, kind: PLURAL[kind] };
    return toFinding('KF-POLL-001', code, text, { facts, values });
  };
  const name = `task queue ${queue.value}`;
  const ago = `for ${Math.round((now - latest) / 60_000)} minutes`;

  const waiting = KINDS.find((kind) => kinds[kind].backlog > 0 && kinds[kind].fresh.length === 0);
  if (waiting !== undefined) {
    const { backlog } = kinds[waiting];
    const tasks =
      backlog === 1 ? `1 ${waiting} task is waiting in ${name}` : `${backlog} ${waiting} tasks are waiting in ${name}`;
    const other = waiting === 'workflow' ? 'activity' : 'workflow';
    if (kinds[other].fresh.length > 0) {
      const text = `${tasks}, which is polled for ${PLURAL[other]} but not for ${PLURAL[waiting]}`;
      return finding('pollers-wrong-kind-backlog', text, waiting);
    }
    return latest > 0
      ? finding('pollers-stale-backlog', `${tasks}, and no worker has polled it ${ago}`)
      : finding('pollers-none-backlog', `${tasks}, and no worker is polling it`);
  }
  const [first] = facts.identities;
  if (first !== undefined) {
    const more = workflow.fresh.length > 1 ? ` and ${workflow.fresh.length - 1} more` : '';
    return passed(`${name} is polled by ${first}${more}`, facts);
  }
  if (activity.fresh.length > 0)
    return finding('pollers-wrong-kind', `Workers poll ${name} for activities but not for workflows`);
  return latest > 0
    ? finding('pollers-stale', `No worker has polled ${name} ${ago}`)
    : finding('pollers-none', `No worker is polling ${name}`);
}

export const pollersCheck: DoctorCheck = {
  id: 'KF-POLL-001',
  title: 'Task queue pollers',
  plane: 'pollers',
  requires: ['KF-ENGINE-002'],
  timeoutMs: 8_000,
  notApplicable: (input) => (input.queue === undefined && !hasUnreadFile(input) ? 'no task queue is set' : undefined),
  run: async ({ input, outputs, signal }) => {
    const { connection, namespace } = requireEngine(outputs);
    const { queue } = input;
    if (queue === undefined) throw new Error('there is no task queue');
    const options = callOptions(input, outputs, signal);
    const ask = (type: 'workflow' | 'activity'): Promise<RpcResult<TaskQueueInfo>> =>
      describeTaskQueue(connection, { namespace: namespace.value, name: queue.value, type }, options);
    const [workflow, activity] = await Promise.all([ask('workflow'), ask('activity')]);
    if (!workflow.ok || !activity.ok) {
      const failed = workflow.ok ? activity : workflow;
      if (failed.ok) throw new Error('one of the two calls failed');
      // The engine does not know a queue that has never been used.
      if (failed.kind === 'status' && failed.name === 'NOT_FOUND')
        return evaluatePollers({ workflow: { pollers: [] }, activity: { pollers: [] } }, queue, input.clock.now());
      return optionalCallFinding(failed, 'DescribeTaskQueue', input, { queue: queue.value });
    }
    return evaluatePollers({ workflow: workflow.value, activity: activity.value }, queue, correctedNow(input, outputs));
  },
};
