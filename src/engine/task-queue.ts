import {
  encodeMessage,
  encodeNumber,
  encodeString,
  messageField,
  numberField,
  protobufFields,
  stringField,
} from './protobuf.ts';
import type { CallOptions, EngineConnection, RpcResult } from './rpc.ts';

export interface Poller {
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly lastAccess: number;
}

export interface TaskQueueInfo {
  /** Who has asked in the last minutes: the engine forgets after about five. */
  readonly pollers: readonly Poller[];
  /** Tasks that wait, about; absent where the engine does not tell. */
  readonly backlog?: number;
}

const TYPES = { workflow: 1, activity: 2 } as const;

/**
 * DescribeTaskQueue for one type of task.
 * Source: temporal/api/workflowservice/v1/request_response.proto
 */
export async function describeTaskQueue(
  connection: EngineConnection,
  queue: { readonly namespace: string; readonly name: string; readonly type: keyof typeof TYPES },
  options: CallOptions,
): Promise<RpcResult<TaskQueueInfo>> {
  const { namespace, name, type } = queue;
  const message = Buffer.concat([
    encodeString(1, namespace),
    encodeMessage(2, Buffer.concat([encodeString(1, name), encodeNumber(2, 1)])),
    encodeNumber(3, TYPES[type]),
    encodeNumber(4, 1),
    encodeNumber(8, 1),
  ]);
  const result = await connection.call('DescribeTaskQueue', { namespace, message }, options);
  return result.ok ? { ...result, value: read(result.value) } : result;
}

function read(answer: Uint8Array): TaskQueueInfo {
  const pollers = protobufFields(answer)
    .filter(({ number, value }) => number === 1 && value instanceof Uint8Array)
    .map(({ value }) => poller(value as Uint8Array));
  const [status, stats] = [messageField(answer, 2), messageField(answer, 5)];
  const counts = [status, stats].flatMap((message) => (message === undefined ? [] : [numberField(message, 1) ?? 0]));
  return { pollers, ...(counts.length > 0 && { backlog: Math.max(...counts) }) };
}

function poller(message: Uint8Array): Poller {
  const time = messageField(message, 1) ?? new Uint8Array();
  return { identity: stringField(message, 2) ?? '', lastAccess: (numberField(time, 1) ?? 0) * 1000 };
}
