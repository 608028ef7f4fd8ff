import { randomBytes, randomUUID } from 'node:crypto';
import type { KmsKey } from '../../kuflow/contract/kms.ts';
import { findEncryptionKey, findKeyOfDefinition, insertEncryptionKey } from '../store/encryption-keys.ts';
import { forbidden, notFound } from './api-error.ts';
import type { Domain, OperationContext } from './context.ts';

const KEY_BYTES = 32;

/** The id of the key for the confidential processes of a definition. Creates the key on first use. */
export function requireKeyOfDefinition({ store }: Domain, definitionId: string): string {
  const known = findKeyOfDefinition(store.sql, definitionId);
  if (known !== undefined) return known.id;
  // A random ID does not reveal when the first confidential process was started.
  const id = randomUUID();
  const value = randomBytes(KEY_BYTES).toString('base64');
  insertEncryptionKey(store.sql, { id, definitionId, value, createdAt: store.now() });
  return id;
}

/**
 * A key, for the application, which has a role in all processes of this platform. Refuses everybody else with 403, whether or not the key exists.
 */
export function retrieveKmsKey(ctx: OperationContext, id: string): KmsKey {
  if (ctx.principal.type !== 'APPLICATION')
    throw forbidden(`${ctx.principal.name} can't read keys: only applications with a role in the process can`);
  const key = findEncryptionKey(ctx.store.sql, id);
  if (key === undefined) throw notFound('key', id);
  return { id: key.id, value: key.value };
}

/** The bytes of a key, for the platform itself. Throws if the key does not exist. */
export function readEncryptionKey({ store }: Pick<Domain, 'store'>, id: string): Uint8Array {
  const key = findEncryptionKey(store.sql, id);
  if (key === undefined) throw new Error(`The local KuFlow does not have the key ${id}`);
  return Buffer.from(key.value, 'base64');
}
