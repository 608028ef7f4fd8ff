import { randomBytes, randomUUID } from 'node:crypto';
import type { KmsKey } from '../../kuflow/contract/kms.ts';
import type { OperationId } from '../../kuflow/contract/operations.ts';
import { includesConfidential } from '../store/processes.ts';
import { forbidden, orNotFound } from './api-error.ts';
import type { Domain, OperationContext } from './context.ts';
import { ENCRYPTION_KEYS } from '../store/encryption-keys.ts';

const KEY_BYTES = 32;

/** The id of the key for the confidential processes of a definition. Creates the key on first use. */
export function requireKeyOfDefinition({ store }: Domain, definitionId: string): string {
  const known = ENCRYPTION_KEYS.findOne(store.sql, 'WHERE definition_id = ?', [definitionId]);
  if (known !== undefined) return known.id;
  // A random ID does not reveal when the first confidential process was started.
  const id = randomUUID();
  const value = randomBytes(KEY_BYTES).toString('base64');
  ENCRYPTION_KEYS.insert(store.sql, { id, definitionId, value, createdAt: store.now() });
  return id;
}

/** A key, for the application, which has a role in all processes here. Refuses everybody else with 403, whether or not the key exists. */
export function retrieveKmsKey(ctx: OperationContext, id: string): KmsKey {
  if (ctx.principal.type !== 'APPLICATION')
    throw forbidden(`${ctx.principal.name} can't read keys: only applications with a role in the process can`);
  const key = orNotFound(ENCRYPTION_KEYS.findById(ctx.store.sql, id), 'key', id);
  return { id: key.id, value: key.value };
}

/** The bytes of a key, for the platform itself. Throws if the key does not exist. */
export function readEncryptionKey({ store }: Pick<Domain, 'store'>, id: string): Uint8Array {
  const key = ENCRYPTION_KEYS.findById(store.sql, id);
  if (key === undefined) throw new Error(`The local KuFlow does not have the key ${id}`);
  return Buffer.from(key.value, 'base64');
}

const CREATE_PROCESS: OperationId = 'createProcess';
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/** Whether a request starts a confidential process, or its URL or a body (`texts`) has the ID of one or of its items. */
export function isConfidentialRequest(
  { store, definitions }: Pick<Domain, 'store' | 'definitions'>,
  { operationId, texts }: { readonly operationId?: string | undefined; readonly texts: () => readonly string[] },
): boolean {
  // A start that is refused does not have a process.
  const started = operationId === CREATE_PROCESS ? definitions.all : [];
  const confidential = started.filter(({ definition }) => definition.process.confidential === true);
  // Most state folders do not have a confidential process.
  if (confidential.length === 0 && ENCRYPTION_KEYS.findOne(store.sql, 'LIMIT 1', []) === undefined) return false;
  const lowerCase = texts().map((text) => text.toLowerCase());
  const names = confidential.flatMap(({ ref }) => [ref.id, JSON.stringify(ref.code).toLowerCase()]);
  if (names.some((name) => lowerCase.some((text) => text.includes(name)))) return true;
  const ids = lowerCase.flatMap((text) => text.match(UUID) ?? []);
  return ids.length > 0 && includesConfidential(store.sql, [...new Set(ids)]);
}
