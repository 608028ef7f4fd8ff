import type { OperationId } from '../../kuflow/contract/operations.ts';
import { hasEncryptionKeys } from '../store/encryption-keys.ts';
import { includesConfidential } from '../store/processes.ts';
import type { Domain } from './context.ts';

/** A request and its answer: URL and bodies. */
export interface RequestTexts {
  readonly operationId?: string | undefined;
  readonly texts: readonly string[];
}

const CREATE_PROCESS: OperationId = 'createProcess';
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/** Whether a request is about a confidential process: it starts one, or it or its answer contains the ID of one, or of an item in one. */
export function isConfidentialRequest(
  { store, definitions }: Pick<Domain, 'store' | 'definitions'>,
  { operationId, texts }: RequestTexts,
): boolean {
  const lowerCase = texts.map((text) => text.toLowerCase());
  // A start that is refused does not have a process.
  const starts = operationId === CREATE_PROCESS ? definitions.all : [];
  const isStart = starts.some(
    ({ ref, definition }) =>
      definition.process.confidential === true &&
      lowerCase.some((text) => text.includes(ref.id) || text.includes(JSON.stringify(ref.code).toLowerCase())),
  );
  if (isStart) return true;
  // Most state folders do not have a confidential process.
  if (!hasEncryptionKeys(store.sql)) return false;
  const ids = lowerCase.flatMap((text) => text.match(UUID) ?? []);
  return ids.length > 0 && includesConfidential(store.sql, [...new Set(ids)]);
}
