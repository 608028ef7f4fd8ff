import { canonicalJson, isDeeperThan, isRecord, MAX_LEVELS, pointerSteps, type JsonObject } from '../../base/json.ts';
import type { JsonPatch } from '../../kuflow/contract/common.ts';
import { badRequest } from './api-error.ts';

const MAX_OPERATIONS = 1000;
/** Bytes as JSON. Everything else in the result was in the request or in the value, so that only copies can multiply. */
const MAX_COPIED = 1024 * 1024;

type Operation = JsonPatch[number];
type Container = Record<string, unknown> | unknown[];

/** Why an operation can't be applied. Contains no values. */
class PatchError extends Error {}

/** Applies an RFC 6902 patch to a copy. Refuses one that fails, is too large, or does not result in an object, with 400. */
export function applyJsonPatch(value: JsonObject, patch: JsonPatch): JsonObject {
  if (patch.length > MAX_OPERATIONS)
    throw badRequest(
      `The JSON patch has ${patch.length} operations; the local KuFlow accepts up to ${MAX_OPERATIONS}`,
      'body',
    );
  // The document is a property, so that it can be replaced like any other value.
  const holder: Container = { '': structuredClone(value) };
  let copied = 0;
  const copy = (source: unknown): unknown => {
    if (isDeeperThan(source, MAX_LEVELS)) throw tooDeep();
    const json = JSON.stringify(source);
    copied += Buffer.byteLength(json);
    if (copied > MAX_COPIED) throw new PatchError('the patch copies more than 1 MB, the limit of the local KuFlow');
    return JSON.parse(json);
  };
  for (const [index, operation] of patch.entries()) {
    try {
      applyOperation(holder, operation, copy);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      const failed = `operation ${index}, ${operation.op} ${operation.path}`;
      throw badRequest(`The JSON patch can't be applied: ${failed}: ${error.message}`, `body[${index}]`);
    }
  }
  const result = holder[''];
  if (!isRecord(result)) throw badRequest('The result of the JSON patch must be an object');
  if (isDeeperThan(result, MAX_LEVELS))
    throw badRequest(`The result of the JSON patch is nested more than ${MAX_LEVELS} levels deep`);
  return result as JsonObject;
}

function applyOperation(holder: Container, operation: Operation, copy: (source: unknown) => unknown): void {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      add(holder, path, givenValue(operation));
      return;
    case 'remove':
      remove(holder, path);
      return;
    case 'replace': {
      const { parent, key } = findValue(holder, path);
      put(parent, key, givenValue(operation));
      return;
    }
    case 'test':
      if (canonicalJson(findValue(holder, path).value) !== canonicalJson(givenValue(operation)))
        throw new PatchError('the value is different');
      return;
    case 'copy':
      add(holder, path, copy(findValue(holder, source(operation)).value));
      return;
    case 'move': {
      const from = source(operation);
      if (path.startsWith(`${from}/`)) throw new PatchError('a value cannot be moved into itself');
      const { value } = findValue(holder, from);
      if (path === from) return;
      remove(holder, from);
      add(holder, path, value);
    }
  }
}

function givenValue(operation: Operation): unknown {
  if (operation.value === undefined) throw new PatchError('value is missing');
  return operation.value;
}

function source({ from }: Operation): string {
  if (from === undefined) throw new PatchError('from is missing');
  return from;
}

function add(holder: Container, pointer: string, value: unknown): void {
  const { parent, key } = findParent(holder, pointer);
  if (!Array.isArray(parent)) {
    put(parent, key, value);
    return;
  }
  const index = key === '-' ? parent.length : Number(key);
  if ((key !== '-' && !isIndex(key)) || index > parent.length) throw notThere(pointer);
  parent.splice(index, 0, value);
}

function remove(holder: Container, pointer: string): void {
  const { parent, key } = findValue(holder, pointer);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function put(parent: Container, key: string, value: unknown): void {
  if (key === '__proto__') throw new PatchError('the name __proto__ is not allowed');
  (parent as Record<string, unknown>)[key] = value;
}

function findValue(holder: Container, pointer: string) {
  const { parent, key } = findParent(holder, pointer);
  return { parent, key, value: child(parent, key, pointer) };
}

function findParent(holder: Container, pointer: string) {
  if (pointer !== '' && !pointer.startsWith('/')) throw new PatchError(`${pointer} is not a JSON Pointer`);
  const steps = ['', ...pointerSteps(pointer)];
  if (steps.length > MAX_LEVELS) throw tooDeep();
  const key = steps.pop() ?? '';
  let parent = holder;
  for (const step of steps) {
    const next = child(parent, step, pointer);
    if (!isRecord(next) && !Array.isArray(next)) throw notThere(pointer);
    parent = next as Container;
  }
  return { parent, key };
}

function child(parent: Container, key: string, pointer: string): unknown {
  if (!Object.hasOwn(parent, key) || (Array.isArray(parent) && !isIndex(key))) throw notThere(pointer);
  return (parent as Record<string, unknown>)[key];
}

const tooDeep = (): PatchError => new PatchError(`the value is nested more than ${MAX_LEVELS} levels deep`);

const isIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);

const notThere = (pointer: string): PatchError => new PatchError(`there is no ${pointer === '' ? 'value' : pointer}`);
