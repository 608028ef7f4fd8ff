import type { JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { resolveReference } from '../json-schema/reference.ts';

/** A selection among the choices of a schema. */
export interface SchemaPath {
  readonly root: JsonObject;
  /** The index of the alternative to use, modulo their number. */
  readonly choice: number;
  /** Whether to include optional properties. */
  readonly full: boolean;
  /** How many more schemas may be merged. Bounds the work, because references multiply. */
  readonly left: { parts: number };
}

type Schema = Record<string, unknown>;

const MAX_HOPS = 16;
const DEPENDENT = ['dependentRequired', 'dependentSchemas', 'dependencies'];
const COMPOSED = new Set(['$ref', 'allOf', 'oneOf', 'anyOf', 'if', 'then', 'else', ...DEPENDENT]);

/**
 * Merges the reference, the `allOf` and one alternative of each choice into a schema. Properties are not merged themselves: if two
 * schemas have the same property, it becomes an `allOf`.
 */
export function mergeSchema(schema: Schema, path: SchemaPath, hops = 0): Schema {
  let flat: Schema = Object.fromEntries(Object.entries(schema).filter(([key]) => !COMPOSED.has(key)));
  if (hops > MAX_HOPS) return flat;
  const add = (part: unknown): void => {
    if (isRecord(part) && path.left.parts-- > 0) flat = intersect(flat, mergeSchema(part, path, hops + 1));
  };
  if (typeof schema['$ref'] === 'string') add(resolveReference(schema['$ref'], path.root));
  for (const part of listOf(schema['allOf'])) add(part);
  for (const keyword of ['oneOf', 'anyOf']) {
    const choices = listOf(schema[keyword]);
    if (choices.length > 0) add(choices[path.choice % choices.length]);
  }
  if (path.choice % 2 === 1) {
    add(schema['if']);
    add(schema['then']);
  } else if (path.choice > 0) add(schema['else']);
  for (const keyword of path.full ? DEPENDENT : []) {
    const dependents = isRecord(schema[keyword]) ? Object.values(schema[keyword]) : [];
    for (const required of dependents) add(Array.isArray(required) ? { required: required as unknown[] } : required);
  }
  return flat;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const HIGHER_WINS = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains']);
const LOWER_WINS = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']);

/** A schema that requires what both schemas require, within what one schema can express. */
function intersect(one: Schema, other: Schema): Schema {
  const result: Schema = { ...one };
  for (const [key, value] of Object.entries(other)) {
    result[key] = Object.hasOwn(one, key) ? intersectKeyword(key, one[key], value) : value;
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
