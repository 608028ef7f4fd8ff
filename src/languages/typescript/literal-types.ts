import type { Json, JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { MAX_CHOICES } from '../../schema/resolve.ts';

/** Whether the compiler surely accepts a literal of this value for the type of the schema. Otherwise, generated code casts it. */
export function fitsLiteralType(value: Json | undefined, schema: unknown): boolean {
  if (!isRecord(schema) || ['$ref', 'anyOf', 'oneOf', 'allOf'].some((keyword) => keyword in schema)) return false;
  if ('const' in schema) return value === schema['const'] && !('enum' in schema) && !('type' in schema);
  const values = schema['enum'];
  if (Array.isArray(values) && values.length <= MAX_CHOICES) return values.includes(value);
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string' && hasPrefixOfFormat(value, schema['format']);
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
    case 'integer':
      return typeof value === 'number';
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value) && value.every((item: Json) => fitsLiteralType(item, schema['items']));
    case 'object':
      return isRecord(value) && objectFits(value, schema);
    default:
      return false;
  }
}

/** In TypeScript, a value that refers to something in KuFlow is a string with a prefix. */
function hasPrefixOfFormat(value: string, format: unknown): boolean {
  return typeof format !== 'string' || !format.startsWith('kuflow-') || value.startsWith(`${format}:`);
}

function objectFits(value: JsonObject, schema: Record<string, unknown>): boolean {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  if (Object.keys(properties).length === 0) return Object.keys(value).length === 0;
  // A required key without a schema is not part of the type.
  return (
    required.every(
      (name) => typeof name === 'string' && (Object.hasOwn(value, name) || !Object.hasOwn(properties, name)),
    ) &&
    Object.entries(value).every(
      ([name, item]) => Object.hasOwn(properties, name) && fitsLiteralType(item, properties[name]),
    )
  );
}
