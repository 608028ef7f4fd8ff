import { MAX_CHOICES } from '../../schema/resolve.ts';
import type { Property, SchemaType } from '../../schema/code-types.ts';

const UNKNOWN: SchemaType = { kind: 'unknown' };

/** The type without intersections, which Python does not have. What cannot be merged becomes `unknown`. */
export function withoutIntersections(type: SchemaType): SchemaType {
  switch (type.kind) {
    case 'list':
      return { kind: 'list', items: withoutIntersections(type.items) };
    case 'map':
      return { kind: 'map', values: withoutIntersections(type.values) };
    case 'object':
      return {
        kind: 'object',
        properties: type.properties.map((property) => ({ ...property, type: withoutIntersections(property.type) })),
      };
    case 'union':
      return union(type.members.map(withoutIntersections));
    case 'intersection':
      return type.members.map(withoutIntersections).reduce((first, second) => mergeTypes(first, second) ?? UNKNOWN);
    default:
      return type;
  }
}

/** Merges two types into the type of the values that match both. Undefined if they cannot be merged, such as text and a number. */
function mergeTypes(first: SchemaType, second: SchemaType): SchemaType | undefined {
  if (first.kind === 'unknown' || JSON.stringify(first) === JSON.stringify(second)) return second;
  if (second.kind === 'unknown') return first;
  if (first.kind === 'union' || second.kind === 'union') {
    const pairs = membersOf(first).flatMap((one) => membersOf(second).map((other) => mergeTypes(one, other)));
    const members = pairs.filter((member) => member !== undefined);
    return members.length === 0 ? undefined : union(members);
  }
  return mergeOne(first, second) ?? mergeOne(second, first);
}

function mergeOne(first: SchemaType, second: SchemaType): SchemaType | undefined {
  switch (first.kind) {
    case 'never':
      return first;
    case 'integer':
      return second.kind === 'number' ? first : undefined;
    case 'text':
      if (second.kind !== 'text') return undefined;
      return first.format !== undefined && second.format !== undefined ? { kind: 'text' } : { ...first, ...second };
    case 'literal':
      return isValueOf(first.value, second) ? first : undefined;
    case 'list':
      return second.kind === 'list'
        ? { kind: 'list', items: mergeTypes(first.items, second.items) ?? UNKNOWN }
        : undefined;
    case 'map':
      return second.kind === 'map'
        ? { kind: 'map', values: mergeTypes(first.values, second.values) ?? UNKNOWN }
        : undefined;
    case 'object':
      if (second.kind === 'map') return first;
      return second.kind === 'object' ? mergeObjects(first.properties, second.properties) : undefined;
    default:
      return undefined;
  }
}

function mergeObjects(first: readonly Property[], second: readonly Property[]): SchemaType {
  const merged = new Map<string, Property>();
  for (const property of [...first, ...second]) {
    const present = merged.get(property.name);
    const both = present === undefined ? undefined : mergeTypes(present.type, property.type);
    merged.set(
      property.name,
      present === undefined
        ? property
        : { ...present, required: present.required || property.required, type: both ?? UNKNOWN },
    );
  }
  return { kind: 'object', properties: [...merged.values()] };
}

function isValueOf(value: string | number | boolean, type: SchemaType): boolean {
  switch (type.kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return false;
  }
}

function union(types: readonly SchemaType[]): SchemaType {
  const members = [...new Map(types.flatMap(membersOf).map((type) => [JSON.stringify(type), type])).values()];
  if (members.length > MAX_CHOICES || members.some(({ kind }) => kind === 'unknown')) return UNKNOWN;
  const [first = UNKNOWN] = members;
  return members.length <= 1 ? first : { kind: 'union', members };
}

function membersOf(type: SchemaType): readonly SchemaType[] {
  return type.kind === 'union' ? type.members : [type];
}
