import {
  encodeMessage,
  encodeNumber,
  encodeString,
  messageField,
  messageFields,
  numberField,
  stringField,
} from './protobuf.ts';
import type { CallOptions, EngineConnection, RpcResult } from './rpc.ts';

export interface TaskQueueInfo {
  /** Recent pollers; the engine forgets them after about five minutes. `lastAccess`: milliseconds since the epoch. */
  readonly pollers: readonly { readonly identity: string; readonly lastAccess: number }[];
  /** Approximate number of waiting tasks; absent if the engine does not report it. */
  readonly backlog?: number;
}

const TASK_TYPES = { workflow: 1, activity: 2 } as const;

/** DescribeTaskQueue for one type of task. Source: temporal/api/workflowservice/v1/request_response.proto */
export async function describeTaskQueue(
  connection: EngineConnection,
  queue: { readonly namespace: string; readonly name: string; readonly type: keyof typeof TASK_TYPES },
  options: CallOptions,
): Promise<RpcResult<TaskQueueInfo>> {
  const { namespace, name, type } = queue;
  const message = Buffer.concat([
    encodeString(1, namespace),
    encodeMessage(2, Buffer.concat([encodeString(1, name), encodeNumber(2, 1)])),
    encodeNumber(3, TASK_TYPES[type]),
    encodeNumber(4, 1),
    encodeNumber(8, 1),
  ]);
  const result = await connection.call('DescribeTaskQueue', { namespace, message }, options);
  return result.ok ? { ...result, value: readTaskQueue(result.value) } : result;
}

function readTaskQueue(response: Uint8Array): TaskQueueInfo {
  const pollers = messageFields(response, 1).map((poller) => ({
    identity: stringField(poller, 2) ?? '',
    lastAccess: (numberField(messageField(poller, 1), 1) ?? 0) * 1000,
  }));
  const [status, stats] = [messageField(response, 2), messageField(response, 5)];
  const counts = [status, stats].flatMap((message) => (message === undefined ? [] : [numberField(message, 1) ?? 0]));
  return { pollers, ...(counts.length > 0 && { backlog: Math.max(...counts) }) };
}
