import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, RawValue, type Payload } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import protobuf from '@temporalio/proto';
import { isRecord, type Json } from '../../base/json.ts';
import { ENCODING_HEADER, ENCRYPTED_ENCODING, KEY_ID_HEADER } from '../../engine/workflow-history.ts';

/** Returns the 32 bytes of a key. Throws or rejects if the key cannot be read. */
export type KeyReader = (keyId: string) => Uint8Array | Promise<Uint8Array>;

const ENCODING = 'encoding';
/** The metadata of a payload that contains the ID of its key. KuFlow's SDKs mark payloads to encrypt with it. */
const KEY_ID = 'encoding-encrypted-key-id';

const PREFIX = 'AES-256-GCM:';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const PayloadMessage = protobuf.temporal.api.common.v1.Payload;

/** Encrypts a payload as KuFlow does for confidential processes. */
export function encryptPayload(
  payload: Payload,
  keyId: string,
  key: Uint8Array,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): Payload {
  const mark = { [KEY_ID]: Buffer.from(keyId) };
  const plain = PayloadMessage.encode({ ...payload, metadata: { ...payload.metadata, ...mark } }).finish();
  const cipher = createCipheriv(CIPHER, key, nonce);
  const bytes = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    metadata: { [ENCODING]: Buffer.from(ENCRYPTED_ENCODING), ...mark },
    data: Buffer.from(`${PREFIX}${bytes.toString('base64')}`),
  };
}

export function isEncrypted({ metadata }: Payload): boolean {
  return textIn(metadata?.[ENCODING]) === ENCRYPTED_ENCODING;
}

/** Decrypts a payload. Returns one that is not encrypted unchanged. Rejects with the reason if the payload cannot be decrypted. */
export async function decryptPayload(payload: Payload, readKey: KeyReader): Promise<Payload> {
  if (!isEncrypted(payload)) return payload;
  const keyId = textIn(payload.metadata?.[KEY_ID]);
  if (keyId === undefined) throw new Error('An encrypted payload does not name its key');
  const text = textIn(payload.data) ?? '';
  if (!text.startsWith(PREFIX)) throw new Error('A payload is encrypted in an unknown format');
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('An encrypted payload is truncated');
  const plain = decrypt(bytes, await readKey(keyId), keyId);
  const { metadata, data } = PayloadMessage.decode(plain);
  return { metadata: without(metadata, [KEY_ID]), data };
}

function decrypt(bytes: Buffer, key: Uint8Array, keyId: string): Buffer {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new Error(`A payload does not match the key ${keyId}, or was changed after it was encrypted`, {
      cause: error,
    });
  }
}

function without<Value>(record: Readonly<Record<string, Value>>, keys: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}

function textIn(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes ? Buffer.from(bytes).toString('utf8') : undefined;
}

/** The argument of a workflow or signal of a confidential process. The client must have `encryptionHeaders`. */
export async function encryptedArgument(value: Json, keyId: string, readKey: KeyReader): Promise<RawValue> {
  return RawValue.fromPayload(encryptPayload(defaultPayloadConverter.toPayload(value), keyId, await readKey(keyId)));
}

/** Adds `encryptionHeadersFor` the argument to signals. */
export const encryptionHeaders: WorkflowClientInterceptor = {
  signal: (input, next) => next({ ...input, headers: { ...input.headers, ...encryptionHeadersFor(input.args) } }),
};

/** The headers with which KuFlow tells a worker that a start or a signal is encrypted, and with which key. */
export function encryptionHeadersFor(args: readonly unknown[]): Record<string, Payload> {
  const [first] = args;
  const keyId = first instanceof RawValue ? textIn(first.payload.metadata?.[KEY_ID]) : undefined;
  if (keyId === undefined) return {};
  return {
    [ENCODING_HEADER]: defaultPayloadConverter.toPayload(ENCRYPTED_ENCODING),
    [KEY_ID_HEADER]: defaultPayloadConverter.toPayload(keyId),
  };
}

/** Makes a history replayable without a key. Returns whether a payload was encrypted; rejects if one cannot be read. */
export async function decryptHistory(history: History, readKey: KeyReader): Promise<boolean> {
  const payloads: Payload[] = [];
  visit(history, (message) => {
    const { header } = message;
    if (isRecord(header) && isRecord(header['fields']))
      header['fields'] = without(header['fields'], [ENCODING_HEADER, KEY_ID_HEADER]);
    if (isRecord(message['metadata']) && isEncrypted(message)) payloads.push(message);
  });
  for (const payload of payloads) Object.assign(payload, await decryptPayload(payload, readKey));
  return payloads.length > 0;
}

function visit(value: unknown, each: (message: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, each);
  if (!isRecord(value) || ArrayBuffer.isView(value)) return;
  each(value);
  for (const child of Object.values(value)) if (typeof child === 'object') visit(child, each);
}
