import type { JsonObject } from '../base/json.ts';
import { isRecord } from '../base/json.ts';
import { resolveReference } from '../process/json-schema/reference.ts';

const MAX_DEPTH = 12;
/** Maximum number of members of a union. */
export const MAX_CHOICES = 60;
// Approximate limits in characters. A definition that is referenced several times is expanded each time.
const MAX_CHARACTERS = 200_000;
const CHARACTERS_PER_PART = 20;
const MAX_DESCRIPTION = 300;

/**
 * What types in any language can say about the values that are valid under a JSON Schema. Patterns, lengths, `not` and `if` are left out:
 * the type allows every valid value.
 */
export type SchemaType =
  | { readonly kind: 'unknown' | 'never' | 'boolean' | 'null' | 'number' | 'integer' }
  | { readonly kind: 'text'; readonly format?: TextFormat }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: SchemaType }
  /** An object without known properties. */
  | { readonly kind: 'map'; readonly values: SchemaType }
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  /** At least two different members, none of them `unknown`. */
  | { readonly kind: 'union'; readonly members: readonly SchemaType[] }
  /** At least two different members, none of them `unknown`. */
  | { readonly kind: 'intersection'; readonly members: readonly SchemaType[] };

/** The formats for which a language may have a type. */
const TEXT_FORMATS = ['date', 'date-time', 'kuflow-file', 'kuflow-principal', 'kuflow-group'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export interface Property {
  readonly name: string;
  readonly required: boolean;
  /** Title, description and format, without blank and equal ones. */
  readonly about: readonly string[];
  readonly type: SchemaType;
}

const UNKNOWN: SchemaType = { kind: 'unknown' };
const ANY_OBJECT: SchemaType = { kind: 'map', values: UNKNOWN };

interface Scope {
  readonly root: JsonObject;
  readonly depth: number;
  /** References being resolved. A recursive schema becomes `unknown` where it refers to itself. */
  readonly open: readonly string[];
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

function typeOf(schema: unknown, scope: Scope): SchemaType {
  if (schema === false) return { kind: 'never' };
  if (!isRecord(schema) || scope.depth > MAX_DEPTH || scope.left.characters <= 0) return UNKNOWN;
  scope.left.characters -= CHARACTERS_PER_PART;
  const inner: Scope = { ...scope, depth: scope.depth + 1 };
  const parts: SchemaType[] = [];

  if (typeof schema['$ref'] === 'string') parts.push(typeOfReference(schema['$ref'], inner));
  if ('const' in schema) parts.push(literal(schema['const']));
  const values = schema['enum'];
  if (Array.isArray(values) && values.length <= MAX_CHOICES) {
    const choice = union(values.map(literal));
    scope.left.characters -= JSON.stringify(choice).length;
    parts.push(choice);
  } else if (!('const' in schema)) parts.push(typeOfKinds(schema, inner));
  for (const keyword of ['anyOf', 'oneOf']) {
    const choices = schema[keyword];
    if (Array.isArray(choices) && choices.length > 0 && choices.length <= MAX_CHOICES) {
      parts.push(union(choices.map((choice: unknown) => typeOf(choice, inner))));
    }
  }
  const all = schema['allOf'];
  if (Array.isArray(all) && all.length <= MAX_CHOICES) parts.push(...all.map((part: unknown) => typeOf(part, inner)));
  return intersection(parts);
}

function typeOfReference(reference: string, scope: Scope): SchemaType {
  if (scope.open.includes(reference)) return UNKNOWN;
  return typeOf(resolveReference(reference, scope.root), { ...scope, open: [...scope.open, reference] });
}

function typeOfKinds(schema: Record<string, unknown>, scope: Scope): SchemaType {
  const named = schema['type'];
  const kinds = Array.isArray(named) ? named : [named ?? impliedKind(schema)];
  return union(kinds.map((kind) => typeOfKind(kind, schema, scope)));
}

function impliedKind(schema: Record<string, unknown>): string | undefined {
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object';
  return 'items' in schema ? 'array' : undefined;
}

function typeOfKind(kind: unknown, schema: Record<string, unknown>, scope: Scope): SchemaType {
  switch (kind) {
    case 'string':
      return typeOfText(schema['format']);
    case 'boolean':
    case 'null':
    case 'number':
    case 'integer':
      return { kind };
    case 'array':
      return typeOfArray(schema, scope);
    case 'object':
      return typeOfObject(schema, scope);
    default:
      return UNKNOWN;
  }
}

function typeOfText(format: unknown): SchemaType {
  const known = TEXT_FORMATS.find((one) => one === format);
  return known === undefined ? { kind: 'text' } : { kind: 'text', format: known };
}

function typeOfArray(schema: Record<string, unknown>, scope: Scope): SchemaType {
  // Tuples differ between drafts of JSON Schema. An array of unknown is always correct.
  const items = isRecord(schema['items']) && !('prefixItems' in schema) ? schema['items'] : undefined;
  return { kind: 'list', items: typeOf(items, scope) };
}

function typeOfObject(schema: Record<string, unknown>, scope: Scope): SchemaType {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(properties);
  if (names.length === 0) return typeOfMap(schema, scope);
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  return {
    kind: 'object',
    properties: names.map((name) => {
      const about = aboutProperty(properties[name]);
      scope.left.characters -= name.length + Math.min(about.join('').length, MAX_DESCRIPTION);
      return { name, required: required.has(name), about, type: typeOf(properties[name], scope) };
    }),
  };
}

function typeOfMap(schema: Record<string, unknown>, scope: Scope): SchemaType {
  const extra = schema['additionalProperties'];
  const patterns = isRecord(schema['patternProperties']) ? Object.values(schema['patternProperties']) : [];
  if (patterns.length === 0 && extra === false) return ANY_OBJECT;
  const values = extra === false ? patterns : [...patterns, extra];
  return { kind: 'map', values: union(values.map((value) => typeOf(value, scope))) };
}

function aboutProperty(property: unknown): readonly string[] {
  if (!isRecord(property)) return [];
  const words = [property['title'], property['description'], property['format']];
  return [...new Set(words.filter((word) => typeof word === 'string' && word.trim() !== ''))] as string[];
}

function literal(value: unknown): SchemaType {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { kind: 'literal', value };
  if (typeof value === 'number') return Number.isFinite(value) ? { kind: 'literal', value } : { kind: 'number' };
  return UNKNOWN;
}

function union(types: readonly SchemaType[]): SchemaType {
  const members = distinct(types);
  if (members.length > MAX_CHOICES || members.some(({ kind }) => kind === 'unknown')) return UNKNOWN;
  const [first = UNKNOWN] = members;
  return members.length <= 1 ? first : { kind: 'union', members };
}

function intersection(parts: readonly SchemaType[]): SchemaType {
  const informative = distinct(parts).filter(({ kind }) => kind !== 'unknown');
  // A part that only lists required keys would allow any key.
  const members = informative.length > 1 ? informative.filter((type) => !isAnyObject(type)) : informative;
  const [first = UNKNOWN] = members;
  return members.length <= 1 ? first : { kind: 'intersection', members };
}

function isAnyObject(type: SchemaType): boolean {
  return type.kind === 'map' && type.values.kind === 'unknown';
}

function distinct(types: readonly SchemaType[]): readonly SchemaType[] {
  return [...new Map(types.map((type) => [JSON.stringify(type), type])).values()];
}
