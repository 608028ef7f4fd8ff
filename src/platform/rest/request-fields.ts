import { isRecord } from '../../base/json.ts';
import type { Operation } from '../../kuflow/contract/operation.ts';

/** Every value, for a walk that lists all fields of a schema. */
const ANY = Symbol('any value');

/** The request fields that the contract knows: `query.size`, `body.task.data.value`, `body[].op`. Read-only fields are not part of a request. */
export function knownFields(operation: Operation): readonly string[] {
  const query = Object.keys(operation.query).map((name) => `query.${name}`);
  return [...query, ...(hasJsonBody(operation) ? listFields(operation.body?.schema, 'body', ANY) : [])];
}

/** The fields of the contract that a request contains. */
export function presentFields(
  operation: Operation,
  request: { readonly query: Readonly<Record<string, unknown>>; readonly body: unknown },
): readonly string[] {
  const query = Object.keys(operation.query).filter((name) => request.query[name] !== undefined);
  const body = hasJsonBody(operation) ? listFields(operation.body?.schema, 'body', request.body) : [];
  return [...query.map((name) => `query.${name}`), ...new Set(body)];
}

const hasJsonBody = (operation: Operation): boolean => operation.body?.media.includes('json') === true;

function listFields(schema: unknown, path: string, value: unknown): string[] {
  if (value === undefined || !isRecord(schema) || schema['readOnly'] === true) return [];
  const { properties, items } = schema;
  if (isRecord(properties)) {
    return Object.entries(properties).flatMap(([name, property]) =>
      listFields(property, `${path}.${name}`, value === ANY ? ANY : isRecord(value) ? value[name] : undefined),
    );
  }
  if (isRecord(items) && isRecord(items['properties'])) {
    const elements: readonly unknown[] = value === ANY ? [ANY] : Array.isArray(value) ? value : [];
    return elements.flatMap((element) => listFields(items, `${path}[]`, element));
  }
  return [path];
}
