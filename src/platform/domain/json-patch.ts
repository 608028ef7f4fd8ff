import jsonPatch, { type Operation } from 'fast-json-patch';

import { isRecord, type JsonObject } from '../../base/json.ts';
import type { JsonPatch } from '../../kuflow/contract/common.ts';
import { badRequest } from './api-error.ts';

/** Applies an RFC 6902 patch to a copy of `value`. A patch that does not fit, or leaves no object, is refused with 400 as a whole. */
export function patched(value: JsonObject, patch: JsonPatch): JsonObject {
  let result: unknown;
  try {
    result = jsonPatch.applyPatch<unknown>(
      structuredClone(value),
      patch as readonly Operation[],
      true,
      true,
      true,
    ).newDocument;
  } catch (error) {
    throw badRequest(`The JSON patch can't be applied: ${reasonOf(error)}`, reasonLocation(error));
  }
  if (!isRecord(result)) throw badRequest('The JSON patch must leave an object');
  return result as JsonObject;
}

// The library's messages quote the whole document; its names and positions say as much without the values.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'not a patch';
  const { name, index, operation } = error as Error & { index?: number; operation?: { op?: string; path?: string } };
  const at = index === undefined ? '' : ` in operation ${index}`;
  const what = operation?.op === undefined ? '' : ` (${operation.op} ${String(operation.path)})`;
  return `${name}${at}${what}`;
}

function reasonLocation(error: unknown): string | undefined {
  const index = (error as { index?: number }).index;
  return index === undefined ? undefined : `body[${index}]`;
}
