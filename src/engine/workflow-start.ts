import { encodeMessage, encodeNumber, encodeString, messageField, messageFields, stringField } from './protobuf.ts';
import type { CallOptions, EngineConnection, RpcResult } from './rpc.ts';

/** KuFlow starts the workflow of a confidential process with these two headers, which contain JSON strings. */
export const ENCODING_HEADER = 'x-kuflow-encoding';
export const KEY_ID_HEADER = 'x-kuflow-encoding-encrypted-key-id';
/** The value of `ENCODING_HEADER`, and the encoding of an encrypted payload. */
export const ENCRYPTED_ENCODING = 'binary/encrypted?vendor=KuFlow';

export interface WorkflowStart {
  /** Empty if the engine does not report it. */
  readonly workflowType: string;
  readonly taskQueue: string;
  /** The ID of the key of a confidential process. */
  readonly encryptionKeyId?: string | undefined;
}

/**
 * How a workflow was started, from the first event of its history.
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
  const started = messageField(messageField(messageField(response, 1), 1), 6);
  const headers = messageFields(messageField(started, 25), 1);
  return {
    workflowType: stringField(messageField(started, 1), 1) ?? '',
    taskQueue: stringField(messageField(started, 5), 1) ?? '',
    encryptionKeyId:
      readHeader(headers, ENCODING_HEADER) === ENCRYPTED_ENCODING ? readHeader(headers, KEY_ID_HEADER) : undefined,
  };
}

/** The value of a header that contains a JSON string; undefined for any other. */
function readHeader(headers: readonly Uint8Array[], name: string): string | undefined {
  const payload = messageField(
    headers.find((header) => stringField(header, 1) === name),
    2,
  );
  const text = stringField(payload, 2);
  return text !== undefined && /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
}
