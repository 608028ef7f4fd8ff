import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowClient } from '@temporalio/client';
import type { KuFlowActivities, ProcessItem, WorkerActivities } from '../../src/kuflow/model.ts';

export const APPLICATION_ID = '00000000-0000-4000-8000-00000000000a';

type Item = { -readonly [Field in keyof ProcessItem]: ProcessItem[Field] };

export interface FakeKuFlow {
  readonly items: readonly Item[];
  readonly activities: Partial<KuFlowActivities> & WorkerActivities;
}

/**
 * KuFlow for a workflow test, in memory: `person` completes each task that has no owner, with the data that it
 * returns, or cancels it by returning `cancel`.
 */
export function fakeKuFlow(client: WorkflowClient, person: (code: string) => object | 'cancel'): FakeKuFlow {
  const items: Item[] = [];

  const find = (id: string): Item => {
    const item = items.find((one) => one.id === id);
    if (item === undefined) throw ApplicationFailure.nonRetryable(`no item ${id}`);
    return item;
  };

  const activities: FakeKuFlow['activities'] = {
    KuFlow_Worker_retrieveApplication: async () => ({ applicationId: APPLICATION_ID }),

    KuFlow_Engine_createProcessItem: async ({
      id,
      type,
      processId,
      ownerId,
      processItemDefinitionCode: code = '',
      message,
    }) => {
      const item: Item = {
        id,
        type,
        processId,
        processItemDefinitionRef: { id: code, code },
        ...(ownerId === undefined ? {} : { ownerId }),
        ...(message === undefined ? {} : { message: { text: message.text ?? '' } }),
        ...(type === 'TASK' ? { task: { state: ownerId === undefined ? 'READY' : 'CLAIMED' } } : {}),
      };
      items.push(item);
      if (type === 'TASK' && ownerId === undefined) {
        const answer = person(code);
        if (answer === 'cancel') {
          item.task = { state: 'CANCELLED' };
        } else {
          item.task = { state: 'COMPLETED', data: { valid: true, value: answer as Record<string, unknown> } };
          const { workflowExecution } = Context.current().info;
          // Ahead of the answer to the create, as it may happen with KuFlow.
          await client
            .getHandle(workflowExecution?.workflowId ?? '')
            .signal('KuFlow_Engine_Signal_Process_Item', { id, type, payload: { processItemDefinitionCode: code } });
        }
      }
      return { processItem: item };
    },

    KuFlow_Engine_retrieveProcessItem: async ({ processItemId }) => ({ processItem: find(processItemId) }),

    KuFlow_Engine_updateProcessItemTaskData: async ({ processItemId, data }) => {
      const item = find(processItemId);
      item.task = { state: item.task?.state ?? 'READY', data: { value: data.value as Record<string, unknown> } };
      return { processItem: item };
    },

    KuFlow_Engine_completeProcessItemTask: async ({ processItemId }) => {
      const item = find(processItemId);
      item.task = { ...item.task, state: 'COMPLETED' };
      return { processItem: item };
    },

    KuFlow_Engine_appendProcessItemTaskLog: async ({ processItemId }) => ({ processItem: find(processItemId) }),
  };
  return { items, activities };
}
