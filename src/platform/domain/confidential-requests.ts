import type { OperationId } from '../../kuflow/contract/operations.ts';
import { hasEncryptionKeys } from '../store/encryption-keys.ts';
import { includesConfidential } from '../store/processes.ts';
import type { Domain } from './context.ts';

/** A request and its answer. */
export interface RequestTexts {
  readonly operationId?: string | undefined;
  /** Its URL, and both bodies. */
  readonly texts: () => readonly string[];
}

const CREATE_PROCESS: OperationId = 'createProcess';
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/** Whether a request is about a confidential process: it starts one, or it or its answer contains the ID of one, or of an item in one. */
export function isConfidentialRequest(
  { store, definitions }: Pick<Domain, 'store' | 'definitions'>,
  { operationId, texts }: RequestTexts,
): boolean {
  // A start that is refused does not have a process.
  const started = operationId === CREATE_PROCESS ? definitions.all : [];
  const confidential = started.filter(({ definition }) => definition.process.confidential === true);
  // Most state folders do not have a confidential process.
  if (confidential.length === 0 && !hasEncryptionKeys(store.sql)) return false;
  const lowerCase = texts().map((text) => text.toLowerCase());
  const names = confidential.flatMap(({ ref }) => [ref.id, JSON.stringify(ref.code).toLowerCase()]);
  if (names.some((name) => lowerCase.some((text) => text.includes(name)))) return true;
  const ids = lowerCase.flatMap((text) => text.match(UUID) ?? []);
  return ids.length > 0 && includesConfidential(store.sql, [...new Set(ids)]);
}
