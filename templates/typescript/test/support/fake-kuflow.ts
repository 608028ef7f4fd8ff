import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowClient } from '@temporalio/client';
import type {
  JsonPatchOperation,
  KuFlowActivities,
  Process,
  ProcessItem,
  WorkerActivities,
} from '../../src/kuflow/model.ts';

export const APPLICATION_ID = '00000000-0000-4000-8000-00000000000a';
const TENANT_ID = '00000000-0000-4000-8000-00000000000b';

type Item = { -readonly [Field in keyof ProcessItem]: ProcessItem[Field] };

export interface FakeKuFlow {
  readonly items: readonly Item[];
  /** The current metadata of the process. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly activities: Partial<KuFlowActivities> & WorkerActivities;
  /** Sends a signal to the workflow of a process, such as that of a user action. */
  signal(processId: string, name: string, payload?: unknown): Promise<void>;
}

/**
 * An in-memory KuFlow for workflow tests. `person` completes each task without an owner with the data it returns, or cancels
 * the task if it returns `cancel`. `initialMetadata` is the metadata of the process when it starts.
 */
export function fakeKuFlow(
  client: WorkflowClient,
  person: (code: string) => object | 'cancel',
  initialMetadata: Record<string, unknown> = {},
): FakeKuFlow {
  const items: Item[] = [];
  let metadata = { ...initialMetadata };

  const processOf = (id: string): { process: Process } => ({
    process: { id, state: 'RUNNING', tenantId: TENANT_ID, metadata: { valid: true, value: metadata } },
  });

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
        const data = person(code);
        if (data === 'cancel') {
          item.task = { state: 'CANCELLED' };
        } else {
          item.task = { state: 'COMPLETED', data: { valid: true, value: data as Record<string, unknown> } };
          const { workflowExecution } = Context.current().info;
          // Sent before the task is returned, which can happen with KuFlow too.
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

    KuFlow_Engine_retrieveProcess: async ({ processId }) => processOf(processId),

    KuFlow_Engine_updateProcessMetadata: async ({ processId, metadata: { value } }) => {
      metadata = { ...value };
      return processOf(processId);
    },

    KuFlow_Engine_patchProcessMetadata: async ({ processId, jsonPatch }) => {
      metadata = jsonPatch.reduce(applyPatch, metadata);
      return processOf(processId);
    },
  };
  return {
    items,
    get metadata() {
      return metadata;
    },
    activities,
    signal: (processId, name, payload = {}) => client.getHandle(processId).signal(name, payload),
  };
}

/** Supports only top-level fields, as `writeMetadata` sets them. */
function applyPatch(
  value: Record<string, unknown>,
  { op, path, value: next }: JsonPatchOperation,
): Record<string, unknown> {
  const [, field, ...deeper] = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (field === undefined || deeper.length > 0 || !['add', 'replace', 'remove'].includes(op))
    throw ApplicationFailure.nonRetryable(`not supported in tests: ${op} ${path}`);
  const others = Object.entries(value).filter(([name]) => name !== field);
  return Object.fromEntries(op === 'remove' ? others : [...others, [field, next]]);
}
