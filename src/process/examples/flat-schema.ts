import type { JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { resolveReference } from '../json-schema/reference.ts';

/** One of the ways through a schema that leaves choices. */
export interface SchemaPath {
  readonly root: JsonObject;
  /** Which of several alternatives is taken, by its index; past the last one it begins again. */
  readonly choice: number;
  /** Optional properties too. */
  readonly full: boolean;
  /** How many more schemas may be put together: references multiply them. */
  readonly left: { parts: number };
}

type Schema = Record<string, unknown>;

const MOST_HOPS = 16;
const DEPENDENT = ['dependentRequired', 'dependentSchemas', 'dependencies'];
const COMPOSED = new Set(['$ref', 'allOf', 'oneOf', 'anyOf', 'if', 'then', 'else', ...DEPENDENT]);

/**
 * The schema with its reference, its `allOf`, and one of each of its alternatives put into it. Properties are left as they are, and what
 * two schemas say of one property stays an `allOf`.
 */
export function mergeSchema(schema: Schema, way: SchemaPath, hops = 0): Schema {
  let flat: Schema = Object.fromEntries(Object.entries(schema).filter(([key]) => !COMPOSED.has(key)));
  if (hops > MOST_HOPS) return flat;
  const add = (part: unknown): void => {
    if (isRecord(part) && way.left.parts-- > 0) flat = intersect(flat, mergeSchema(part, way, hops + 1));
  };
  if (typeof schema['$ref'] === 'string') add(resolveReference(schema['$ref'], way.root));
  for (const part of listOf(schema['allOf'])) add(part);
  for (const keyword of ['oneOf', 'anyOf']) {
    const choices = listOf(schema[keyword]);
    if (choices.length > 0) add(choices[way.choice % choices.length]);
  }
  if (way.choice % 2 === 1) {
    add(schema['if']);
    add(schema['then']);
  } else if (way.choice > 0) add(schema['else']);
  for (const keyword of way.full ? DEPENDENT : []) {
    const dependents = isRecord(schema[keyword]) ? Object.values(schema[keyword]) : [];
    for (const wanted of dependents) add(Array.isArray(wanted) ? { required: wanted as unknown[] } : wanted);
  }
  return flat;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const HIGHEST = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains']);
const LOWEST = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']);

/** What holds when both hold, as far as one schema can say it. */
function intersect(one: Schema, other: Schema): Schema {
  const result: Schema = { ...one };
  for (const [key, value] of Object.entries(other)) {
    result[key] = Object.hasOwn(one, key) ? intersectKeyword(key, one[key], value) : value;
  }
  return result;
}

function intersectKeyword(key: string, one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') {
    if (HIGHEST.has(key)) return Math.max(one, other);
    if (LOWEST.has(key)) return Math.min(one, other);
    if (key === 'multipleOf') return commonMultiple(one, other);
  }
  if (key === 'required') return [...new Set([...listOf(one), ...listOf(other)])];
  if (key === 'enum' && Array.isArray(one) && Array.isArray(other)) {
    const allowed = new Set(other.map((value) => JSON.stringify(value)));
    return one.filter((value) => allowed.has(JSON.stringify(value)));
  }
  if (key === 'type') return commonType(one, other);
  if (key === 'uniqueItems') return one === true || other === true;
  if (key === 'properties' && isRecord(one) && isRecord(other)) {
    return Object.fromEntries(
      [...new Set([...Object.keys(one), ...Object.keys(other)])].map((name) => {
        const parts = [one, other].filter((all) => Object.hasOwn(all, name)).map((all) => all[name]);
        return [name, parts.length === 1 ? parts[0] : { allOf: parts }];
      }),
    );
  }
  if (key === 'items' && isRecord(one) && isRecord(other)) return { allOf: [one, other] };
  return key === 'default' ? one : other;
}

function commonMultiple(one: number, other: number): number {
  for (let times = 1; times <= 1000; times++) if (Number.isInteger((one * times) / other)) return one * times;
  return other;
}

function commonType(one: unknown, other: unknown): unknown {
  const [mine, theirs] = [one, other].map((type) => (Array.isArray(type) ? (type as unknown[]) : [type]));
  const common = (mine ?? []).flatMap((type) => {
    if (theirs?.includes(type) === true) return [type];
    if (type === 'number' && theirs?.includes('integer') === true) return ['integer'];
    return type === 'integer' && theirs?.includes('number') === true ? ['integer'] : [];
  });
  return common.length === 1 ? common[0] : common.length === 0 ? other : common;
}
