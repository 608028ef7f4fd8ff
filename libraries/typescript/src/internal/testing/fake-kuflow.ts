import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowClient } from '@temporalio/client';
import { createKuFlowActivities } from '../activities.ts';
import type { KuFlowClient } from '../client.ts';
import type { Documents } from '../documents.ts';
import type { Validators } from '../task-data.ts';
import type {
  JsonPatchOperation,
  KuFlowActivities,
  KuFlowOperations,
  Process,
  ProcessItem,
  UserActionSignal,
  WorkerActivities,
} from '../model.ts';
import { KuFlowFile } from '../values.ts';
import type { SignalAction } from '../workflow/task.ts';
import type { Turns } from './turns.ts';

export const APPLICATION_ID = '00000000-0000-4000-8000-00000000000a';
const TENANT_ID = '00000000-0000-4000-8000-00000000000b';
export const PERSON_ID = '00000000-0000-4000-8000-00000000000c';

/** An item of the process, whose state changes. */
type Item = { -readonly [Field in keyof ProcessItem]: ProcessItem[Field] };

/** An entry in a task log. */
export interface TaskLog {
  readonly code: string;
  readonly level: string;
  readonly message: string;
}

/** What a person does with an open task: enter data, cancel the task, or leave it open until the worker checks it again. */
export type Person = (code: string, logs: readonly TaskLog[]) => object | 'cancel' | 'wait';

/** An in-memory KuFlow for testing a process. */
export interface FakeKuFlow {
  /** The items of the process, in the order of their creation. */
  readonly items: readonly Item[];
  /** The entries in the task logs. */
  readonly logs: readonly TaskLog[];
  /** The current metadata of the process. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The client for your own activities. It has the operations that most processes need. Replace others in your tests. */
  readonly kuflow: KuFlowClient;
  /** KuFlow's activities. */
  readonly activities: Partial<KuFlowActivities> & WorkerActivities;
  /** Invokes a user action on a process: sends its signal to the workflow, as KuFlow does. */
  act<Input>(processId: string, action: SignalAction<Input>, input?: Input): Promise<void>;
  /** Sends a signal to the workflow of a process. For the signal of a user action, use `act`. */
  signal(processId: string, name: string, payload?: unknown): Promise<void>;
}

/**
 * An in-memory KuFlow for workflow tests. `person` is asked about each open task that the application does not own. `initialMetadata`
 * is the metadata of the process when it starts.
 */
export function fakeKuFlow(
  client: WorkflowClient,
  turns: Turns,
  person: Person,
  initialMetadata: Record<string, unknown> = {},
  validators: Validators = {},
): FakeKuFlow {
  const items: Item[] = [];
  const logs: TaskLog[] = [];
  const documents = new Map<string, Buffer>();
  let metadata = { ...initialMetadata };

  const signal = (processId: string, name: string, payload: unknown = {}): Promise<void> =>
    turns.take(processId, () => client.getHandle(processId).signal(name, payload));

  const processOf = (id: string): { process: Process } => ({
    process: { id, state: 'RUNNING', tenantId: TENANT_ID, metadata: { valid: true, value: metadata } },
  });

  const find = (id: string): Item => {
    const item = items.find((one) => one.id === id);
    if (item === undefined) throw ApplicationFailure.nonRetryable(`no item ${id}`);
    return item;
  };

  /** Asks the person for an open task, unless the application owns it. */
  const ask = async (item: Item): Promise<void> => {
    const code = item.processItemDefinitionRef?.code ?? '';
    if (!isOpenState(item.task?.state) || item.ownerId === APPLICATION_ID) return;
    const data = person(code, logs);
    if (data === 'wait') return;
    if (data === 'cancel') {
      item.task = { state: 'CANCELLED' };
      return;
    }
    item.task = { state: 'COMPLETED', data: { valid: true, value: data as Record<string, unknown> } };
    const { workflowExecution } = Context.current().info;
    const payload = { id: item.id, type: item.type, payload: { processItemDefinitionCode: code } };
    await signal(workflowExecution?.workflowId ?? '', 'KuFlow_Engine_Signal_Process_Item', payload);
  };

  const operations: Partial<KuFlowOperations> = {
    createProcessItem: async ({ id, type, processId, ownerId, processItemDefinitionCode: code = '', message }) => {
      const item: Item = {
        id,
        type,
        processId,
        processItemDefinitionRef: { id: code, code },
        ...(ownerId !== undefined && { ownerId }),
        ...(message !== undefined && { message: { text: message.text ?? '' } }),
        ...(type === 'TASK' && { task: { state: ownerId === undefined ? 'READY' : 'CLAIMED' } }),
      };
      items.push(item);
      // The signal comes before the response, which can happen with KuFlow too.
      await ask(item);
      return { processItem: item };
    },

    retrieveProcessItem: async ({ processItemId }) => {
      const item = find(processItemId);
      await ask(item);
      return { processItem: item };
    },

    updateProcessItemTaskData: async ({ processItemId, data }) => {
      const item = find(processItemId);
      item.task = { state: item.task?.state ?? 'READY', data: { value: data.value as Record<string, unknown> } };
      return { processItem: item };
    },

    completeProcessItemTask: async ({ processItemId }) => {
      const item = find(processItemId);
      item.task = { ...item.task, state: 'COMPLETED' };
      return { processItem: item };
    },

    cancelProcessItems: async ({ processId, processItemIds }) => {
      for (const item of items)
        if (processItemIds?.includes(item.id) && item.task?.state !== 'COMPLETED')
          item.task = { ...item.task, state: 'CANCELLED' };
      return processOf(processId);
    },

    assignProcessItemTask: async ({ processItemId, ownerId = PERSON_ID }) => {
      const item = find(processItemId);
      item.ownerId = ownerId;
      item.task = { ...item.task, state: 'CLAIMED' };
      await ask(item);
      return { processItem: item };
    },

    appendProcessItemTaskLog: async ({ processItemId, message, level }) => {
      const item = find(processItemId);
      logs.push({ code: item.processItemDefinitionRef?.code ?? '', level, message });
      return { processItem: item };
    },

    retrieveProcess: async ({ processId }) => processOf(processId),

    updateProcessMetadata: async ({ processId, metadata: { value } }) => {
      metadata = { ...value };
      return processOf(processId);
    },

    patchProcessMetadata: async ({ processId, jsonPatch }) => {
      metadata = jsonPatch.reduce(applyPatch, metadata);
      return processOf(processId);
    },
  };
  const kuflow: KuFlowClient = Object.assign(operations as KuFlowOperations, {
    applicationId: APPLICATION_ID,
    documents: {
      upload: async (path: string, { processId, name = basename(path), contentType = 'application/octet-stream' }) => {
        const uri = `ku:process/${processId}/document/${documents.size}`;
        documents.set(uri, await readFile(path));
        return KuFlowFile.format({ uri, name, type: contentType, size: documents.get(uri)?.length ?? 0 });
      },
      download: async (document: string, path: string) => {
        const uri = document.startsWith('ku:') ? document : KuFlowFile.parse(document).uri;
        // People attach documents too: what they contain does not matter here.
        await writeFile(path, documents.get(uri) ?? 'A document');
      },
    } satisfies Documents,
  });

  return {
    items,
    logs,
    get metadata() {
      return metadata;
    },
    kuflow,
    activities: createKuFlowActivities(kuflow, validators),
    act: (processId, { code, signal: name }, input) =>
      signal(processId, name, { userActionDefinitionCode: code, ...requestTimes(), ...(input !== undefined && { input }) }),
    signal,
  };
}

/** When a person invoked a user action, as KuFlow says it. */
export function requestTimes(): Required<Pick<UserActionSignal, 'requestTime' | 'requestTimeZone' | 'requestInstant'>> {
  const now = new Date().toISOString();
  return { requestTime: now, requestTimeZone: 'UTC', requestInstant: now };
}

export function isOpenState(state: string | undefined): boolean {
  return state === 'READY' || state === 'CLAIMED';
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
