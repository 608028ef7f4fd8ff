import { validationFailure } from './activity-failure.ts';

/** What a workflow passes to an activity. */
export type Request = Readonly<Record<string, unknown>>;

/** Throws a validation failure unless every field has a value; `a|b`: one of them. */
export function requireAll(request: Request, required: readonly string[]): void {
  for (const field of required) {
    const names = field.split('|');
    if (names.every((name) => isMissing(request[name]))) {
      throw validationFailure(`${names.map((name) => `'${name}'`).join(' or ')} is required`);
    }
  }
}

/** What KuFlow asks of an item by its type. */
export function requireItemParts(request: Request): void {
  requireAll(request, ['id', 'processId', 'type']);
  if (request['type'] !== 'MESSAGE') return requireAll(request, ['processItemDefinitionCode']);
  requireAll(request, ['message']);
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
