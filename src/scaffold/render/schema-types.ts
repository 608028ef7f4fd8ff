import type { JsonObject } from '../../base/json.ts';
import { isRecord } from '../../base/json.ts';
import { tsComment, tsPropertyKey, tsString } from '../../names/typescript.ts';

const DEEPEST = 12;
const MOST_CHOICES = 60;

interface Scope {
  readonly root: unknown;
  readonly depth: number;
  /** `$ref`s being resolved: a schema that contains itself becomes `unknown` where it meets itself. */
  readonly open: readonly string[];
}

/**
 * A TypeScript type for the values that are valid under a JSON Schema, as one expression whose inner lines are indented
 * for a declaration at column 0. What can't be said in a type (patterns, lengths, `not`, `if`) is left out: the type is
 * never narrower than the schema.
 */
export function typeOfSchema(schema: JsonObject): string {
  return typeOf(schema, '', { root: schema, depth: 0, open: [] });
}

/** `export interface Name {…}` for plain objects, `export type Name = …` for everything else. */
export function declarationOfSchema(name: string, schema: JsonObject): string {
  const type = typeOfSchema(schema);
  return type.startsWith('{\n') && type.endsWith('\n}') && !hasTopLevelOperator(type)
    ? `export interface ${name} ${type}\n`
    : `export type ${name} = ${type};\n`;
}

// Inner lines are indented, so a closing brace at column 0 that isn't the last line means `{…} & {…}` or the like.
function hasTopLevelOperator(type: string): boolean {
  return type
    .split('\n')
    .slice(1, -1)
    .some((line) => line.startsWith('}'));
}

function typeOf(schema: unknown, indent: string, scope: Scope): string {
  if (schema === false) return 'never';
  if (!isRecord(schema) || scope.depth > DEEPEST) return 'unknown';
  const inner: Scope = { ...scope, depth: scope.depth + 1 };
  const parts: string[] = [];

  if (typeof schema['$ref'] === 'string') parts.push(typeOfReference(schema['$ref'], indent, inner));
  if ('const' in schema) parts.push(literal(schema['const']));
  if (Array.isArray(schema['enum'])) parts.push(union(schema['enum'].slice(0, MOST_CHOICES + 1).map(literal)));
  else if (!('const' in schema)) parts.push(typeOfKinds(schema, indent, inner));
  for (const keyword of ['anyOf', 'oneOf']) {
    const choices = schema[keyword];
    if (Array.isArray(choices) && choices.length > 0 && choices.length <= MOST_CHOICES) {
      parts.push(union(choices.map((choice: unknown) => typeOf(choice, indent, inner))));
    }
  }
  const all = schema['allOf'];
  if (Array.isArray(all) && all.length <= MOST_CHOICES)
    parts.push(...all.map((part: unknown) => typeOf(part, indent, inner)));

  const known = [...new Set(parts.filter((part) => part !== 'unknown'))];
  if (known.length === 0) return 'unknown';
  if (known.length === 1) return known[0] ?? 'unknown';
  return known.map(inParentheses).join(' & ');
}

function typeOfReference(reference: string, indent: string, scope: Scope): string {
  if (!reference.startsWith('#') || scope.open.includes(reference)) return 'unknown';
  let at: unknown = scope.root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    if (!isRecord(at) && !Array.isArray(at)) return 'unknown';
    const key = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Object.hasOwn(at, key)) return 'unknown';
    at = (at as Record<string, unknown>)[key];
  }
  return typeOf(at, indent, { ...scope, open: [...scope.open, reference] });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function typeOfKinds(schema: Record<string, unknown>, indent: string, scope: Scope): string {
  const named = schema['type'];
  const kinds = Array.isArray(named) ? named : [named ?? impliedKind(schema)];
  return union(kinds.map((kind) => typeOfKind(kind, schema, indent, scope)));
}

function impliedKind(schema: Record<string, unknown>): string | undefined {
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object';
  return 'items' in schema ? 'array' : undefined;
}

function typeOfKind(kind: unknown, schema: Record<string, unknown>, indent: string, scope: Scope): string {
  switch (kind) {
    case 'string':
    case 'boolean':
    case 'null':
      return kind;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return typeOfArray(schema, indent, scope);
    case 'object':
      return typeOfObject(schema, indent, scope);
    default:
      return 'unknown';
  }
}

function typeOfArray(schema: Record<string, unknown>, indent: string, scope: Scope): string {
  // A tuple's positions differ between the drafts of JSON Schema; an array of anything is always right.
  const items = isRecord(schema['items']) && !('prefixItems' in schema) ? schema['items'] : undefined;
  return `${inParentheses(typeOf(items, indent, scope))}[]`;
}

function typeOfObject(schema: Record<string, unknown>, indent: string, scope: Scope): string {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(properties);
  const extra = schema['additionalProperties'];
  const patterns = isRecord(schema['patternProperties']);
  if (names.length === 0) {
    if (patterns || !isRecord(extra)) return 'Record<string, unknown>';
    return `Record<string, ${typeOf(extra, indent, scope)}>`;
  }
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const deeper = `${indent}  `;
  const lines = names.flatMap((name) => {
    const property = properties[name];
    const optional = required.has(name) ? '' : '?';
    return [
      ...comment(property, deeper),
      `${deeper}${tsPropertyKey(name)}${optional}: ${typeOf(property, deeper, scope)};`,
    ];
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

function literal(value: unknown): string {
  if (typeof value === 'string') return tsString(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'number';
  return 'unknown';
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  if (distinct.length === 0 || distinct.length > MOST_CHOICES || distinct.includes('unknown')) return 'unknown';
  if (distinct.length === 1) return distinct[0] ?? 'unknown';
  return distinct.map((type) => (type.includes(' & ') ? `(${type})` : type)).join(' | ');
}

function inParentheses(type: string): string {
  return /[|&]/.test(type) && !/^\{\n[\s\S]*\n\s*\}$/.test(type) ? `(${type})` : type;
}
