import jsonPatch, { type Operation } from 'fast-json-patch';

import { isRecord, type JsonObject } from '../../base/json.ts';
import type { JsonPatch } from '../../kuflow/contract/common.ts';
import { badRequest } from './api-error.ts';

/**
 * Applies an RFC 6902 patch to a copy of `value`. Refuses with 400 if an operation fails or the result is not an
 * object.
 */
export function applyJsonPatch(value: JsonObject, patch: JsonPatch): JsonObject {
  let result: unknown = structuredClone(value);
  for (const [index, operation] of patch.entries()) {
    try {
      result = jsonPatch.applyOperation<unknown>(result, operation as Operation, true, true, true).newDocument;
    } catch (error) {
      // The library's messages quote the whole document; the names of its errors say as much without values.
      const reason = error instanceof Error && error.name !== 'Error' ? ` (${error.name})` : '';
      const failed = `operation ${index}, ${operation.op} ${operation.path}`;
      throw badRequest(`The JSON patch can't be applied: ${failed}${reason}`, `body[${index}]`);
    }
  }
  if (!isRecord(result)) throw badRequest('The result of the JSON patch must be an object');
  return result as JsonObject;
}
