import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { EncryptionKeys } from './encryption-keys.ts';
import { protocol } from './temporal-protocol.ts';
import { ENCRYPTED, KEY_ID } from './workflow/encryption.ts';

const { Payload: PayloadMessage } = protocol.temporal.api.common.v1;

const ALGORITHM = 'AES-256-GCM';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

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
