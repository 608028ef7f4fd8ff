import { type Json, type JsonObject, isRecord } from '../../base/json.ts';
import { numberAt, sampleNumber, sampleString } from './scalar.ts';
import {
  intersectSchemas,
  isOfType,
  itemSchema,
  listOf,
  namedTypes,
  normalForm,
  propertySchemas,
  recordAt,
  textsOf,
} from '../normal-form.ts';
import { MAX_HOPS, type Schema } from '../json-schema-ref.ts';
import { matchesPattern } from '../match-pattern.ts';

const MAX_DEPTH = 8;
const MAX_OPTIONAL_DEPTH = 3;
const MAX_ITEMS = 100;
const CHOICES = 6;
// References multiply: a definition is repeated wherever it is referenced, with everything that it references.
const MAX_PARTS = 2000;

interface SchemaPath {
  readonly root: JsonObject;
  /** The index of the alternative to use, modulo their number. */
  readonly choice: number;
  /** Whether to include optional properties. */
  readonly full: boolean;
  /** How many more schemas may be merged. Bounds the work, because references multiply. */
  readonly left: { parts: number };
}

/** A sample value for generated code: required fields only. Valid for the schemas that people usually write. */
export function sampleForSchema(schema: JsonObject): JsonObject {
  const value = sampleRoot(schema, { choice: 0, full: false });
  // A KuFlow value is always an object, even if the default of its schema is not.
  return isRecord(value) ? value : {};
}

/** The simplest first: with only the required fields, then with all, for each of the first choices. Validate them to find a valid one. */
export function* samplesForSchema(schema: JsonObject): Generator<Json> {
  for (let choice = 0; choice < CHOICES; choice++) {
    for (const full of [false, true]) yield sampleRoot(schema, { choice, full });
  }
}

function sampleRoot(schema: JsonObject, path: Pick<SchemaPath, 'choice' | 'full'>): Json {
  return sampleValue(schema, { root: schema, left: { parts: MAX_PARTS }, ...path }, 0, 0) ?? {};
}

/** Different numbers in `nth` give different values, if the schema allows it. */
function sampleValue(
  given: unknown,
  path: SchemaPath,
  depth: number,
  nth: number,
  property?: string,
): Json | undefined {
  if (!isRecord(given) || depth > MAX_DEPTH || path.left.parts-- <= 0) return undefined;
  const schema = mergeSchema(given, path);
  if ('const' in schema) return schema['const'] as Json;
  if ('default' in schema && path.choice === 0 && nth === 0 && hasNamedType(schema['default'], schema))
    return schema['default'] as Json;
  const { enum: values } = schema;
  if (Array.isArray(values) && values.length > 0) return values[(nth + path.choice) % values.length] as Json;
  switch (selectType(schema, path)) {
    case 'string':
      return sampleString(schema, nth, property);
    case 'number':
      return sampleNumber(schema, nth, false);
    case 'integer':
      return sampleNumber(schema, nth, true);
    case 'boolean':
      return nth % 2 === 0;
    case 'null':
      return null;
    case 'array':
      return sampleArray(schema, path, depth);
    default:
      return sampleObject(schema, path, depth, nth);
  }
}

/** Whether a value has a type that its schema names. Defaults sometimes do not. */
function hasNamedType(value: unknown, schema: Schema): boolean {
  const types = namedTypes(schema);
  return types.length === 0 || isOfType(value, types);
}

const KEYWORDS: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'uniqueItems', 'contains']],
  ['string', ['pattern', 'format', 'minLength', 'maxLength']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

function selectType(schema: Schema, path: SchemaPath): unknown {
  const types = namedTypes(schema);
  if (types.length > 0) return types[path.choice % types.length];
  return KEYWORDS.find(([, keywords]) => keywords.some((keyword) => keyword in schema))?.[0];
}

function sampleArray(schema: Schema, path: SchemaPath, depth: number): Json {
  const { items, prefixItems } = schema;
  const tuple = listOf(Array.isArray(prefixItems) ? prefixItems : items);
  const contained = 'contains' in schema ? (numberAt(schema, 'minContains') ?? 1) : 0;
  const most = numberAt(schema, 'maxItems') ?? Number.POSITIVE_INFINITY;
  const wanted = Math.max(
    numberAt(schema, 'minItems') ?? 0,
    contained,
    path.full && depth < MAX_OPTIONAL_DEPTH ? 1 : 0,
  );
  return Array.from({ length: Math.min(wanted, most, MAX_ITEMS) }, (_, at) => {
    const one = at >= tuple.length && at < contained ? schema['contains'] : itemSchema(schema, at);
    return sampleValue(one, path, depth + 1, schema['uniqueItems'] === true ? at : 0) ?? null;
  });
}

function sampleObject(schema: Schema, path: SchemaPath, depth: number, nth: number): JsonObject {
  const properties = recordAt(schema, 'properties');
  const required = new Set(textsOf(schema['required']));
  const optional = Object.keys(properties).filter((name) => properties[name] !== false && !required.has(name));
  const result = new Map<string, Json>();
  // Objects that must be unique differ in as many values as possible.
  const add = (name: string): void => {
    const value = sampleValue(propertySchemas(schema, name, matchesPattern)[0], path, depth + 1, nth, name);
    if (value !== undefined) result.set(name, value);
    else if (required.has(name)) result.set(name, null);
  };
  for (const name of required) add(name);
  if (path.full && depth < MAX_OPTIONAL_DEPTH) for (const name of optional) add(name);
  const least = Math.min(numberAt(schema, 'minProperties') ?? 0, MAX_ITEMS);
  for (const name of optional) if (result.size < least && !result.has(name)) add(name);
  for (let at = 0; result.size < least && at < 2 * MAX_ITEMS; at++) {
    const name = samplePropertyName(schema, at);
    if (!result.has(name))
      result.set(
        name,
        sampleValue(propertySchemas(schema, name, matchesPattern)[0], path, depth + 1, nth) ?? 'Example',
      );
  }
  return Object.fromEntries(result);
}

function samplePropertyName(schema: Schema, nth: number): string {
  const { patternProperties, propertyNames } = schema;
  if (isRecord(propertyNames)) return sampleString(propertyNames, nth);
  const [pattern] = isRecord(patternProperties) ? Object.keys(patternProperties) : [];
  return sampleString(pattern === undefined ? {} : { pattern }, nth);
}

const DEPENDENT = ['dependentRequired', 'dependentSchemas', 'dependencies'];
const CONDITIONAL = new Set(['if', 'then', 'else', ...DEPENDENT]);

/** Merges the reference, the `allOf` and one alternative of each choice into a schema. Two schemas of a property become an `allOf`. */
function mergeSchema(schema: Schema, path: SchemaPath, hops = 0): Schema {
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
    for (const required of Object.values(recordAt(schema, keyword)))
      add(Array.isArray(required) ? { required: required as unknown[] } : required);
  }
  return flat;
}
