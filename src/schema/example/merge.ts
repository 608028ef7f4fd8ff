import type { JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { intersectSchemas, normalForm } from '../normal-form.ts';
import { MAX_HOPS, type Schema } from '../resolve.ts';

export interface SchemaPath {
  readonly root: JsonObject;
  /** The index of the alternative to use, modulo their number. */
  readonly choice: number;
  /** Whether to include optional properties. */
  readonly full: boolean;
  /** How many more schemas may be merged. Bounds the work, because references multiply. */
  readonly left: { parts: number };
}

const DEPENDENT = ['dependentRequired', 'dependentSchemas', 'dependencies'];
const CONDITIONAL = new Set(['if', 'then', 'else', ...DEPENDENT]);

/** Merges the reference, the `allOf` and one alternative of each choice into a schema. Two schemas of a property become an `allOf`. */
export function mergeSchema(schema: Schema, path: SchemaPath, hops = 0): Schema {
  const { own, referenced, all, choices } = normalForm(schema, path.root);
  let flat: Schema = Object.fromEntries(Object.entries(own).filter(([key]) => !CONDITIONAL.has(key)));
  if (hops > MAX_HOPS) return flat;
  const add = (part: unknown): void => {
    if (isRecord(part) && path.left.parts-- > 0) flat = intersectSchemas(flat, mergeSchema(part, path, hops + 1));
  };
  for (const part of [...referenced, ...all]) add(part);
  for (const list of choices) add(list[path.choice % list.length]);
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
