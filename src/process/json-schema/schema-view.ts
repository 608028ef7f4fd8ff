import { isRecord } from '../../base/json.ts';
import { backtrackingSteps, schemaPattern } from './pattern.ts';
import { resolveReference } from './reference.ts';

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

export const JSON_TYPES: readonly JsonType[] = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

type Schema = Readonly<Record<string, unknown>>;

/** Schemas without references and choices that all apply to a value. */
type Conjunction = readonly Schema[];

const MAX_ALTERNATIVES = 64;
const MAX_HOPS = 16;
const NARROWING = ['if', 'then', 'else', 'not', 'dependentSchemas', 'dependencies', '$dynamicRef', '$recursiveRef'];

/** What a JSON Schema says about the values at one place. Wherever that is unclear, the view admits more than the schema. */
export interface SchemaView {
  /** The types that a value may have. */
  readonly types: ReadonlySet<JsonType>;
  /** Whether it names fields, or allows no other ones. Otherwise it is a free-form object or a map. */
  readonly namesFields: boolean;
  /** The fields that it names. */
  readonly fields: ReadonlySet<string>;
  /** The fields that every value has. */
  readonly required: ReadonlySet<string>;
  /** What it says about a field; undefined if it does not name this field and does not describe other fields. */
  readonly field: (name: string) => SchemaView | undefined;
  /** What it says about every item of an array; undefined if it says nothing, or items differ. */
  readonly items: SchemaView | undefined;
  /** What it says about the values of a map; undefined if it is not a map. */
  readonly values: SchemaView | undefined;
}

/** The view of a whole schema. */
export function viewSchema(schema: Schema): SchemaView {
  return viewOf([[schema]], schema);
}

/** `alternatives`: a value satisfies all schemas of at least one of them. */
function viewOf(given: readonly (readonly unknown[])[], root: Schema): SchemaView {
  const expanded = given.flatMap((parts): readonly (Conjunction | undefined)[] => {
    const all = combine(
      parts.map((part) => expand(part, root, 0)),
      [[]],
    );
    return all ?? [undefined];
  });
  const alternatives = expanded.filter((one) => one !== undefined);
  const isUnclear = alternatives.length < expanded.length || alternatives.length > MAX_ALTERNATIVES;
  const types = new Set(isUnclear ? JSON_TYPES : alternatives.flatMap((one) => [...typesOfConjunction(one)]));
  const objects = alternatives.filter((one) => typesOfConjunction(one).has('object'));
  const parts = objects.flat();
  const fields = new Set(parts.flatMap((part) => Object.keys(recordAt(part, 'properties'))));
  const namesFields = fields.size > 0 || parts.some((part) => part['additionalProperties'] === false);
  const narrowed = alternatives.some((one) => one.some(hasOtherFields));
  const field = (name: string): SchemaView | undefined => {
    const children = objects.flatMap((one) => fieldSchemas(one, name) ?? []);
    if (children.length > 0 && !isUnclear) {
      // An alternative that does not mention the field admits everything.
      const open = objects.some(
        (one) => one.every((part) => allows(part, name)) && fieldSchemas(one, name) === undefined,
      );
      return viewOf(open ? [[]] : children, root);
    }
    return isUnclear || narrowed ? viewOf([[]], root) : undefined;
  };
  const itemSchemas = alternatives
    .filter((one) => typesOfConjunction(one).has('array'))
    .map((one) => (one.some(hasTuple) ? [] : one.flatMap((part) => ('items' in part ? [part['items']] : []))));
  const mapSchemas = objects.map((one) =>
    one.flatMap((part) => (isRecord(part['additionalProperties']) ? [part['additionalProperties']] : [])),
  );
  const view = (schemas: readonly (readonly unknown[])[]): SchemaView | undefined =>
    isUnclear || schemas.every((one) => one.length === 0) ? undefined : viewOf(schemas, root);
  return {
    types,
    namesFields: namesFields && !isUnclear,
    fields: isUnclear ? new Set() : fields,
    required: isUnclear ? new Set() : commonRequired(objects),
    field,
    get items() {
      return view(itemSchemas);
    },
    get values() {
      return namesFields ? undefined : view(mapSchemas);
    },
  };
}

/** The alternatives of a schema. Undefined if there are too many, or a reference leads outside the schema. */
function expand(schema: unknown, root: Schema, hops: number): readonly Conjunction[] | undefined {
  if (schema === false) return [];
  if (!isRecord(schema)) return [[]];
  if (hops > MAX_HOPS) return undefined;
  const { $ref: reference, allOf, anyOf, oneOf, ...flat } = schema;
  const parts: (readonly Conjunction[] | undefined)[] = [];
  if (typeof reference === 'string') {
    const target = resolveReference(reference, root);
    parts.push(target === undefined ? undefined : expand(target, root, hops + 1));
  }
  for (const one of listOf(allOf)) parts.push(expand(one, root, hops + 1));
  for (const choices of [anyOf, oneOf].map(listOf)) {
    if (choices.length === 0) continue;
    const all = choices.map((one) => expand(one, root, hops + 1));
    parts.push(all.every((one) => one !== undefined) ? all.flat() : undefined);
  }
  return combine(parts, [[flat]]);
}

function combine(
  parts: readonly (readonly Conjunction[] | undefined)[],
  start: readonly Conjunction[],
): readonly Conjunction[] | undefined {
  let all: readonly Conjunction[] = start;
  for (const part of parts) {
    if (part === undefined || all.length * part.length > MAX_ALTERNATIVES) return undefined;
    all = all.flatMap((one) => part.map((other) => [...one, ...other]));
  }
  return all;
}

function typesOfConjunction(parts: Conjunction): ReadonlySet<JsonType> {
  const all = parts.map(typesOfPart);
  return new Set(JSON_TYPES.filter((type) => all.every((types) => types.has(type))));
}

function typesOfPart(part: Schema): ReadonlySet<JsonType> {
  const { type, nullable, const: constant, enum: values } = part;
  const named = new Set<JsonType>(
    type === undefined
      ? JSON_TYPES
      : (Array.isArray(type) ? type : [type]).flatMap((one): readonly JsonType[] =>
          one === 'number' ? ['number', 'integer'] : JSON_TYPES.filter((known) => known === one),
        ),
  );
  if (nullable === true) named.add('null');
  const given = 'const' in part ? [constant] : Array.isArray(values) ? (values as readonly unknown[]) : undefined;
  if (given === undefined) return named;
  const ofValues = new Set(given.map(typeOfValue));
  return new Set([...named].filter((one) => ofValues.has(one)));
}

/** The type of a JSON value; `integer` for whole numbers. */
export function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'object';
}

/** The schemas that apply to a field, as alternatives. Undefined if these schemas do not describe it. */
function fieldSchemas(parts: Conjunction, name: string): readonly (readonly unknown[])[] | undefined {
  const all = parts.flatMap((part): readonly unknown[] => {
    const properties = recordAt(part, 'properties');
    const own = Object.hasOwn(properties, name) ? [properties[name]] : [];
    const byPattern = Object.entries(recordAt(part, 'patternProperties')).flatMap(([pattern, schema]) =>
      matches(pattern, name) ? [schema] : [],
    );
    if (own.length + byPattern.length > 0) return [...own, ...byPattern];
    return isRecord(part['additionalProperties']) ? [part['additionalProperties']] : [];
  });
  return all.length === 0 ? undefined : [all];
}

const allows = (part: Schema, name: string): boolean =>
  part['additionalProperties'] !== false || Object.hasOwn(recordAt(part, 'properties'), name);

function matches(pattern: string, name: string): boolean {
  // A name that takes long to test may match, like all names of a pattern that is not valid.
  if (backtrackingSteps(pattern, name.length) > 1_000_000) return true;
  try {
    return schemaPattern(pattern).test(name);
  } catch {
    return true;
  }
}

function commonRequired(alternatives: readonly Conjunction[]): ReadonlySet<string> {
  const [first = new Set<string>(), ...others] = alternatives.map(
    (parts) => new Set(parts.flatMap((part) => listOf(part['required']).filter((name) => typeof name === 'string'))),
  );
  return new Set([...first].filter((name) => others.every((names) => names.has(name))));
}

/** Whether keywords that the view does not follow may describe fields. */
function hasOtherFields(part: Schema): boolean {
  const values = 'const' in part ? [part['const']] : listOf(part['enum']);
  return NARROWING.some((keyword) => keyword in part) || values.some(isRecord);
}

const hasTuple = (part: Schema): boolean => Array.isArray(part['items']) || 'prefixItems' in part;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function recordAt(schema: Schema, key: string): Schema {
  const value = schema[key];
  return isRecord(value) ? value : {};
}
