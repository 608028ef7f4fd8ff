import protobuf from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import type { EngineConnection } from '../../../src/engine/rpc.ts';
import { readWorkflowHistory } from '../../../src/engine/workflow-history.ts';

const { temporal } = protobuf;
const { EventType } = temporal.api.enums.v1;
const { History } = temporal.api.history.v1;
const { GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse } = temporal.api.workflowservice.v1;

type Type = Exclude<keyof typeof EventType, 'EVENT_TYPE_UNSPECIFIED'>;

/** Serves a history with these types of events, two events in a page. */
function engineWith(types: readonly Type[]): Pick<EngineConnection, 'call'> {
  const events = types.map((type, at) => ({
    eventId: at + 1,
    eventTime: { seconds: 1_000 + at },
    eventType: EventType[type],
    ...(at === 0 && { workflowExecutionStartedEventAttributes: { taskQueue: { name: 'LOAN_QUEUE' } } }),
  }));
  return {
    call: (method, { namespace, message }) => {
      const request = GetWorkflowExecutionHistoryRequest.decode(message);
      expect({ method, namespace, id: request.execution?.workflowId }).toEqual({
        ...{ method: 'GetWorkflowExecutionHistory', namespace: 'tenant', id: 'process' },
      });
      const from = Number(Buffer.from(request.nextPageToken).toString() || '0');
      const isLast = from + 2 >= events.length;
      const nextPageToken = isLast ? new Uint8Array() : Buffer.from(String(from + 2));
      const page = { history: { events: events.slice(from, from + 2) }, nextPageToken };
      const value = GetWorkflowExecutionHistoryResponse.encode(
        GetWorkflowExecutionHistoryResponse.fromObject(page),
      ).finish();
      return Promise.resolve({ ok: true, value, ms: 1 });
    },
  };
}

async function read(types: readonly Type[]) {
  const workflow = { namespace: 'tenant', id: 'process' };
  const result = await readWorkflowHistory(engineWith(types) as EngineConnection, workflow, { timeoutMs: 1_000 });
  if (!result.ok) throw new Error('no history');
  return History.decode(result.value).events;
}

const STARTED: readonly Type[] = ['EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED'];
const WAITING: readonly Type[] = [
  ...STARTED,
  'EVENT_TYPE_WORKFLOW_TASK_STARTED',
  'EVENT_TYPE_WORKFLOW_TASK_COMPLETED',
  'EVENT_TYPE_TIMER_STARTED',
];

describe('the history of a workflow', () => {
  it('has the events of all pages, and another workflow task, so that the commands of the last one are compared', async () => {
    const events = await read(WAITING);
    expect(events.map(({ eventId, eventType }) => [Number(eventId), eventType])).toEqual([
      ...WAITING.map((type, at) => [at + 1, EventType[type]]),
      [6, EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED],
      [7, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED],
    ]);
    expect(events[5]?.workflowTaskScheduledEventAttributes?.taskQueue?.name).toBe('LOAN_QUEUE');
    expect(Number(events[6]?.workflowTaskStartedEventAttributes?.scheduledEventId)).toBe(6);
    expect(Number(events[6]?.eventTime?.seconds)).toBe(1_004);
  });

  it('continues a scheduled workflow task, even if a signal follows it', async () => {
    const types: readonly Type[] = [
      ...WAITING,
      'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED',
      'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED',
    ];
    const events = await read(types);
    expect(events).toHaveLength(8);
    expect(Number(events[7]?.workflowTaskStartedEventAttributes?.scheduledEventId)).toBe(6);
  });

  it.each([
    ['a workflow task is running', [...STARTED, 'EVENT_TYPE_WORKFLOW_TASK_STARTED']],
    ['the workflow has completed', [...WAITING, 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED']],
    ['the workflow was terminated', [...WAITING, 'EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED']],
  ] as const)('stays as it is if %s', async (_, types) => {
    expect(await read(types)).toHaveLength(types.length);
  });
});
