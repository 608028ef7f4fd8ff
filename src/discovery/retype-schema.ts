import type { Json, JsonObject } from '../base/json.ts';
import { typeOfValue, type JsonType } from '../schema/normal-form.ts';
import { alternativesOf } from './shape/infer.ts';

export interface SeenTypes {
  /** Those that the schema allows. */
  readonly from: readonly JsonType[];
  /** Those that were seen. */
  readonly to: readonly JsonType[];
  /** Those that were seen, but that the schema does not allow. */
  readonly rejected: readonly JsonType[];
}

const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
/** Keywords that only apply to values of one type. */
const KEYWORDS: Readonly<Record<JsonType, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'contentEncoding', 'contentMediaType', 'contentSchema'],
  number: NUMBER_KEYWORDS,
  integer: NUMBER_KEYWORDS,
  boolean: [],
  null: [],
  array: [
    ...['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains', 'minContains', 'maxContains'],
    ...['minItems', 'maxItems', 'uniqueItems'],
  ],
  object: [
    ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties'],
    ...['maxProperties', 'dependencies', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'],
  ],
};

const isNumeric = (type: JsonType): boolean => type === 'number' || type === 'integer';

/**
 * The schema, which does not combine others, with the types that it does not allow although they were seen. If other values of its types were seen,
 * it is widened and keeps all other keywords. Otherwise the types are replaced, and it keeps the keywords that do not depend on the type.
 * `inferred`: the schema of what was seen, if known. Undefined if it is unclear how to change it.
 */
export function retypeSchema(
  schema: JsonObject,
  { from, to, rejected }: SeenTypes,
  inferred: JsonObject = {},
): JsonObject | undefined {
  const isInteger = alternativesOf(inferred).some(({ type }) => listOf(type ?? []).includes('integer'));
  const added = rejected.map((type) => (type === 'integer' && !isInteger ? 'number' : type));
  const isAllowed = (type: JsonType): boolean =>
    from.includes(type) || (isNumeric(type) && from.some((one) => isNumeric(one)));
  // Keywords of a type that was not allowed had no effect, so nothing shows that values satisfy them.
  if (added.some((type) => !isAllowed(type) && KEYWORDS[type].some((key) => key in schema))) return undefined;
  const values = to.filter((type) => type !== 'null');
  const changed =
    values.length === 0 || values.some(isAllowed)
      ? widen(schema, added)
      : replace(schema, from.includes('null') ? [...added.filter((type) => type !== 'null'), 'null'] : added);
  if (changed === undefined) return undefined;
  const result = { ...changed, ...keywordsOfTypes(inferred, added), ...changed };
  return added.includes('null') && schema['nullable'] === false ? { ...result, nullable: true } : result;
}

function widen(schema: JsonObject, added: readonly JsonType[]): JsonObject | undefined {
  const { type, enum: values, multipleOf, format } = schema;
  const isNullOnly = added.every((one) => one === 'null');
  // The values themselves are not known.
  if ('const' in schema || ('enum' in schema && !isNullOnly)) return undefined;
  const before = type === undefined ? [] : listOf(type);
  const isFraction = added.includes('number');
  const types = [...new Set([...before.filter((one) => one !== 'integer' || !isFraction), ...added])];
  const isContradicted = (key: string): boolean =>
    isFraction &&
    before.includes('integer') &&
    ((key === 'multipleOf' && Number.isInteger(multipleOf)) ||
      (key === 'format' && typeof format === 'string' && /^u?int/.test(format)));
  return {
    ...without(schema, isContradicted),
    ...(type === undefined ? {} : { type: oneOrMore(types) }),
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...(values as readonly Json[]), null] } : {}),
  };
}

function replace(schema: JsonObject, types: readonly JsonType[]): JsonObject {
  const dependent = ['const', 'enum', 'format', ...Object.values(KEYWORDS).flat()];
  const fits = (value: Json): boolean => {
    const type = typeOfValue(value);
    return types.includes(type) || (type === 'integer' && types.includes('number'));
  };
  const isDropped = (key: string): boolean => {
    const value = schema[key];
    if (key === 'examples') return !listOf(value ?? []).every(fits);
    if (key === 'default' || key === 'example') return !fits(value ?? null);
    return dependent.includes(key);
  };
  const kept = without(schema, isDropped);
  return 'type' in kept ? { ...kept, type: oneOrMore(types) } : { type: oneOrMore(types), ...kept };
}

/** What an inferred schema says about values of these types, except for the types. */
function keywordsOfTypes(inferred: JsonObject, types: readonly JsonType[]): JsonObject {
  const described = types.filter((type) => type !== 'null');
  return Object.fromEntries(
    alternativesOf(inferred)
      .filter(({ type }) => described.some((one) => listOf(type ?? []).includes(one)))
      .flatMap((choice) => Object.entries(choice))
      // Texts and other simple values share one choice.
      .filter(([key]) => key !== 'type' && (key !== 'format' || types.includes('string'))),
  );
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [value]);

const oneOrMore = (types: readonly Json[]): Json => (types.length === 1 && types[0] !== undefined ? types[0] : types);

const without = (schema: JsonObject, isDropped: (key: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !isDropped(key)));
