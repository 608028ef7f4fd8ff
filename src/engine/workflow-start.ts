import { encodeMessage, encodeNumber, encodeString, messageField, stringField } from './protobuf.ts';
import type { CallOptions, EngineConnection, RpcResult } from './rpc.ts';

export interface WorkflowStart {
  /** Empty if the engine does not report it. */
  readonly workflowType: string;
  readonly taskQueue: string;
}

/**
 * The type and task queue with which a workflow was started, from the first event of its history.
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
  return result.ok ? { ...result, value: readStart(result.value) } : result;
}

function readStart(response: Uint8Array): WorkflowStart {
  const empty = new Uint8Array();
  const event = messageField(messageField(response, 1) ?? empty, 1) ?? empty;
  const started = messageField(event, 6) ?? empty;
  return {
    workflowType: stringField(messageField(started, 1) ?? empty, 1) ?? '',
    taskQueue: stringField(messageField(started, 5) ?? empty, 1) ?? '',
  };
}
