import { canonicalJson, isRecord, type Json } from '../base/json.ts';
import { resolveReference, type Schema } from './json-schema-ref.ts';

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

export const JSON_TYPES: readonly JsonType[] = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** One schema as all readers see it: what it says itself, and the schemas that it is composed of. */
export interface NormalForm {
  /** The types that it names, with `null` for the keyword `nullable`. Undefined if it does not name any. */
  readonly types: readonly JsonType[] | undefined;
  /** The values that it lists by `enum` and `const` and that have one of its types. Undefined if it does not list any. */
  readonly values: readonly Json[] | undefined;
  /** Where its `$ref` leads: nothing for a schema without one, `undefined` if it leads nowhere. */
  readonly referenced: readonly unknown[];
  /** Its `allOf`: all of these apply. */
  readonly all: readonly unknown[];
  /** Its `anyOf` and its `oneOf`: at least one schema of each list applies. */
  readonly choices: readonly (readonly unknown[])[];
  /** Its other keywords. */
  readonly own: Schema;
}

export function normalForm(schema: Schema, root: Schema): NormalForm {
  const { $ref: reference, allOf, anyOf, oneOf, ...own } = schema;
  const types = typesOf(schema);
  return {
    types,
    values: valuesOf(schema)?.filter((value) => types === undefined || isOfType(value, types)),
    referenced: typeof reference === 'string' ? [resolveReference(reference, root)] : [],
    all: listOf(allOf),
    choices: [anyOf, oneOf].map(listOf).filter((choices) => choices.length > 0),
    own,
  };
}

function typesOf({ type, nullable }: Schema): readonly JsonType[] | undefined {
  if (type === undefined) return undefined;
  const named = Array.isArray(type) ? (type as readonly unknown[]) : [type];
  const types = new Set(named.flatMap((one) => JSON_TYPES.filter((known) => known === one)));
  return [...(nullable === true ? types.add('null') : types)];
}

function valuesOf(schema: Schema): readonly Json[] | undefined {
  const values = Array.isArray(schema['enum']) ? (schema['enum'] as readonly Json[]) : undefined;
  if (!('const' in schema)) return values;
  const constant = schema['const'] as Json;
  return values === undefined || values.some((value) => isSameValue(value, constant)) ? [constant] : [];
}

/** The types that a schema names, with `null` for the keyword `nullable`; empty if it does not name any. */
export const namedTypes = (schema: Schema): readonly JsonType[] => typesOf(schema) ?? [];

/** The type of a JSON value; `integer` for whole numbers. */
export function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'object';
}

/** Whether a value has one of these types. Whole numbers are numbers too. */
export const isOfType = (value: unknown, types: readonly JsonType[]): boolean =>
  includesType(types, typeOfValue(value));

/** Whether two JSON values are equal, whatever the order of their keys. */
export const isSameValue = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textsOf = (value: unknown): readonly string[] => listOf(value).filter((one) => typeof one === 'string');

export function recordAt(schema: Schema, key: string): Schema {
  const value = schema[key];
  return isRecord(value) ? value : {};
}

/** The schemas for a property of an object that a schema has itself. `matches`: whether a name matches a pattern. */
export function propertySchemas(
  { properties, patternProperties, additionalProperties }: Schema,
  name: string,
  matches: (pattern: string, name: string) => boolean,
): readonly unknown[] {
  const own = isRecord(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const matching = Object.entries(isRecord(patternProperties) ? patternProperties : {})
    .filter(([pattern]) => matches(pattern, name))
    .map(([, schema]) => schema);
  if (own.length + matching.length > 0) return [...own, ...matching];
  return isRecord(additionalProperties) ? [additionalProperties] : [];
}

/** The schema for the item of an array at an index that a schema has itself. */
export function itemSchema({ items, prefixItems, additionalItems }: Schema, at: number): unknown {
  const tuple = Array.isArray(prefixItems) ? listOf(prefixItems) : listOf(items);
  return at < tuple.length ? tuple[at] : Array.isArray(items) ? additionalItems : items;
}

const HIGHER_WINS = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains']);
const LOWER_WINS = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxSize']);

/**
 * A schema that requires what both schemas require, within what one schema can express. The first one's keywords win where they exclude each other.
 * If both describe a property, or the items, their schemas become an `allOf`.
 */
export function intersectSchemas(one: Schema, other: Schema): Schema {
  const result: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    if (key === 'nullable') continue;
    result[key] = Object.hasOwn(one, key) ? intersectKeyword(key, one[key], value) : value;
  }
  const types = commonTypes(typesOf(one), typesOf(other));
  if (types !== undefined) {
    delete result['nullable'];
    result['type'] = types.length === 1 ? types[0] : types;
  }
  return result;
}

function intersectKeyword(key: string, one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') {
    if (HIGHER_WINS.has(key)) return Math.max(one, other);
    if (LOWER_WINS.has(key)) return Math.min(one, other);
    if (key === 'multipleOf') return commonMultiple(one, other);
  }
  if (key === 'required') return [...new Set([...listOf(one), ...listOf(other)])];
  if (key === 'enum') return listOf(one).filter((value) => listOf(other).some((same) => isSameValue(value, same)));
  if (key === 'uniqueItems') return one === true || other === true;
  if (key === 'properties' && isRecord(one) && isRecord(other)) {
    return Object.fromEntries(
      [...new Set([...Object.keys(one), ...Object.keys(other)])].map((name) => {
        const parts = [one, other].filter((all) => Object.hasOwn(all, name)).map((all) => all[name]);
        return [name, parts.length === 1 ? parts[0] : { allOf: parts }];
      }),
    );
  }
  return key === 'items' && isRecord(one) && isRecord(other) ? { allOf: [one, other] } : one;
}

function commonMultiple(one: number, other: number): number {
  for (let times = 1; times <= 1000; times++) if (Number.isInteger((one * times) / other)) return one * times;
  return one;
}

/** Whether types include a type: `number` includes `integer`. */
export const includesType = (types: readonly JsonType[], type: JsonType): boolean =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

/** The first ones if they have nothing in common. */
function commonTypes(
  one: readonly JsonType[] | undefined,
  other: readonly JsonType[] | undefined,
): readonly JsonType[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const common = [...new Set([...one, ...other])]
    .filter((type) => [one, other].every((types) => includesType(types, type)))
    .filter((type, _at, all) => type !== 'integer' || !all.includes('number'));
  return common.length === 0 ? one : common;
}
