import { encodeMessage, encodeNumber, encodeString, messageField, protobufFields, stringField } from './protobuf.ts';
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

const EMPTY = new Uint8Array();

function readStart(response: Uint8Array): WorkflowStart {
  const event = messageField(messageField(response, 1) ?? EMPTY, 1) ?? EMPTY;
  const started = messageField(event, 6) ?? EMPTY;
  const header = messageField(started, 25) ?? EMPTY;
  return {
    workflowType: stringField(messageField(started, 1) ?? EMPTY, 1) ?? '',
    taskQueue: stringField(messageField(started, 5) ?? EMPTY, 1) ?? '',
    encryptionKeyId:
      readHeader(header, ENCODING_HEADER) === ENCRYPTED_ENCODING ? readHeader(header, KEY_ID_HEADER) : undefined,
  };
}

/** The value of a header that contains a JSON string; undefined for any other. */
function readHeader(header: Uint8Array, name: string): string | undefined {
  const entries = protobufFields(header).flatMap(({ value }) => (value instanceof Uint8Array ? [value] : []));
  const payload = messageField(entries.find((entry) => stringField(entry, 1) === name) ?? EMPTY, 2);
  const text = stringField(payload ?? EMPTY, 2);
  return text !== undefined && /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
}
