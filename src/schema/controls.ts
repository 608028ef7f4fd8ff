import { isRecord, type Json } from '../base/json.ts';
import { choicesOf, effectiveSchema, propertyNames, propertySchema, requiredNames, variantsOf } from './form.ts';
import { kuFlowFormat } from './formats.ts';
import { namedTypes } from './normal-form.ts';
import type { Schema } from './resolve.ts';

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
