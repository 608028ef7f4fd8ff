import { isRecord } from '../base/json.ts';
import {
  includesType,
  isSameValue,
  JSON_TYPES,
  normalForm,
  propertySchemas,
  recordAt,
  textsOf,
  typeOfValue,
  type JsonType,
  type NormalForm,
} from './normal-form.ts';
import { backtrackingSteps, schemaPattern } from './pattern.ts';
import { MAX_CHOICES, MAX_HOPS, type Schema } from './json-schema-ref.ts';

/** Schemas without references and choices that all apply to a value. */
type Conjunction = readonly NormalForm[];

const NARROWING = ['if', 'then', 'else', 'not', 'dependentSchemas', 'dependencies', '$dynamicRef', '$recursiveRef'];

/** What a JSON Schema says about the values at one place. Wherever that is unclear, the view admits more than the schema. */
export interface SchemaView {
  /** The types that a value may have. */
  readonly types: ReadonlySet<JsonType>;
  /** Whether it names fields, or allows no other ones. Otherwise it is a free-form object or a map. */
  readonly namesFields: boolean;
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
  const isUnclear = alternatives.length < expanded.length || alternatives.length > MAX_CHOICES;
  const types = new Set(isUnclear ? JSON_TYPES : alternatives.flatMap((one) => [...typesOfConjunction(one)]));
  const objects = alternatives.filter((one) => typesOfConjunction(one).has('object'));
  const parts = objects.flat();
  const fields = new Set(parts.flatMap((part) => Object.keys(recordAt(part.own, 'properties'))));
  const namesFields = fields.size > 0 || parts.some(({ own }) => own['additionalProperties'] === false);
  const narrowed = alternatives.some((one) => one.some(hasOtherFields));
  const field = (name: string): SchemaView | undefined => {
    const children = objects.flatMap((one) => fieldSchemas(one, name) ?? []);
    if (children.length > 0 && !isUnclear) {
      // An alternative that does not mention the field admits everything.
      const open = objects.some(
        (one) => one.every(({ own }) => allows(own, name)) && fieldSchemas(one, name) === undefined,
      );
      return viewOf(open ? [[]] : children, root);
    }
    return isUnclear || narrowed ? viewOf([[]], root) : undefined;
  };
  const itemSchemas = alternatives
    .filter((one) => typesOfConjunction(one).has('array'))
    .map((one) => (one.some(hasTuple) ? [] : one.flatMap(({ own }) => ('items' in own ? [own['items']] : []))));
  const mapSchemas = objects.map((one) =>
    one.flatMap(({ own }) => (isRecord(own['additionalProperties']) ? [own['additionalProperties']] : [])),
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
  const normal = normalForm(schema, root);
  const parts = [...normal.referenced, ...normal.all].map((part) =>
    part === undefined ? undefined : expand(part, root, hops + 1),
  );
  for (const choices of normal.choices) {
    const all = choices.map((one) => expand(one, root, hops + 1));
    parts.push(all.every((one) => one !== undefined) ? all.flat() : undefined);
  }
  return combine(parts, [[normal]]);
}

function combine(
  parts: readonly (readonly Conjunction[] | undefined)[],
  start: readonly Conjunction[],
): readonly Conjunction[] | undefined {
  let all: readonly Conjunction[] = start;
  for (const part of parts) {
    if (part === undefined || all.length * part.length > MAX_CHOICES) return undefined;
    all = all.flatMap((one) => part.map((other) => [...one, ...other]));
  }
  return all;
}

function typesOfConjunction(parts: Conjunction): ReadonlySet<JsonType> {
  const lists = parts.flatMap(({ values }) => (values === undefined ? [] : [values]));
  const [first] = lists;
  const common = first?.filter((one) => lists.every((values) => values.some((value) => isSameValue(value, one))));
  return new Set(
    JSON_TYPES.filter(
      (type) =>
        common?.some((value) => typeOfValue(value) === type) !== false &&
        parts.every(({ types }) => types === undefined || includesType(types, type)),
    ),
  );
}

/** The schemas that apply to a field, as alternatives. Undefined if these schemas do not describe it. */
function fieldSchemas(parts: Conjunction, name: string): readonly (readonly unknown[])[] | undefined {
  const all = parts.flatMap(({ own }) => propertySchemas(own, name, matches));
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
    (parts) => new Set(parts.flatMap(({ own }) => textsOf(own['required']))),
  );
  return new Set([...first].filter((name) => others.every((names) => names.has(name))));
}

/** Whether keywords that the view does not follow may describe fields. */
const hasOtherFields = ({ own, values }: NormalForm): boolean =>
  NARROWING.some((keyword) => keyword in own) || values?.some(isRecord) === true;

const hasTuple = ({ own }: NormalForm): boolean => Array.isArray(own['items']) || 'prefixItems' in own;
