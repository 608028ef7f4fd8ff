import jsonPatch, { type Operation } from 'fast-json-patch';

import { isRecord, type JsonObject } from '../../base/json.ts';
import type { JsonPatch } from '../../kuflow/contract/common.ts';
import { badRequest } from './api-error.ts';

/** Applies an RFC 6902 patch to a copy of `value`. A patch that does not fit, or leaves no object, is refused with 400 as a whole. */
export function applyJsonPatch(value: JsonObject, patch: JsonPatch): JsonObject {
  let result: unknown = structuredClone(value);
  for (const [index, operation] of patch.entries()) {
    try {
      result = jsonPatch.applyOperation<unknown>(result, operation as Operation, true, true, true).newDocument;
    } catch (error) {
      // The library's messages quote the whole document; its names say as much without the values.
      const why = error instanceof Error && error.name !== 'Error' ? ` (${error.name})` : '';
      const what = `${operation.op} ${operation.path}`;
      throw badRequest(`The JSON patch can't be applied: operation ${index}, ${what}${why}`, `body[${index}]`);
    }
  }
  if (!isRecord(result)) throw badRequest('The JSON patch must leave an object');
  return result as JsonObject;
}
