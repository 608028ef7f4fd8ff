import {
  canonicalJson,
  isRecord,
  pointerStep,
  pointerSteps,
  valueAt,
  withoutUndefined,
  type Json,
} from '../base/json.ts';
import { kuFlowFormat } from './kuflow-formats.ts';
import { intersectSchemas, namedTypes, normalForm, recordAt, textsOf } from './normal-form.ts';
import { MAX_HOPS, type Schema } from './json-schema-ref.ts';
import { schemaErrors } from './console-validator.ts';

/** Follows references, merges `allOf`, the branch of `if` and dependent schemas, and makes an alternative to null a nullable schema. */
export function effectiveSchema(schema: unknown, value: unknown, root: Schema, depth = 0): Schema {
  if (!isRecord(schema) || depth > MAX_HOPS) return {};
  const { own: given, referenced, all, choices } = normalForm(schema, root);
  const { if: condition, then, else: otherwise, dependentSchemas, ...own } = given;
  const parts = [...referenced, ...all];
  if (condition !== undefined) parts.push(schemaErrors(condition, value, root).length === 0 ? then : otherwise);
  for (const [name, part] of Object.entries(isRecord(dependentSchemas) ? dependentSchemas : {})) {
    if (isRecord(value) && value[name] !== undefined) parts.push(part);
  }
  const { anyOf, oneOf } = schema;
  const start = choices.length === 0 ? own : withoutUndefined({ ...own, anyOf, oneOf });
  const whole = parts.reduce<Schema>(
    (merged, part) => intersectSchemas(merged, effectiveSchema(part, value, root, depth + 1)),
    intersectSchemas(start, {}),
  );
  return withoutNullVariant(whole, value, root, depth);
}

function withoutNullVariant(schema: Schema, value: unknown, root: Schema, depth: number): Schema {
  for (const keyword of ['anyOf', 'oneOf']) {
    const { [keyword]: variants, ...rest } = schema;
    if (!Array.isArray(variants) || variants.length !== 2) continue;
    const other = (variants as unknown[]).find((one) => !isNullSchema(one));
    if (other === undefined || !(variants as unknown[]).some(isNullSchema)) continue;
    const variant = effectiveSchema(other, value, root, depth + 1);
    const types = namedTypes(variant);
    return intersectSchemas(
      rest,
      types.length === 0 ? variant : { ...variant, type: [...types.filter((type) => type !== 'null'), 'null'] },
    );
  }
  return schema;
}

const isNullSchema = (schema: unknown): boolean => isRecord(schema) && schema['type'] === 'null';

export function propertyNames(schema: Schema): readonly string[] {
  return Object.keys(recordAt(schema, 'properties'));
}

/** Names of all properties that the schema or one of its alternatives describes. */
export function describedNames(schema: Schema, root: Schema): readonly string[] {
  const variants = (variantsOf(schema) ?? []).map((variant) => effectiveSchema(variant, undefined, root));
  return [...propertyNames(schema), ...variants.flatMap(propertyNames)];
}

export function requiredNames({ required }: Schema): readonly string[] {
  return textsOf(required);
}

function propertySchema(schema: Schema, name: string): unknown {
  const properties = recordAt(schema, 'properties');
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

export function variantsOf(schema: Schema): readonly unknown[] | undefined {
  const { oneOf, anyOf } = schema;
  const variants = Array.isArray(oneOf) ? oneOf : anyOf;
  return Array.isArray(variants) && variants.length > 0 ? variants : undefined;
}

export function withVariant(schema: Schema, variant: unknown, value: unknown, root: Schema): Schema {
  const rest = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'oneOf' && key !== 'anyOf'));
  return intersectSchemas(effectiveSchema(variant, value, root), rest);
}

/** The index of the alternative that fits the value best. */
export function bestVariant(variants: readonly unknown[], value: unknown, root: Schema): number {
  const misfits = variants.map((variant) => {
    const errors = schemaErrors(variant, value, root);
    return errors.reduce((sum, { keyword }) => sum + (DECISIVE.has(keyword) ? 100 : 1), 0);
  });
  return misfits.indexOf(Math.min(...misfits));
}

/** Keywords that tell alternatives apart: an error of another keyword is rather a value that is still missing. */
const DECISIVE: ReadonlySet<string> = new Set(['const', 'enum', 'type', 'additionalProperties', 'false schema']);

export interface ChoiceOption {
  readonly value: Json;
  readonly label: string;
}

/** The values to choose from, if the schema lists them. */
export function choicesOf(schema: Schema): readonly ChoiceOption[] | undefined {
  const variants = variantsOf(schema);
  if (variants?.every((one) => isRecord(one) && 'const' in one) === true) {
    return (variants as readonly Record<string, unknown>[]).map(({ const: value, title }) => ({
      value: value as Json,
      label: typeof title === 'string' ? title : valueLabel(value),
    }));
  }
  if (Array.isArray(schema['enum'])) {
    return (schema['enum'] as readonly Json[]).map((value) => ({ value, label: valueLabel(value) }));
  }
  if ('const' in schema) return [{ value: schema['const'] as Json, label: valueLabel(schema['const']) }];
  return undefined;
}

export function valueLabel(value: unknown): string {
  if (value === '') return '(empty)';
  if (value === null) return '(no value)';
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** `firstName` and `FIRST_NAME` are both `First name`. */
export function readableName(key: string): string {
  if (key === '') return 'Other fields';
  const words = key
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[\s_.-]+/)
    .filter((word) => word !== '')
    .map((word) => (/^\p{Lu}{2,}$/u.test(word) && !/^[\p{Lu}_\d]+$/u.test(key) ? word : word.toLowerCase()));
  const text = words.join(' ');
  return text === '' ? key : text.charAt(0).toUpperCase() + text.slice(1);
}

export function schemaLabel(schema: Schema, key: string): string {
  return typeof schema['title'] === 'string' && schema['title'] !== '' ? schema['title'] : readableName(key);
}

export interface SchemaPlace {
  readonly schema: Schema;
  /** JSON Pointer of the value. */
  readonly path: string;
  readonly key: string;
  readonly required: boolean;
  /** Whether the schema describes this place at all. */
  readonly known: boolean;
}

/** What the scope of a control (`#/properties/a/properties/b`) leads to, from the schema of the value at `path`. */
export function placeOfScope(schema: unknown, scope: string, path: string, root: Schema, data: unknown): SchemaPlace {
  let place = placeOfWhole(schema, path, root, data);
  const steps = pointerSteps(scope.replace(/^#/, ''));
  for (let at = 0; at < steps.length; at += 1) {
    if (steps[at] !== 'properties') continue;
    at += 1;
    place = placeOfProperty(place.schema, steps[at] ?? '', place.path, root, data);
  }
  return place;
}

function placeOfWhole(schema: unknown, path: string, root: Schema, data: unknown): SchemaPlace {
  return { schema: effectiveSchema(schema, valueAt(data, path), root), path, key: '', required: true, known: true };
}

/** The place of a property or, in an array, of an item. */
function placeOfProperty(schema: Schema, key: string, parentPath: string, root: Schema, data: unknown): SchemaPlace {
  const path = parentPath + pointerStep(key);
  const parent = valueAt(data, parentPath);
  const value = valueAt(data, path);
  if (Array.isArray(parent)) {
    const item = effectiveSchema(schema['items'], value, root);
    return { schema: item, path, key, required: true, known: schema['items'] !== undefined };
  }
  let owner = schema;
  let own = propertySchema(owner, key);
  const variants = variantsOf(schema);
  if (own === undefined && variants !== undefined) {
    const chosen = variants[bestVariant(variants, parent, root)];
    for (const variant of [chosen, ...variants]) {
      owner = withVariant(schema, variant, parent, root);
      own = propertySchema(owner, key);
      if (own !== undefined) break;
    }
  }
  const required = requiredNames(owner).includes(key);
  return { schema: effectiveSchema(own, value, root), path, key, required, known: own !== undefined };
}

export function placeAt(path: string, root: Schema, data: unknown): SchemaPlace {
  let place = placeOfWhole(root, '', root, data);
  for (const key of pointerSteps(path)) place = placeOfProperty(place.schema, key, place.path, root, data);
  return place;
}

/** The labels on the way to a place, such as `Address › Street` or `Applicants › 2 › Name`. */
export function labelOfPath(path: string, root: Schema, data: unknown, labels: ReadonlyMap<string, string>): string {
  const words: string[] = [];
  let place = placeOfWhole(root, '', root, data);
  for (const key of pointerSteps(path)) {
    const inArray = Array.isArray(valueAt(data, place.path));
    place = placeOfProperty(place.schema, key, place.path, root, data);
    words.push(inArray ? String(Number(key) + 1) : (labels.get(place.path) ?? schemaLabel(place.schema, key)));
  }
  return words.join(' › ');
}

const MAX_FILLED_DEPTH = 6;

/** A copy of the data in which required objects and lists exist, since their fields need a place. */
export function withRequiredParts(data: Json | undefined, schema: unknown, root: Schema, depth = 0): Json | undefined {
  if (depth > MAX_FILLED_DEPTH || !(data === undefined || isRecord(data))) return data;
  const own = effectiveSchema(schema, data, root);
  if (data === undefined && (namedTypes(own).includes('null') || variantsOf(own) !== undefined)) return data;
  if (data === undefined && controlKind(own, root) !== 'object') return isArraySchema(own, root) ? [] : undefined;
  const filled = new Map(Object.entries(data ?? {}));
  for (const name of propertyNames(own)) {
    const inner = filled.get(name);
    if (inner === undefined && !requiredNames(own).includes(name)) continue;
    const part = withRequiredParts(inner, propertySchema(own, name), root, depth + 1);
    if (part !== undefined) filled.set(name, part);
  }
  return Object.fromEntries(filled);
}

const isArraySchema = (schema: Schema, root: Schema): boolean =>
  ['array', 'choices'].includes(controlKind(schema, root));

export type ControlKind =
  | 'accept'
  | 'array'
  | 'boolean'
  | 'choices'
  | 'date'
  | 'date-time'
  | 'file'
  | 'group'
  | 'json'
  | 'number'
  | 'object'
  | 'principal'
  | 'select'
  | 'text'
  | 'time'
  | 'variants';

const FORMAT_KINDS: ReadonlySet<unknown> = new Set(['date', 'time', 'date-time'] satisfies ControlKind[]);

/** Which control edits values of a schema. `json` is the last resort. */
export function controlKind(schema: Schema, root: Schema): ControlKind {
  const types = namedTypes(schema).filter((type) => type !== 'null');
  const [type = impliedType(schema)] = types;
  if (types.length > 1) return 'json';
  const choices = choicesOf(schema);
  if (choices !== undefined && choices.every(({ value }) => value === true)) return 'accept';
  if (choices !== undefined) return 'select';
  switch (type) {
    case 'string':
      return textKind(schema['format']);
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return arrayKind(schema, root);
    case 'object':
      if (variantsOf(schema) !== undefined) return 'variants';
      return propertyNames(schema).length > 0 ? 'object' : 'json';
    default:
      return variantsOf(schema) === undefined ? 'json' : 'variants';
  }
}

const textKind = (format: unknown): ControlKind =>
  kuFlowFormat(format)?.kind ?? (FORMAT_KINDS.has(format) ? (format as ControlKind) : 'text');

function impliedType(schema: Schema): string | undefined {
  if (isRecord(schema['properties'])) return 'object';
  if (isRecord(schema['items'])) return 'array';
  return ['format', 'pattern', 'minLength', 'maxLength'].some((keyword) => keyword in schema) ? 'string' : undefined;
}

function arrayKind({ items, prefixItems, uniqueItems }: Schema, root: Schema): ControlKind {
  if (!isRecord(items) || prefixItems !== undefined) return 'json';
  return uniqueItems === true && choicesOf(effectiveSchema(items, undefined, root)) !== undefined ? 'choices' : 'array';
}

/** Whether a control can show the value without hiding a part of it. */
export function fitsControl(kind: ControlKind, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  switch (kind) {
    case 'json':
    case 'select':
    case 'variants':
      return true;
    case 'accept':
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
    case 'choices':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'text':
      return typeof value !== 'object';
    case 'number':
      return typeof value === 'number' || typeof value === 'string';
    default:
      return typeof value === 'string';
  }
}
