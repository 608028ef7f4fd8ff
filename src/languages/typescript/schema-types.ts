import type { JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { resolveReference } from '../../process/json-schema/reference.ts';
import { tsComment, tsPropertyKey, tsString } from './literals.ts';

const MAX_DEPTH = 12;
/** Maximum number of members of a union. */
export const MAX_CHOICES = 60;
// Approximate limits in characters. A definition that is referenced several times is expanded each time.
const MAX_CHARACTERS = 200_000;
const CHARACTERS_PER_PART = 20;

/** The text of a type and its top-level operator. */
interface Type {
  readonly text: string;
  readonly operator?: '|' | '&';
}

/** The types of the formats that refer to something in KuFlow. */
const FORMAT_TYPES: Readonly<Record<string, string>> = {
  'kuflow-file': 'KuFlowFile',
  'kuflow-principal': 'KuFlowPrincipal',
  'kuflow-group': 'KuFlowGroup',
};
export const VALUE_TYPES: readonly string[] = Object.values(FORMAT_TYPES);

const UNKNOWN: Type = { text: 'unknown' };
const ANY_OBJECT = 'Record<string, unknown>';

interface Scope {
  readonly root: JsonObject;
  readonly depth: number;
  /** References being resolved. A recursive schema becomes `unknown` where it refers to itself. */
  readonly open: readonly string[];
  /** Characters that may still be written. Beyond that, types become `unknown`. */
  readonly left: { characters: number };
  /** Receives the value types that are used. */
  readonly used: Set<string>;
}

/**
 * A TypeScript type for the values that are valid under a JSON Schema, as one expression, whose inner lines are indented for a declaration
 * at column 0. Leaves out what types cannot express (patterns, lengths, `not`, `if`): the type is never narrower than the schema.
 */
export function typeOfSchema(schema: JsonObject): string {
  return wholeType(schema, new Set()).text;
}

/**
 * `export interface Name {…}` for plain objects, `export type Name = …` for everything else. Adds the names in `VALUE_TYPES` that it
 * refers to, which have to be imported, to `used`.
 */
export function declarationOfSchema(name: string, schema: JsonObject, used = new Set<string>()): string {
  const { text, operator } = wholeType(schema, used);
  return text.startsWith('{\n') && operator === undefined
    ? `export interface ${name} ${text}\n`
    : `export type ${name} = ${text};\n`;
}

function wholeType(schema: JsonObject, used: Set<string>): Type {
  return typeOf(schema, '', { root: schema, depth: 0, open: [], left: { characters: MAX_CHARACTERS }, used });
}

function typeOf(schema: unknown, indent: string, scope: Scope): Type {
  if (schema === false) return { text: 'never' };
  if (!isRecord(schema) || scope.depth > MAX_DEPTH || scope.left.characters <= 0) return UNKNOWN;
  scope.left.characters -= CHARACTERS_PER_PART;
  const inner: Scope = { ...scope, depth: scope.depth + 1 };
  const parts: Type[] = [];

  if (typeof schema['$ref'] === 'string') parts.push(typeOfReference(schema['$ref'], indent, inner));
  if ('const' in schema) parts.push(literal(schema['const']));
  const values = schema['enum'];
  if (Array.isArray(values) && values.length <= MAX_CHOICES) {
    const choice = union(values.map(literal));
    scope.left.characters -= choice.text.length;
    parts.push(choice);
  } else if (!('const' in schema)) parts.push(typeOfKinds(schema, indent, inner));
  for (const keyword of ['anyOf', 'oneOf']) {
    const choices = schema[keyword];
    if (Array.isArray(choices) && choices.length > 0 && choices.length <= MAX_CHOICES) {
      parts.push(union(choices.map((choice: unknown) => typeOf(choice, indent, inner))));
    }
  }
  const all = schema['allOf'];
  if (Array.isArray(all) && all.length <= MAX_CHOICES)
    parts.push(...all.map((part: unknown) => typeOf(part, indent, inner)));

  const informative = distinct(parts).filter(({ text }) => text !== 'unknown');
  // A part that only lists required keys would allow any key.
  const known = informative.length > 1 ? informative.filter(({ text }) => text !== ANY_OBJECT) : informative;
  if (known.length <= 1) return known[0] ?? UNKNOWN;
  return { text: known.map(inParentheses).join(' & '), operator: '&' };
}

function typeOfReference(reference: string, indent: string, scope: Scope): Type {
  if (scope.open.includes(reference)) return UNKNOWN;
  return typeOf(resolveReference(reference, scope.root), indent, { ...scope, open: [...scope.open, reference] });
}

function typeOfKinds(schema: Record<string, unknown>, indent: string, scope: Scope): Type {
  const named = schema['type'];
  const kinds = Array.isArray(named) ? named : [named ?? impliedKind(schema)];
  return union(kinds.map((kind) => typeOfKind(kind, schema, indent, scope)));
}

function impliedKind(schema: Record<string, unknown>): string | undefined {
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object';
  return 'items' in schema ? 'array' : undefined;
}

function typeOfKind(kind: unknown, schema: Record<string, unknown>, indent: string, scope: Scope): Type {
  switch (kind) {
    case 'string':
      return { text: typeOfText(schema['format'], scope) };
    case 'boolean':
    case 'null':
      return { text: kind };
    case 'number':
    case 'integer':
      return { text: 'number' };
    case 'array':
      return { text: typeOfArray(schema, indent, scope) };
    case 'object':
      return { text: typeOfObject(schema, indent, scope) };
    default:
      return UNKNOWN;
  }
}

function typeOfText(format: unknown, scope: Scope): string {
  const type = typeof format === 'string' && Object.hasOwn(FORMAT_TYPES, format) ? FORMAT_TYPES[format] : undefined;
  if (type !== undefined) scope.used.add(type);
  return type ?? 'string';
}

function typeOfArray(schema: Record<string, unknown>, indent: string, scope: Scope): string {
  // Tuples differ between drafts of JSON Schema. An array of unknown is always correct.
  const items = isRecord(schema['items']) && !('prefixItems' in schema) ? schema['items'] : undefined;
  return `${inParentheses(typeOf(items, indent, scope))}[]`;
}

function typeOfObject(schema: Record<string, unknown>, indent: string, scope: Scope): string {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(properties);
  const extra = schema['additionalProperties'];
  const patterns = isRecord(schema['patternProperties']) ? Object.values(schema['patternProperties']) : [];
  if (names.length === 0) {
    if (patterns.length === 0 && extra === false) return ANY_OBJECT;
    const values = extra === false ? patterns : [...patterns, extra];
    return `Record<string, ${union(values.map((value) => typeOf(value, indent, scope))).text}>`;
  }
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const deeper = `${indent}  `;
  const lines = names.flatMap((name) => {
    const property = properties[name];
    const optional = required.has(name) ? '' : '?';
    const about = comment(property, deeper);
    const key = `${deeper}${tsPropertyKey(name)}${optional}`;
    scope.left.characters -= key.length + about.join('').length;
    // Without its own `toString`, an object still has the inherited function, which no other type accepts.
    const { text } = optional !== '' && name in Object.prototype ? UNKNOWN : typeOf(property, deeper, scope);
    return [...about, `${key}: ${text};`];
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function comment(property: unknown, indent: string): readonly string[] {
  if (!isRecord(property)) return [];
  const words = [property['title'], property['description'], property['format']];
  const text = tsComment(
    [...new Set(words.filter((word) => typeof word === 'string' && word.trim() !== ''))].join(' · '),
  );
  return text === '' ? [] : [`${indent}/** ${text} */`];
}

function literal(value: unknown): Type {
  if (typeof value === 'string') return { text: tsString(value) };
  if (value === null || typeof value === 'boolean') return { text: String(value) };
  if (typeof value === 'number') return { text: Number.isFinite(value) ? String(value) : 'number' };
  return UNKNOWN;
}

function union(types: readonly Type[]): Type {
  const members = distinct(types);
  if (members.length > MAX_CHOICES || members.some(({ text }) => text === 'unknown')) return UNKNOWN;
  if (members.length <= 1) return members[0] ?? UNKNOWN;
  const texts = members.map((member) => (member.operator === '&' ? inParentheses(member) : member.text));
  return { text: texts.join(' | '), operator: '|' };
}

function distinct(types: readonly Type[]): readonly Type[] {
  return [...new Map(types.map((type) => [type.text, type])).values()];
}

function inParentheses({ text, operator }: Type): string {
  return operator === undefined ? text : `(${text})`;
}
