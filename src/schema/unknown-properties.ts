import { isRecord, pointerStep, type Json, type JsonObject } from '../base/json.ts';
import { matchesPattern } from './match-pattern.ts';
import { itemSchema, normalForm, propertySchemas } from './normal-form.ts';
import type { Schema } from './json-schema-ref.ts';

/** A property of a value that its schema does not declare, although it declares others and does not allow more. */
export interface UnknownProperty {
  /** JSON Pointer. */
  readonly path: string;
  readonly name: string;
  readonly declared: readonly string[];
}

const CONDITIONALS = ['if', 'then', 'else'];
const DEPENDENT = ['dependentSchemas', 'dependencies'];
const OPEN = ['additionalProperties', 'unevaluatedProperties'];

/**
 * Properties that are probably misspelled. JSON Schema accepts them unless the schema forbids additional properties. Objects without declared
 * properties, and those whose schema allows more on purpose, can have any property.
 */
export function findUnknownProperties(value: Json, schema: JsonObject): readonly UnknownProperty[] {
  return unknownIn(value, [schema], schema, '');
}

function unknownIn(value: Json, schemas: readonly unknown[], root: Schema, path: string): readonly UnknownProperty[] {
  const parts = expand(schemas, root);
  // A part that cannot be read could declare anything.
  if (parts === undefined || value === null || typeof value !== 'object') return [];
  if (Array.isArray(value))
    return (value as readonly Json[]).flatMap((item, at) =>
      unknownIn(
        item,
        parts.map((part) => itemSchema(part, at)),
        root,
        `${path}/${at}`,
      ),
    );
  const declared = [
    ...new Set(parts.flatMap(({ properties }) => (isRecord(properties) ? Object.keys(properties) : []))),
  ];
  const isOpen = declared.length === 0 || parts.some((part) => OPEN.some((keyword) => allowsMore(part[keyword])));
  return Object.entries(value).flatMap(([name, inner]): readonly UnknownProperty[] => {
    const own = parts.flatMap((part) => propertySchemas(part, name, matchesPattern));
    const ownPath = `${path}${pointerStep(name)}`;
    if (own.length === 0 && !isOpen) return [{ path: ownPath, name, declared }];
    return unknownIn(inner, own, root, ownPath);
  });
}

const allowsMore = (value: unknown): boolean => value === true || isRecord(value);

/** The schemas and all that they are composed of, whichever alternative applies; undefined if one cannot be resolved. */
function expand(schemas: readonly unknown[], root: Schema): readonly Schema[] | undefined {
  const found = new Set<Schema>();
  const open = [...schemas];
  for (const schema of open) {
    if (!isRecord(schema) || found.has(schema)) continue;
    found.add(schema);
    const { referenced, all, choices } = normalForm(schema, root);
    if (!referenced.every(isRecord)) return undefined;
    open.push(...referenced, ...all, ...choices.flat());
    for (const keyword of CONDITIONALS) open.push(schema[keyword]);
    for (const keyword of DEPENDENT) if (isRecord(schema[keyword])) open.push(...Object.values(schema[keyword]));
  }
  return [...found];
}
