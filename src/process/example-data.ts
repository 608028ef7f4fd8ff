import type { Json, JsonObject } from '../base/json.ts';
import { isRecord } from '../base/json.ts';

const DEEPEST = 8;

const BY_FORMAT: Readonly<Record<string, string>> = {
  date: '2025-01-31',
  time: '10:00:00Z',
  'date-time': '2025-01-31T10:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** A value for generated code to start from: valid under the schemas that people usually write, required fields only. */
export function exampleOfSchema(schema: JsonObject): Json {
  return example(schema, schema, 0) ?? {};
}

function example(schema: unknown, root: JsonObject, depth: number): Json | undefined {
  if (!isRecord(schema) || depth > DEEPEST) return undefined;
  if ('const' in schema) return schema['const'] as Json;
  if ('default' in schema) return schema['default'] as Json;
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as Json;
  if (typeof schema['$ref'] === 'string') return example(resolved(schema['$ref'], root), root, depth + 1);
  for (const keyword of ['oneOf', 'anyOf', 'allOf']) {
    const choices = schema[keyword];
    if (Array.isArray(choices) && choices.length > 0 && schema['type'] === undefined)
      return example(choices[0], root, depth + 1);
  }
  const named = schema['type'];
  const kind: unknown = Array.isArray(named) ? named[0] : (named ?? ('properties' in schema ? 'object' : undefined));
  switch (kind) {
    case 'string':
      return text(schema);
    case 'number':
    case 'integer':
      return number(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array': {
      const least = typeof schema['minItems'] === 'number' ? Math.min(schema['minItems'], 5) : 0;
      return Array.from({ length: least }, () => example(schema['items'], root, depth + 1) ?? null);
    }
    default:
      return object(schema, root, depth);
  }
}

function object(schema: Record<string, unknown>, root: JsonObject, depth: number): JsonObject {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = (Array.isArray(schema['required']) ? schema['required'] : []).filter(
    (name) => typeof name === 'string',
  );
  return Object.fromEntries(
    required.map((name) => [
      name,
      (Object.hasOwn(properties, name) ? example(properties[name], root, depth + 1) : undefined) ?? null,
    ]),
  );
}

function text(schema: Record<string, unknown>): string {
  const plain = BY_FORMAT[String(schema['format'])] ?? 'TODO';
  const least = typeof schema['minLength'] === 'number' ? Math.min(schema['minLength'], 1000) : 0;
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY;
  return plain.padEnd(least, '.').slice(0, most);
}

function number(schema: Record<string, unknown>): number {
  const limit = (name: string): number | undefined => (typeof schema[name] === 'number' ? schema[name] : undefined);
  const least = limit('minimum') ?? (limit('exclusiveMinimum') ?? -1) + 1;
  const most = limit('maximum') ?? (limit('exclusiveMaximum') ?? Number.POSITIVE_INFINITY) - 1;
  return Math.min(Math.max(0, least), most);
}

function resolved(reference: string, root: JsonObject): unknown {
  let at: unknown = reference.startsWith('#') ? root : undefined;
  for (const step of reference.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}
