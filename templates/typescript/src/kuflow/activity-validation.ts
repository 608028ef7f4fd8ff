import { validationFailure } from './activity-failure.ts';

/** The argument that a workflow passes to an activity. */
export type Request = Readonly<Record<string, unknown>>;

/** Throws a validation failure unless every field has a value. `a|b` requires one of the two. */
export function requireFields(request: Request, required: readonly string[]): void {
  for (const field of required) {
    const names = field.split('|');
    if (names.every((name) => isMissing(request[name]))) {
      throw validationFailure(`${names.map((name) => `'${name}'`).join(' or ')} is required`);
    }
  }
}

/** Checks the fields that KuFlow requires for the type of a process item. */
export function validateProcessItem(request: Request): void {
  requireFields(request, ['id', 'processId', 'type']);
  if (request['type'] !== 'MESSAGE') return requireFields(request, ['processItemDefinitionCode']);
  requireFields(request, ['message']);
  const message = request['message'] as Request;
  if (isMissing(message['text']) && isMissing(message['data'])) {
    throw validationFailure("'message.text' and/or 'message.data' is required for message items");
  }
  if (!isMissing(message['data']) && isMissing(message['dataStructureDataDefinitionCode'])) {
    throw validationFailure(
      "'message.dataStructureDataDefinitionCode' is required for message items when 'message.data' is set",
    );
  }
}

export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
