import { isRecord } from '../../base/json.ts';

/** JSON Schema as plain data, without names (`$id`), so that one schema may occur twice in another. */
export type PlainSchema = Readonly<Record<string, unknown>>;

type Change = (schema: PlainSchema) => PlainSchema;

/** Keys that contain schemas by name, and keys that contain one schema or a list of schemas. */
const MAPS = new Set(['properties']);
const NESTED = new Set(['items', 'additionalProperties', 'anyOf', 'allOf', 'oneOf']);

function rewrite(schema: unknown, change: Change): unknown {
  if (Array.isArray(schema)) return schema.map((part) => rewrite(part, change));
  if (!isRecord(schema)) return schema;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$id' || key === 'discriminator') continue;
    if (MAPS.has(key) && isRecord(value)) {
      copy[key] = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rewrite(part, change)]));
    } else {
      copy[key] = NESTED.has(key) ? rewrite(value, change) : value;
    }
  }
  return change(copy);
}

/** The schema with open objects, for request bodies: SDKs send fields that are not in the contract. */
export function open(schema: object): PlainSchema {
  return rewrite(schema, (part) => part) as PlainSchema;
}

/** The schema with closed objects, unless they define additional properties: an unknown field is an error. */
export function closed(schema: object): PlainSchema {
  return rewrite(schema, (part) =>
    isRecord(part['properties']) ? { additionalProperties: false, ...part } : part,
  ) as PlainSchema;
}

const TYPES_ONLY = new Set(['type', 'properties', 'required', 'items', 'additionalProperties', 'anyOf', 'nullable']);

/**
 * The schema reduced to what a reader relies on: types and required fields. Unknown fields, unknown enumeration values and unusual formats
 * are accepted, and an optional field may be null, because some servers serialize absent values as null.
 */
export function tolerant(schema: object): PlainSchema {
  return rewrite(schema, (part) => {
    const kept: Record<string, unknown> = Object.fromEntries(
      Object.entries(part).filter(([key]) => TYPES_ONLY.has(key)),
    );
    if (isRecord(kept['properties'])) {
      const required = Array.isArray(kept['required']) ? (kept['required'] as unknown[]) : [];
      kept['properties'] = Object.fromEntries(
        Object.entries(kept['properties']).map(([name, property]) => [
          name,
          !required.includes(name) && isRecord(property) && 'type' in property
            ? { ...property, nullable: true }
            : property,
        ]),
      );
    }
    return kept;
  }) as PlainSchema;
}

/**
 * A copy of an answer without optional fields that are null, to match its static type. Objects with the customer's keys (form values) stay
 * unchanged.
 */
export function withoutNulls(schema: object, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = 'items' in schema && isRecord(schema.items) ? schema.items : undefined;
    return items === undefined ? value : value.map((item) => withoutNulls(items, item));
  }
  if (!isRecord(value) || !('properties' in schema) || !isRecord(schema.properties)) return value;
  const { properties } = schema;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== null || !Object.hasOwn(properties, name))
      .map(([name, field]) => [name, isRecord(properties[name]) ? withoutNulls(properties[name], field) : field]),
  );
}
