import { fullFormats } from 'ajv-formats/dist/formats.js';
import { canonicalJson, isRecord, pointerStep } from '../../base/json.ts';
import { isAcceptedType } from '../../process/document-type.ts';
import { detectDialect, type Dialect } from '../../process/json-schema/dialect.ts';
import { backtrackingSteps, schemaPattern } from '../../process/json-schema/pattern.ts';
import { resolveReference } from '../../process/json-schema/reference.ts';
import { isComplete, parseReference, REFERENCE_KINDS } from '../../process/references.ts';
import type { FormSchema } from './types.ts';

/*
 * Validates data as the platform's Ajv does, with the same errors, but interprets the schema: Ajv creates functions from text, which the
 * Content-Security-Policy of the page forbids. What only the platform knows, such as whether a document exists, is left to it.
 */

/** An error as Ajv has it, except that `schemaPath` leads through references. */
export interface SchemaError {
  readonly keyword: string;
  /** JSON Pointer. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
  readonly parentSchema: FormSchema;
  readonly data: unknown;
}

export type CompiledSchema = ((data: unknown) => boolean) & { errors: SchemaError[] | null };

/** The methods of Ajv that JSON Forms calls. The page's build puts this class in the place of Ajv. */
export class FormValidator {
  errors: SchemaError[] | null = null;

  compile(schema: unknown): CompiledSchema {
    const compiled: CompiledSchema = Object.assign(
      (data: unknown): boolean => {
        const errors = schemaErrors(schema, data);
        compiled.errors = errors.length === 0 ? null : errors;
        return errors.length === 0;
      },
      { errors: null as SchemaError[] | null },
    );
    return compiled;
  }

  validate(schema: unknown, data: unknown): boolean {
    const compiled = this.compile(schema);
    const valid = compiled(data);
    this.errors = compiled.errors;
    return valid;
  }

  getSchema(): undefined {
    return undefined;
  }

  addFormat(): this {
    return this;
  }

  addKeyword(): this {
    return this;
  }
}

// The name by which bundles import Ajv.
// eslint-disable-next-line no-restricted-exports
export default FormValidator;

/** What was validated by a schema, for `unevaluatedProperties` and `unevaluatedItems`. */
interface Result {
  readonly errors: SchemaError[];
  readonly properties: Set<string>;
  items: number;
}

interface Place {
  readonly root: FormSchema;
  readonly dialect: Dialect;
  /** JSON Pointer of the value. */
  readonly path: string;
  /** Keywords from the root to this schema, through references. */
  readonly schemaPath: string;
  /** References on the way to this value, which end a reference to itself. */
  readonly references: readonly unknown[];
}

/** All errors, in no particular order. `required` and `additionalProperties` have the path of the object, as in Ajv. */
export function schemaErrors(schema: unknown, data: unknown): SchemaError[] {
  const root = isRecord(schema) ? schema : {};
  const place = { root, dialect: detectDialect(root['$schema']) ?? '7', path: '', schemaPath: '#', references: [] };
  return check(schema, data, place).errors;
}

const below = (place: Place, schemaStep: string, key?: string | number): Place => ({
  ...place,
  schemaPath: `${place.schemaPath}/${schemaStep}`,
  path: key === undefined ? place.path : place.path + pointerStep(key),
  references: key === undefined ? place.references : [],
});

function check(schema: unknown, value: unknown, place: Place): Result {
  const result: Result = { errors: [], properties: new Set(), items: 0 };
  if (schema === false) report(result, {}, 'false schema', value, place);
  if (!isRecord(schema)) return result;
  checkReference(schema, value, place, result);
  checkType(schema, value, place, result);
  checkValue(schema, value, place, result);
  checkCombinations(schema, value, place, result);
  if (typeof value === 'string') checkString(schema, value, place, result);
  else if (typeof value === 'number') checkNumber(schema, value, place, result);
  else if (Array.isArray(value)) checkArray(schema, value, place, result);
  else if (isRecord(value)) checkObject(schema, value, place, result);
  return result;
}

function report(
  result: Result,
  schema: FormSchema,
  keyword: string,
  data: unknown,
  { path, schemaPath }: Place,
  params: Record<string, unknown> = {},
): void {
  result.errors.push({
    keyword,
    instancePath: path,
    schemaPath: `${schemaPath}/${keyword}`,
    params,
    message: keyword,
    parentSchema: schema,
    data,
  });
}

function include(result: Result, { errors, properties, items }: Result): void {
  result.errors.push(...errors);
  for (const name of properties) result.properties.add(name);
  result.items = Math.max(result.items, items);
}

function checkReference(schema: FormSchema, value: unknown, place: Place, result: Result): void {
  for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef']) {
    const reference = schema[keyword];
    if (typeof reference !== 'string') continue;
    const target = resolveReference(reference, place.root);
    if (target === undefined || place.references.includes(target)) continue;
    const next = below(place, keyword);
    include(result, check(target, value, { ...next, references: [...next.references, target] }));
  }
}

function checkType(schema: FormSchema, value: unknown, place: Place, result: Result): void {
  const types = typesOf(schema);
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    report(result, schema, 'type', value, place, { type: schema['type'] });
  }
}

/** The types that a schema names, with `null` for the keyword `nullable`. */
export function typesOf(schema: FormSchema): readonly string[] {
  const { type, nullable } = schema;
  const types = (Array.isArray(type) ? (type as unknown[]) : [type]).filter((one) => typeof one === 'string');
  return types.length > 0 && nullable === true && !types.includes('null') ? [...types, 'null'] : types;
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isRecord(value);
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export const isSameValue = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);

function checkValue(schema: FormSchema, value: unknown, place: Place, result: Result): void {
  const { enum: allowed } = schema;
  if ('const' in schema && !isSameValue(value, schema['const'])) {
    report(result, schema, 'const', value, place, { allowedValue: schema['const'] });
  }
  if (Array.isArray(allowed) && !allowed.some((one) => isSameValue(one, value))) {
    report(result, schema, 'enum', value, place, { allowedValues: allowed });
  }
}

function checkCombinations(schema: FormSchema, value: unknown, place: Place, result: Result): void {
  const { not, anyOf, oneOf, allOf } = schema;
  if (not !== undefined && check(not, value, below(place, 'not')).errors.length === 0) {
    report(result, schema, 'not', value, place);
  }
  if (Array.isArray(allOf)) {
    allOf.forEach((part, at) => include(result, check(part, value, below(place, `allOf/${at}`))));
  }
  if (Array.isArray(anyOf)) {
    const parts = anyOf.map((part, at) => check(part, value, below(place, `anyOf/${at}`)));
    const passing = parts.filter(({ errors }) => errors.length === 0);
    for (const part of passing.length > 0 ? passing : parts) include(result, part);
    if (passing.length === 0) report(result, schema, 'anyOf', value, place);
  }
  if (Array.isArray(oneOf)) {
    const parts = oneOf.map((part, at) => check(part, value, below(place, `oneOf/${at}`)));
    const passing = [...parts.keys()].filter((at) => parts[at]?.errors.length === 0);
    for (const part of parts) if (passing.length !== 1 || part.errors.length === 0) include(result, part);
    const passingSchemas = passing.length > 1 ? passing.slice(0, 2) : null;
    if (passing.length !== 1) report(result, schema, 'oneOf', value, place, { passingSchemas });
  }
  // Without a branch, Ajv does not evaluate the condition either.
  if (schema['if'] !== undefined && (schema['then'] !== undefined || schema['else'] !== undefined)) {
    const condition = check(schema['if'], value, below(place, 'if'));
    const holds = condition.errors.length === 0;
    if (holds) include(result, condition);
    const branch = holds ? 'then' : 'else';
    const outcome = check(schema[branch], value, below(place, branch));
    include(result, outcome);
    if (outcome.errors.length > 0) report(result, schema, 'if', value, place, { failingKeyword: branch });
  }
}

const FORMATS = createFormats();

function createFormats(): ReadonlyMap<string, { readonly type: string; readonly test: (value: unknown) => boolean }> {
  const formats = new Map<string, { readonly type: string; readonly test: (value: unknown) => boolean }>();
  for (const [name, format] of Object.entries(fullFormats)) {
    const own = typeof format === 'object' && 'validate' in format ? format : { validate: format };
    const { validate } = own;
    const type = 'type' in own && own.type !== undefined ? own.type : 'string';
    if (validate instanceof RegExp) formats.set(name, { type, test: (value) => validate.test(String(value)) });
    else if (typeof validate === 'function') {
      formats.set(name, { type, test: (value) => (validate as (value: unknown) => boolean)(value) });
    }
  }
  for (const kind of REFERENCE_KINDS) {
    formats.set(`kuflow-${kind}`, {
      type: 'string',
      test: (value) => {
        const reference = parseReference(String(value));
        return reference?.kind === kind && isComplete(reference);
      },
    });
  }
  return formats;
}

function checkFormat(schema: FormSchema, value: unknown, place: Place, result: Result): void {
  const { format } = schema;
  const known = typeof format === 'string' ? FORMATS.get(format) : undefined;
  if (known?.type === typeof value && !known.test(value)) report(result, schema, 'format', value, place, { format });
}

type Limit = readonly [keyword: string, breaks: (value: number, limit: number) => boolean];

const atLeast: Limit[1] = (value, limit) => value < limit;
const atMost: Limit[1] = (value, limit) => value > limit;

const NUMBER_LIMITS: readonly Limit[] = [
  ['minimum', atLeast],
  ['maximum', atMost],
  ['exclusiveMinimum', (value, limit) => value <= limit],
  ['exclusiveMaximum', (value, limit) => value >= limit],
  // As Ajv does it: 0.3 is not a multiple of 0.1 by this, and neither is 1e21 of 1.
  ['multipleOf', (value, divisor) => divisor === 0 || value / divisor !== Number.parseInt(String(value / divisor), 10)],
];
const LENGTH_LIMITS: readonly Limit[] = [
  ['minLength', atLeast],
  ['maxLength', atMost],
];
const ITEM_LIMITS: readonly Limit[] = [
  ['minItems', atLeast],
  ['maxItems', atMost],
];
const PROPERTY_LIMITS: readonly Limit[] = [
  ['minProperties', atLeast],
  ['maxProperties', atMost],
];

function checkLimits(
  limits: readonly Limit[],
  size: number,
  schema: FormSchema,
  value: unknown,
  place: Place,
  result: Result,
): void {
  for (const [keyword, breaks] of limits) {
    const limit = schema[keyword];
    if (typeof limit !== 'number' || !breaks(size, limit)) continue;
    report(result, schema, keyword, value, place, keyword === 'multipleOf' ? { multipleOf: limit } : { limit });
  }
}

function checkNumber(schema: FormSchema, value: number, place: Place, result: Result): void {
  checkLimits(NUMBER_LIMITS, value, schema, value, place, result);
  checkFormat(schema, value, place, result);
}

const MOST_STEPS = 100_000_000;

/** Undefined if only the platform can tell: for a pattern that can't be compiled, or that could block the page. */
function matches(pattern: string, text: string): boolean | undefined {
  if (backtrackingSteps(pattern, text.length) > MOST_STEPS) return undefined;
  try {
    return schemaPattern(pattern).test(text);
  } catch {
    return undefined;
  }
}

function checkString(schema: FormSchema, value: string, place: Place, result: Result): void {
  checkLimits(LENGTH_LIMITS, Array.from(value).length, schema, value, place, result);
  const { pattern, accept, maxSize } = schema;
  if (typeof pattern === 'string' && matches(pattern, value) === false) {
    report(result, schema, 'pattern', value, place, { pattern });
  }
  checkFormat(schema, value, place, result);
  const reference = parseReference(value);
  if (reference?.kind !== 'file' || !isComplete(reference)) return;
  const { type = '', name = '', size } = reference.fields;
  if (accept !== undefined && !isAcceptedType(accept, { type, name })) report(result, schema, 'accept', value, place);
  if (typeof maxSize === 'number' && Number(size) > maxSize) {
    report(result, schema, 'maxSize', value, place, { limit: maxSize });
  }
}

function checkArray(schema: FormSchema, value: readonly unknown[], place: Place, result: Result): void {
  checkLimits(ITEM_LIMITS, value.length, schema, value, place, result);
  if (schema['uniqueItems'] === true && new Set(value.map(canonicalJson)).size < value.length) {
    report(result, schema, 'uniqueItems', value, place, duplicate(value));
  }
  checkItems(schema, value, place, result);
  checkContains(schema, value, place, result);
  const { unevaluatedItems: rest } = schema;
  if (rest === undefined || place.dialect === '7') return;
  for (let at = result.items; at < value.length; at += 1) {
    const { errors } = check(rest, value[at], below(place, 'unevaluatedItems', at));
    if (errors.length === 0) continue;
    if (rest !== false) result.errors.push(...errors);
    else {
      report(result, schema, 'unevaluatedItems', value, place, { len: at });
      break;
    }
  }
  result.items = value.length;
}

/** The indexes of two equal items: `i` is the later one. */
function duplicate(value: readonly unknown[]): { readonly i: number; readonly j: number } {
  const texts = value.map(canonicalJson);
  const i = texts.findLastIndex((text, at) => texts.indexOf(text) < at);
  return { i, j: texts.indexOf(texts[i] ?? '') };
}

function checkItems(schema: FormSchema, value: readonly unknown[], place: Place, result: Result): void {
  const modern = place.dialect === '2020-12';
  const { items } = schema;
  const listKeyword = modern ? 'prefixItems' : 'items';
  const restKeyword = modern || !Array.isArray(items) ? 'items' : 'additionalItems';
  const list = schema[listKeyword];
  const rest = schema[restKeyword];
  const first = Array.isArray(list) ? list.length : 0;
  if (Array.isArray(list)) {
    value.slice(0, first).forEach((item, at) => {
      result.errors.push(...check(list[at], item, below(place, `${listKeyword}/${at}`, at)).errors);
    });
    result.items = Math.max(result.items, Math.min(first, value.length));
  }
  if (rest === undefined || Array.isArray(rest)) return;
  if (rest === false && Array.isArray(list)) {
    if (value.length > first) report(result, schema, restKeyword, value, place, { limit: first });
  } else {
    value.slice(first).forEach((item, index) => {
      const at = first + index;
      result.errors.push(...check(rest, item, below(place, restKeyword, at)).errors);
    });
  }
  result.items = value.length;
}

function checkContains(schema: FormSchema, value: readonly unknown[], place: Place, result: Result): void {
  const { contains, minContains, maxContains } = schema;
  if (contains === undefined) return;
  const counted = place.dialect !== '7';
  const min = counted && typeof minContains === 'number' ? minContains : 1;
  const max = counted && typeof maxContains === 'number' ? maxContains : undefined;
  const matching = value.filter(
    (item, at) => check(contains, item, below(place, 'contains', at)).errors.length === 0,
  ).length;
  if (matching < min || (max !== undefined && matching > max)) {
    report(result, schema, 'contains', value, place, { minContains: min, maxContains: max });
  }
  if (counted && !(min === 0 && max === undefined)) result.items = value.length;
}

function checkObject(schema: FormSchema, value: Record<string, unknown>, place: Place, result: Result): void {
  const names = Object.keys(value);
  const has = (name: string): boolean => value[name] !== undefined;
  checkLimits(PROPERTY_LIMITS, names.length, schema, value, place, result);
  for (const name of textsOf(schema['required'])) {
    if (!has(name)) report(result, schema, 'required', value, place, { missingProperty: name });
  }
  if (schema['propertyNames'] !== undefined) {
    for (const name of names) {
      const { errors } = check(schema['propertyNames'], name, below(place, 'propertyNames'));
      result.errors.push(...errors);
      if (errors.length > 0) report(result, schema, 'propertyNames', value, place, { propertyName: name });
    }
  }
  checkDependencies(schema, value, place, result, has);
  checkProperties(schema, value, place, result);
  const { unevaluatedProperties: rest } = schema;
  if (rest === undefined || place.dialect === '7') return;
  for (const name of names.filter((one) => !result.properties.has(one))) {
    if (rest === false) {
      report(result, schema, 'unevaluatedProperties', value, place, { unevaluatedProperty: name });
    } else result.errors.push(...check(rest, value[name], below(place, 'unevaluatedProperties', name)).errors);
  }
  for (const name of names) result.properties.add(name);
}

/** The texts in a list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isRecord(value) ? Object.entries(value) : [];

function checkDependencies(
  schema: FormSchema,
  value: Record<string, unknown>,
  place: Place,
  result: Result,
  has: (name: string) => boolean,
): void {
  const keywords = place.dialect === '7' ? ['dependencies'] : ['dependencies', 'dependentRequired', 'dependentSchemas'];
  for (const keyword of keywords) {
    for (const [property, dependency] of entriesOf(schema[keyword]).filter(([name]) => has(name))) {
      if (!Array.isArray(dependency)) {
        include(result, check(dependency, value, below(place, `${keyword}${pointerStep(property)}`)));
        continue;
      }
      for (const missingProperty of textsOf(dependency).filter((name) => !has(name))) {
        report(result, schema, keyword, value, place, { property, missingProperty });
      }
    }
  }
}

function checkProperties(schema: FormSchema, value: Record<string, unknown>, place: Place, result: Result): void {
  const { additionalProperties: rest } = schema;
  const properties = entriesOf(schema['properties']);
  const covered = new Set(properties.map(([name]) => name));
  const validate = (name: string, part: unknown, keyword: string): void => {
    result.errors.push(...check(part, value[name], below(place, keyword, name)).errors);
    result.properties.add(name);
  };
  for (const [name, part] of properties) {
    if (value[name] !== undefined) validate(name, part, `properties${pointerStep(name)}`);
  }
  for (const [pattern, part] of entriesOf(schema['patternProperties'])) {
    for (const name of Object.keys(value)) {
      const matching = matches(pattern, name);
      if (matching === false) continue;
      covered.add(name);
      result.properties.add(name);
      if (matching === true) validate(name, part, `patternProperties${pointerStep(pattern)}`);
    }
  }
  if (rest === undefined) return;
  for (const name of Object.keys(value).filter((one) => !covered.has(one))) {
    if (rest === false) report(result, schema, 'additionalProperties', value, place, { additionalProperty: name });
    else validate(name, rest, 'additionalProperties');
    result.properties.add(name);
  }
}
