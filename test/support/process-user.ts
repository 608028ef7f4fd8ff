import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createKuFlowClient, type KuFlowClient } from '../../src/kuflow/client.ts';
import type { RunningPlatform } from '../../src/platform/start.ts';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { until } from './until.ts';

/** gRPC status. */
const NOT_FOUND = 5;

type Process = Awaited<ReturnType<KuFlowClient['retrieveProcess']>>;
type Item = Awaited<ReturnType<KuFlowClient['retrieveProcessItem']>>;

export interface HistoryEvent {
  /** Without `EVENT_TYPE_`. */
  readonly type: string;
  /** All attributes, as the JSON of Temporal's protocol has them. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Failure {
  readonly message: string;
  readonly cause?: Failure;
  readonly applicationFailureInfo?: unknown;
}

/** The failure in an event. Temporal's Java SDK wraps the exceptions of workflow code. */
export function failureIn({ attributes }: HistoryEvent): Failure {
  const rootOf = (failure: Failure): Failure => (failure.cause === undefined ? failure : rootOf(failure.cause));
  return rootOf(attributes['failure'] as Failure);
}

/** A user of the local platform who may also look into the engine. */
export interface ProcessUser {
  readonly client: KuFlowClient;
  /** On the private address, behind the gateway. */
  readonly temporal: Client;
  /** Starts a process and returns its id. */
  start(code: string): Promise<string>;
  /** Waits for the only item of the process with this code. */
  item(processId: string, code: string): Promise<Item>;
  /** Waits for the task, claims it, writes its data, completes it and returns its id. */
  complete(processId: string, code: string, data: Record<string, unknown>): Promise<string>;
  /** Waits until the process is COMPLETED. `failIfExited` throws if the worker has exited. */
  completed(processId: string, failIfExited?: () => void): Promise<Process>;
  /** The history of the process's workflow so far. */
  history(workflowId: string): Promise<readonly HistoryEvent[]>;
  close(): Promise<void>;
}

export async function processUser(platform: RunningPlatform): Promise<ProcessUser> {
  const { tenantId, namespace, user } = platform.identity;
  const client = createKuFlowClient({ endpoint: platform.loopback.http, credentials: { token: user.token } });
  const connection = await PlatformConnection.connect({ address: platform.endpoints.temporal });
  const temporal = new Client({ connection, namespace });
  const item = (processId: string, code: string): Promise<Item> =>
    until(`an item ${code}`, async () => {
      const { content } = await client.findProcessItems({ processId: [processId], processItemDefinitionCode: [code] });
      if (content.length > 1) throw new Error(`${content.length} items ${code}`);
      return content[0] && client.retrieveProcessItem(content[0].id);
    });
  return {
    client,
    temporal,
    item,
    start: async (code) => {
      const { id } = await client.createProcess({ processDefinitionCode: code, tenantId });
      return id;
    },
    complete: async (processId, code, data) => {
      const { id } = await item(processId, code);
      await client.claimProcessItemTask(id);
      await client.updateProcessItemTaskData(id, data);
      await client.completeProcessItemTask(id);
      return id;
    },
    completed: (processId, failIfExited = () => undefined) =>
      until('the process is completed', async () => {
        failIfExited();
        const process = await client.retrieveProcess(processId);
        return process.state === 'COMPLETED' && process;
      }),
    history: async (workflowId) => {
      const history = await temporal.workflow.getHandle(workflowId).fetchHistory().catch(unlessNotFound);
      // The workflow starts shortly after the API has returned the process.
      if (history === undefined) return [];
      const { events } = JSON.parse(historyToJSON(history)) as {
        events: readonly Readonly<Record<string, unknown>>[];
      };
      return events.map((event) => {
        const attributes = Object.entries(event).find(([name]) => name.endsWith('Attributes'))?.[1] ?? {};
        return {
          type: String(event['eventType']).replace('EVENT_TYPE_', ''),
          attributes: attributes as Readonly<Record<string, unknown>>,
        };
      });
    },
    close: async () => {
      await client.close();
      await connection.close();
    },
  };
}

function unlessNotFound(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
}
