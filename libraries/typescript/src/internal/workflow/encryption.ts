import { defaultPayloadConverter, type ConcludeActivationInput, type Headers } from '@temporalio/workflow';
import type { Payload } from '@temporalio/common';

/** The start headers of a confidential process, which it passes on to its activities and to other workflows. */
const ENCODING_HEADER = 'x-kuflow-encoding';
const KEY_ID_HEADER = 'x-kuflow-encoding-encrypted-key-id';

/** The encoding of an encrypted payload. */
export const ENCRYPTED = 'binary/encrypted?vendor=KuFlow';
/** The metadata with the ID of a key: it marks a payload that must be encrypted, and stays part of it. */
export const KEY_ID = 'encoding-encrypted-key-id';

/** The ID of the key of a confidential process, and undefined for any other process. */
export function keyIdOf(headers: Headers): string | undefined {
  const { [ENCODING_HEADER]: encoding, [KEY_ID_HEADER]: keyId } = headers;
  if (encoding === undefined || defaultPayloadConverter.fromPayload(encoding) !== ENCRYPTED) return undefined;
  const id = keyId && defaultPayloadConverter.fromPayload<unknown>(keyId);
  if (typeof id === 'string' && id !== '') return id;
  // A plain error, unlike one of Temporal's failures, fails the workflow task and not the workflow: the process waits.
  throw new Error(`The process is confidential, but the header ${KEY_ID_HEADER} does not name a key`);
}

/** The headers of a confidential process. */
export function encryptionHeaders(keyId: string): Headers {
  return {
    [ENCODING_HEADER]: defaultPayloadConverter.toPayload(ENCRYPTED),
    [KEY_ID_HEADER]: defaultPayloadConverter.toPayload(keyId),
  };
}

/** Adds the headers of a confidential process to what it starts or signals. */
export function withEncryption<Input extends { readonly headers: Headers }>(input: Input, keyId?: string): Input {
  return keyId === undefined ? input : { ...input, headers: { ...input.headers, ...encryptionHeaders(keyId) } };
}

/** A payload that must be encrypted with this key before it is sent. */
export function markPayload(payload: Payload, keyId: string): Payload {
  return { ...payload, metadata: { ...payload.metadata, [KEY_ID]: new TextEncoder().encode(keyId) } };
}

/** Marks the payloads of commands. As in KuFlow's libraries, failures, memos and search attributes stay plain. */
export function markCommands(commands: ConcludeActivationInput['commands'], keyId: string): void {
  const payloads = commands.flatMap((command) => [
    ...(command.scheduleActivity?.arguments ?? []),
    ...(command.scheduleLocalActivity?.arguments ?? []),
    ...(command.startChildWorkflowExecution?.input ?? []),
    ...(command.signalExternalWorkflowExecution?.args ?? []),
    ...(command.continueAsNewWorkflowExecution?.arguments ?? []),
    command.completeWorkflowExecution?.result,
    command.respondToQuery?.succeeded?.response,
    command.updateResponse?.completed,
  ]);
  for (const payload of payloads) if (payload) Object.assign(payload, markPayload(payload, keyId));
}
