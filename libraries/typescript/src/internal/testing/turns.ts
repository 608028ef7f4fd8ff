import { setTimeout as delay } from 'node:timers/promises';
import type { Info } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

const BETWEEN_CHECKS_MS = 5;

interface State {
  /** The last activity of the workflow that ended. The test server may not know about it yet. */
  ended?: Pick<Info, 'activityId' | 'attempt'>;
  /** Ends after the last action, so that actions run one after the other. */
  queue: Promise<void>;
}

/**
 * Lets a workflow handle the end of each activity, and each signal, before the next one. Temporal's test server refuses a workflow task that
 * cancels an activity which ended a moment ago (`ACTIVITY_UNKNOWN`), and never repeats the task. Temporal itself accepts it.
 */
export interface Turns {
  readonly interceptor: ActivityInterceptorsFactory;
  /** Does something that the workflow handles, such as sending it a signal. */
  take(workflowId: string, action: () => Promise<void>): Promise<void>;
  /** The workflow handles something only during `work`. */
  during<Result>(workflowId: string, work: () => Promise<Result>): Promise<Result>;
}

/** The turns of the workflows of a test server. */
export function createTurns(client: WorkflowClient): Turns {
  const states = new Map<string, State>();
  const running = new Set<string>();

  const isIdle = async (workflowId: string, { ended }: State): Promise<boolean> => {
    const handle = client.getHandle(workflowId);
    const { status, raw } = await handle.describe();
    if (status.name !== 'RUNNING') return true;
    const pending = raw.pendingActivities ?? [];
    if (pending.some((one) => one.activityId === ended?.activityId && one.attempt === ended?.attempt)) return false;
    const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as { events: { eventType: string }[] };
    const lastTask = events.findLast(({ eventType }) => eventType.startsWith('EVENT_TYPE_WORKFLOW_TASK_'));
    return lastTask?.eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED';
  };

  const inTurn = (workflowId: string, action: (state: State) => Promise<void>): Promise<void> => {
    const state = states.get(workflowId) ?? { queue: Promise.resolve() };
    states.set(workflowId, state);
    const turn = state.queue.then(async () => {
      while (!(await isIdle(workflowId, state))) await delay(BETWEEN_CHECKS_MS);
      await action(state);
    });
    state.queue = turn.catch(() => undefined);
    return turn;
  };

  return {
    interceptor: ({ info }) => ({
      inbound: {
        execute: async (input, next) => {
          try {
            return await next(input);
          } finally {
            // A local activity is a part of a workflow task.
            if (!info.isLocal)
              await inTurn(info.workflowExecution?.workflowId ?? '', async (state) => {
                state.ended = info;
              });
          }
        },
      },
    }),
    take: (workflowId, action) => (running.has(workflowId) ? inTurn(workflowId, action) : action()),
    during: async (workflowId, work) => {
      running.add(workflowId);
      try {
        return await work();
      } finally {
        running.delete(workflowId);
      }
    },
  };
}
