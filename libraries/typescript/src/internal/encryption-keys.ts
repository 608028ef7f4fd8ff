import { createSecretKey, type KeyObject } from 'node:crypto';
import { withTimeout } from './connection.ts';
import type { RestClient } from './rest-client.ts';

const KEY_BYTES = 32;
const KEPT_MS = 60 * 60_000;
/** Less than the time of a workflow task, so that its failure shows the reason. The next attempt uses a key that arrives later. */
const WAIT_MS = 8_000;

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
