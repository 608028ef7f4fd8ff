import { isRecord } from '../../base/json.ts';
import { authenticationOperations } from './authentications.ts';
import { businessArtifactOperations } from './business-artifacts.ts';
import { documentOperations } from './documents.ts';
import { kmsOperations } from './kms.ts';
import type { Operation } from './operation.ts';
import { peopleOperations } from './people.ts';
import { processActionOperations } from './process-actions.ts';
import { processItemOperations } from './process-items.ts';
import { processOperations } from './processes.ts';
import { robotOperations } from './robots.ts';
import { workerOperations } from './workers.ts';

/** Each operation with its literal types; `operations` is the same table with the plain type. */
export const typedOperations = {
  ...authenticationOperations,
  ...kmsOperations,
  ...peopleOperations,
  ...processOperations,
  ...processActionOperations,
  ...processItemOperations,
  ...businessArtifactOperations,
  ...documentOperations,
  ...workerOperations,
  ...robotOperations,
} as const;

export type OperationId = keyof typeof typedOperations;

export const operations: Readonly<Record<OperationId, Operation>> = typedOperations;

export const operationIds: readonly OperationId[] = Object.keys(typedOperations) as OperationId[];

/** Whether the JSON body of an operation has this field. */
export function hasBodyField(id: OperationId, field: string): boolean {
  const properties: unknown = operations[id].body?.schema['properties'];
  return isRecord(properties) && field in properties;
}

export function isOperationId(text: string): text is OperationId {
  return Object.hasOwn(operations, text);
}
