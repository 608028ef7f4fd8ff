import { isRecord, type Json, type JsonObject } from '../base/json.ts';
import { KUFLOW_FORMATS, type KuFlowFormat } from './kuflow-formats.ts';
import { normalForm, recordAt, textsOf, type JsonType, type NormalForm } from './normal-form.ts';
import { MAX_CHOICES, MAX_DEPTH, type Schema } from './json-schema-ref.ts';

// Approximate limits in characters. A definition that is referenced several times is expanded each time.
const MAX_CHARACTERS = 200_000;
const CHARACTERS_PER_PART = 20;
const MAX_DESCRIPTION = 300;

/**
 * What types in any language can say about the values that are valid under a JSON Schema. Patterns, lengths, `not` and `if` are left out:
 * the type allows every valid value. Null is a `null` member of a union, and never a part of anything else.
 */
export type SchemaType =
  | { readonly kind: 'unknown' | 'never' | 'boolean' | 'null' | 'number' | 'integer' }
  | { readonly kind: 'text'; readonly format?: TextFormat }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'list'; readonly items: SchemaType }
  /** An object without known properties. */
  | { readonly kind: 'map'; readonly values: SchemaType }
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  /** At least two different members, none of them `unknown`. */
  | { readonly kind: 'union'; readonly members: readonly SchemaType[] }
  /** At least two different members, none of them `unknown`. */
  | { readonly kind: 'intersection'; readonly members: readonly SchemaType[] };

/** The formats for which a language may have a type. */
export type TextFormat = 'date' | 'date-time' | KuFlowFormat;
const TEXT_FORMATS = ['date', 'date-time', ...(Object.keys(KUFLOW_FORMATS) as KuFlowFormat[])] as const;

export interface Property {
  readonly name: string;
  readonly required: boolean;
  /** Title, description and format, without blank and equal ones. */
  readonly about: readonly string[];
  readonly type: SchemaType;
}

const UNKNOWN: SchemaType = { kind: 'unknown' };
const NEVER: SchemaType = { kind: 'never' };
const NULL: SchemaType = { kind: 'null' };
const ANY_OBJECT: SchemaType = { kind: 'map', values: UNKNOWN };
const ANY_LIST: SchemaType = { kind: 'list', items: UNKNOWN };

interface Scope {
  readonly root: JsonObject;
  readonly depth: number;
  /** Schemas that references being resolved lead to. A recursive schema becomes `unknown` where it refers to itself. */
  readonly open: readonly unknown[];
  /** Characters that names, values and descriptions may still have. Beyond that, types become `unknown`. */
  readonly left: { characters: number };
}

/** The name of a type in code, and the JSON Schema of its values. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: JsonObject;
}

export function schemaTypeOf(schema: JsonObject): SchemaType {
  return typeOf(schema, { root: schema, depth: 0, open: [], left: { characters: MAX_CHARACTERS } });
}

/** The values of a schema other than null, and whether null is one: `open` if the schema does not say. */
interface Reading {
  readonly type: SchemaType;
  readonly null: 'yes' | 'no' | 'open';
}

const ANYTHING: Reading = { type: UNKNOWN, null: 'open' };

function typeOf(schema: unknown, scope: Scope): SchemaType {
  const { type, null: admitsNull } = read(schema, scope);
  if (admitsNull !== 'yes' || type.kind === 'unknown') return type;
  if (type.kind === 'never') return NULL;
  return { kind: 'union', members: [...(type.kind === 'union' ? type.members : [type]), NULL] };
}

function read(schema: unknown, scope: Scope): Reading {
  if (schema === false) return { type: NEVER, null: 'no' };
  if (!isRecord(schema) || scope.depth > MAX_DEPTH || scope.left.characters <= 0) return ANYTHING;
  scope.left.characters -= CHARACTERS_PER_PART;
  const inner: Scope = { ...scope, depth: scope.depth + 1 };
  const normal = normalForm(schema, scope.root);
  const parts: Reading[] = [];
  for (const target of normal.referenced) {
    parts.push(scope.open.includes(target) ? ANYTHING : read(target, { ...inner, open: [...inner.open, target] }));
  }
  parts.push(readValues(normal, inner));
  for (const choices of normal.choices) {
    if (choices.length > MAX_CHOICES) continue;
    const all = choices.map((choice) => read(choice, inner));
    const isNull = (['yes', 'open'] as const).find((one) => all.some((choice) => choice.null === one));
    parts.push({ type: union(all.map(({ type }) => type)), null: isNull ?? 'no' });
  }
  if (normal.all.length <= MAX_CHOICES) parts.push(...normal.all.map((part) => read(part, inner)));
  const isNull = (['no', 'yes'] as const).find((one) => parts.some((part) => part.null === one));
  return { type: intersection(parts.map(({ type }) => type)), null: isNull ?? 'open' };
}

/** What a schema says itself, without those that it is composed of. */
function readValues({ types, values, own }: NormalForm, scope: Scope): Reading {
  if (values !== undefined && values.length <= MAX_CHOICES) {
    const type = union(values.filter((value) => value !== null).map(literal));
    scope.left.characters -= JSON.stringify(type).length;
    return { type, null: values.includes(null) ? 'yes' : 'no' };
  }
  if (types === undefined) return { type: typeOfKind(impliedType(own), own, scope), null: 'open' };
  const kinds = types.filter((type) => type !== 'null').map((type) => typeOfKind(type, own, scope));
  return { type: union(kinds), null: types.includes('null') && values?.includes(null) !== false ? 'yes' : 'no' };
}

/** People often leave out the type of an object or an array. */
function impliedType(schema: Schema): JsonType | undefined {
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object';
  return 'items' in schema ? 'array' : undefined;
}

function typeOfKind(type: JsonType | undefined, schema: Schema, scope: Scope): SchemaType {
  switch (type) {
    case 'string': {
      const format = TEXT_FORMATS.find((one) => one === schema['format']);
      return format === undefined ? { kind: 'text' } : { kind: 'text', format };
    }
    case 'boolean':
    case 'number':
    case 'integer':
      return { kind: type };
    case 'array':
      return typeOfArray(schema, scope);
    case 'object':
      return typeOfObject(schema, scope);
    default:
      return UNKNOWN;
  }
}

function typeOfArray(schema: Schema, scope: Scope): SchemaType {
  // Tuples differ between drafts of JSON Schema. An array of unknown is always correct.
  const items = isRecord(schema['items']) && !('prefixItems' in schema) ? schema['items'] : undefined;
  return { kind: 'list', items: typeOf(items, scope) };
}

function typeOfObject(schema: Schema, scope: Scope): SchemaType {
  const properties = recordAt(schema, 'properties');
  const names = Object.keys(properties);
  if (names.length === 0) return typeOfMap(schema, scope);
  const required = new Set(textsOf(schema['required']));
  return {
    kind: 'object',
    properties: names.map((name) => {
      const about = aboutProperty(properties[name]);
      scope.left.characters -= name.length + Math.min(about.join('').length, MAX_DESCRIPTION);
      return { name, required: required.has(name), about, type: typeOf(properties[name], scope) };
    }),
  };
}

function typeOfMap(schema: Schema, scope: Scope): SchemaType {
  const extra = schema['additionalProperties'];
  const patterns = Object.values(recordAt(schema, 'patternProperties'));
  if (patterns.length === 0 && extra === false) return ANY_OBJECT;
  const values = extra === false ? patterns : [...patterns, extra];
  return { kind: 'map', values: union(values.map((value) => typeOf(value, scope))) };
}

function aboutProperty(property: unknown): readonly string[] {
  if (!isRecord(property)) return [];
  const words = [property['title'], property['description'], property['format']];
  return [...new Set(words.filter((word) => typeof word === 'string' && word.trim() !== ''))] as string[];
}

function literal(value: Json): SchemaType {
  if (typeof value === 'string' || typeof value === 'boolean') return { kind: 'literal', value };
  if (typeof value === 'number') return Number.isFinite(value) ? { kind: 'literal', value } : { kind: 'number' };
  return Array.isArray(value) ? ANY_LIST : ANY_OBJECT;
}

function union(types: readonly SchemaType[]): SchemaType {
  const members = distinct(types).filter(({ kind }) => kind !== 'never');
  if (members.length > MAX_CHOICES || members.some(({ kind }) => kind === 'unknown')) return UNKNOWN;
  const [first = NEVER] = members;
  return members.length <= 1 ? first : { kind: 'union', members };
}

function intersection(parts: readonly SchemaType[]): SchemaType {
  const informative = distinct(parts).filter(({ kind }) => kind !== 'unknown');
  if (informative.some(({ kind }) => kind === 'never')) return NEVER;
  // A part that only lists required keys would allow any key.
  const isAnyObject = (type: SchemaType): boolean => type.kind === 'map' && type.values.kind === 'unknown';
  const members = informative.length > 1 ? informative.filter((type) => !isAnyObject(type)) : informative;
  const [first = UNKNOWN] = members;
  return members.length <= 1 ? first : { kind: 'intersection', members };
}

function distinct(types: readonly SchemaType[]): readonly SchemaType[] {
  return [...new Map(types.map((type) => [JSON.stringify(type), type])).values()];
}
