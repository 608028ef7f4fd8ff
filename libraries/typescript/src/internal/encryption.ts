import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { withTimeout } from './connection.ts';
import type { RestClient } from './rest-client.ts';
import { protocol } from './temporal-protocol.ts';
import { ENCRYPTED, KEY_ID } from './workflow/encryption.ts';

const { Payload: PayloadMessage } = protocol.temporal.api.common.v1;

const ALGORITHM = 'AES-256-GCM';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEPT_MS = 60 * 60_000;
/** Less than the time of a workflow task, so that its failure shows the reason. The next attempt uses a key that arrives later. */
const WAIT_MS = 8_000;

/** Encrypts the payloads that are marked with the ID of a key, and decrypts all that are encrypted, as KuFlow's libraries do. */
export function encryption(keyOf: EncryptionKeys): PayloadCodec {
  const encrypt = async (payload: Payload): Promise<Payload> => {
    const keyId = payload.metadata?.[KEY_ID];
    if (!keyId) return payload;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await keyOf(textOf(keyId)), nonce);
    const parts = [nonce, cipher.update(serialize(payload)), cipher.final(), cipher.getAuthTag()];
    return {
      metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID]: keyId },
      data: Buffer.from(`${ALGORITHM}:${Buffer.concat(parts).toString('base64')}`),
    };
  };

  const decrypt = async (payload: Payload): Promise<Payload> => {
    const { encoding, [KEY_ID]: keyId } = payload.metadata ?? {};
    if (textOf(encoding) !== ENCRYPTED) return payload;
    if (!keyId) throw new Error('Could not decrypt a payload: its key ID is missing');
    const [algorithm, value] = textOf(payload.data).split(':');
    if (algorithm !== ALGORITHM || value === undefined)
      throw new Error(`Could not decrypt a payload: it is not encrypted with ${ALGORITHM}`);
    const key = await keyOf(textOf(keyId));
    const bytes = Buffer.from(value, 'base64');
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES).subarray(-TAG_BYTES));
      const plain = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return PayloadMessage.decode(Buffer.concat(plain));
    } catch (error) {
      throw new Error(
        `Could not decrypt a payload with the key ${textOf(keyId)}: it is damaged, or encrypted with another key`,
        { cause: error },
      );
    }
  };

  return {
    encode: (payloads) => Promise.all(payloads.map(encrypt)),
    decode: (payloads) => Promise.all(payloads.map(decrypt)),
  };
}

/** The size in bytes of the data of a payload when it is sent. Encryption adds a third. */
export function sentSize(payload: Payload): number {
  if (!payload.metadata?.[KEY_ID]) return payload.data?.length ?? 0;
  const encrypted = NONCE_BYTES + serialize(payload).length + TAG_BYTES;
  return `${ALGORITHM}:`.length + 4 * Math.ceil(encrypted / 3);
}

const serialize = (payload: Payload): Uint8Array => PayloadMessage.encode(payload).finish();

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

/** The key with an ID. Rejects with the reason if it cannot be read. */
export type EncryptionKeys = (id: string) => Promise<KeyObject>;

/**
 * The keys of confidential processes. A key is requested once, however many callers wait for it, and kept for an hour after its last use.
 * A failed request is repeated for the next caller.
 */
export function createEncryptionKeys(rest: Pick<RestClient, 'call'>): EncryptionKeys {
  const kept = new Map<string, { readonly key: Promise<KeyObject>; readonly expiry: NodeJS.Timeout }>();

  const request = (id: string) => {
    const key = requestKey(rest, id);
    const expiry = setTimeout(() => kept.delete(id), KEPT_MS).unref();
    key.catch(() => {
      clearTimeout(expiry);
      kept.delete(id);
    });
    const entry = { key, expiry };
    kept.set(id, entry);
    return entry;
  };

  return async (id) => {
    const { key, expiry } = kept.get(id) ?? request(id);
    expiry.refresh();
    try {
      return await withTimeout(key, WAIT_MS, `no response within ${WAIT_MS / 1_000} s`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Could not read the encryption key ${id}: ${reason}`, { cause: error });
    }
  };
}

async function requestKey(rest: Pick<RestClient, 'call'>, id: string): Promise<KeyObject> {
  const { body } = await rest.call<{ readonly value?: unknown } | undefined>({
    operation: 'retrieveKmsKey',
    method: 'GET',
    path: `/kms/keys/${encodeURIComponent(id)}`,
  });
  const bytes = Buffer.from(String(body?.value ?? ''), 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error(`the response is not a key of ${KEY_BYTES} bytes`);
  return createSecretKey(bytes);
}
