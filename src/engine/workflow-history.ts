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

// Source: temporal/api/workflowservice/v1/request_response.proto, temporal/api/history/v1/message.proto

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

/** Temporal limits a history to 50 MB, and returns it in pages. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

// temporal/api/enums/v1/event_type.proto
const TASK_SCHEDULED = 5;
const TASK_STARTED = 6;
/** Completed, timed out, failed. */
const TASK_ENDED: readonly number[] = [7, 8, 9];
/** Completed, failed, timed out, canceled, terminated, continued as new. */
const WORKFLOW_ENDED: readonly number[] = [2, 3, 4, 21, 27, 28];

interface WorkflowOfNamespace {
  readonly namespace: string;
  readonly id: string;
}

const historyRequest = (namespace: string, id: string): Buffer =>
  Buffer.concat([encodeString(1, namespace), encodeMessage(2, encodeString(1, id))]);

/** How a workflow was started, from the first event of its history. */
export async function readWorkflowStart(
  connection: EngineConnection,
  { namespace, id }: WorkflowOfNamespace,
  options: CallOptions,
): Promise<RpcResult<WorkflowStart>> {
  const message = Buffer.concat([historyRequest(namespace, id), encodeNumber(3, 1)]);
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

/**
 * The history of the latest run of a workflow, as a protobuf message `temporal.api.history.v1.History`, for a replay. If no workflow task
 * is open, one is added at the end: SDKs compare the commands of a workflow task only when another one follows.
 */
export async function readWorkflowHistory(
  connection: EngineConnection,
  { namespace, id }: WorkflowOfNamespace,
  options: CallOptions,
): Promise<RpcResult<Uint8Array>> {
  const request = historyRequest(namespace, id);
  const events: Uint8Array[] = [];
  let token = new Uint8Array();
  let ms = 0;
  do {
    const message = token.length === 0 ? request : Buffer.concat([request, encodeMessage(4, token)]);
    const limited = { ...options, maxBytes: MAX_PAGE_BYTES };
    const page = await connection.call('GetWorkflowExecutionHistory', { namespace, message }, limited);
    if (!page.ok) return page;
    ms += page.ms;
    events.push(...messageFields(messageField(page.value, 1), 1));
    token = Uint8Array.from(messageField(page.value, 3) ?? []);
  } while (token.length > 0);
  const all = [...events, ...nextWorkflowTask(events)];
  return { ok: true, value: Buffer.concat(all.map((event) => encodeMessage(1, event))), ms };
}

/** The events of a workflow task that follows these, unless one is open. */
function nextWorkflowTask(events: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  let scheduled: number | undefined;
  let isStarted = false;
  for (const event of events) {
    const type = numberField(event, 3) ?? 0;
    if (WORKFLOW_ENDED.includes(type)) return [];
    if (type === TASK_SCHEDULED) scheduled = numberField(event, 1);
    if (type === TASK_STARTED) isStarted = true;
    if (TASK_ENDED.includes(type)) [scheduled, isStarted] = [undefined, false];
  }
  if (isStarted) return [];
  const nextId = (numberField(last, 1) ?? events.length) + 1;
  const time = messageField(last, 2) ?? new Uint8Array();
  const event = (id: number, type: number, attributes: Uint8Array): Uint8Array =>
    Buffer.concat([encodeNumber(1, id), encodeMessage(2, time), encodeNumber(3, type), attributes]);
  const started = (id: number, scheduledId: number): Uint8Array =>
    event(
      id,
      TASK_STARTED,
      encodeMessage(11, Buffer.concat([encodeNumber(1, scheduledId), encodeString(2, 'kuflow')])),
    );
  if (scheduled !== undefined) return [started(nextId, scheduled)];
  const queue = messageField(messageField(first, 6), 5) ?? new Uint8Array();
  const scheduling = Buffer.concat([
    encodeMessage(1, queue),
    encodeMessage(2, encodeNumber(1, 10)),
    encodeNumber(3, 1),
  ]);
  return [event(nextId, TASK_SCHEDULED, encodeMessage(10, scheduling)), started(nextId + 1, nextId)];
}
