import { encodeMessage, encodeNumber, encodeString, messageField, stringField } from './protobuf.ts';
import type { CallOptions, EngineConnection, RpcResult } from './rpc.ts';

export interface WorkflowStart {
  /** Empty where the engine does not tell. */
  readonly workflowType: string;
  readonly taskQueue: string;
}

/**
 * With which type and queue a workflow was started, by the first event of its history.
 * Source: temporal/api/workflowservice/v1/request_response.proto, temporal/api/history/v1/message.proto
 */
export async function readWorkflowStart(
  connection: EngineConnection,
  workflow: { readonly namespace: string; readonly id: string },
  options: CallOptions,
): Promise<RpcResult<WorkflowStart>> {
  const { namespace, id } = workflow;
  const message = Buffer.concat([
    encodeString(1, namespace),
    encodeMessage(2, encodeString(1, id)),
    encodeNumber(3, 1),
  ]);
  const result = await connection.call('GetWorkflowExecutionHistory', { namespace, message }, options);
  return result.ok ? { ...result, value: read(result.value) } : result;
}

function read(answer: Uint8Array): WorkflowStart {
  const none = new Uint8Array();
  const event = messageField(messageField(answer, 1) ?? none, 1) ?? none;
  const started = messageField(event, 6) ?? none;
  return {
    workflowType: stringField(messageField(started, 1) ?? none, 1) ?? '',
    taskQueue: stringField(messageField(started, 5) ?? none, 1) ?? '',
  };
}
