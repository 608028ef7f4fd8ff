import { distinctName, hash, identifier } from '../../base/identifiers.ts';
import { kuFlowFormat } from '../../schema/kuflow-formats.ts';
import { schemaTypeOf, type NamedSchema, type Property, type SchemaType } from '../../schema/code-types.ts';
import { MAX_CHOICES } from '../../schema/json-schema-ref.ts';
import { displayWidth } from './wrap.ts';

const LONGEST_NAME = 60;

export type PythonType =
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'literal'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'list'; readonly items: PythonType }
  | { readonly kind: 'dict'; readonly values: PythonType }
  /** At least two different members, `None` last. */
  | { readonly kind: 'union'; readonly members: readonly PythonType[] }
  | PythonClass;

export interface PythonClass {
  readonly kind: 'class';
  readonly name: string;
  readonly fields: readonly PythonField[];
}

export interface PythonField {
  readonly key: string;
  readonly required: boolean;
  readonly about: readonly string[];
  readonly type: PythonType;
}

const plain = (name: string): PythonType => ({ kind: 'plain', name });
const ANY = plain('Any');
const NEVER = plain('Never');
const NONE = plain('None');

/** A nested class is named after its outer class and key, with a number if the name is in `taken`. Adds new names to `taken`. */
export function pythonTypeOf({ name, schema }: NamedSchema, taken: Set<string>): PythonType {
  const members = membersOf(withoutIntersections(schemaTypeOf(schema))).filter(
    ({ kind }) => kind === 'object' || kind === 'map',
  );
  const [only] = members;
  if (only === undefined) return { kind: 'dict', values: ANY };
  // A class for the whole data has the name itself.
  return members.length === 1 && only.kind === 'object' ? classOf(only, name, taken) : unionOf(members, name, taken);
}

function typeOf(type: SchemaType, name: string, taken: Set<string>): PythonType {
  switch (type.kind) {
    case 'never':
      return NEVER;
    case 'null':
      return NONE;
    case 'boolean':
      return plain('bool');
    case 'number':
      return plain('float');
    case 'integer':
      return plain('int');
    case 'text':
      return plain(kuFlowFormat(type.format)?.type ?? 'str');
    case 'literal':
      // `Literal` does not accept floating-point numbers.
      if (typeof type.value === 'number' && !Number.isSafeInteger(type.value)) return plain('float');
      return { kind: 'literal', values: [type.value] };
    case 'list':
      return { kind: 'list', items: typeOf(type.items, `${name}Item`, taken) };
    case 'map':
      return { kind: 'dict', values: typeOf(type.values, `${name}Value`, taken) };
    case 'object':
      return classOf(type, declaredName(name, taken), taken);
    case 'union':
      return unionOf(type.members, name, taken);
    default:
      return ANY;
  }
}

function unionOf(alternatives: readonly SchemaType[], name: string, taken: Set<string>): PythonType {
  const isChoice = alternatives.filter(hasClass).length > 1;
  let option = 0;
  const types = alternatives.map((type) =>
    typeOf(type, isChoice && hasClass(type) ? `${name}Option${++option}` : name, taken),
  );
  return joinTypes(types);
}

function hasClass(type: SchemaType): boolean {
  switch (type.kind) {
    case 'object':
      return true;
    case 'list':
      return hasClass(type.items);
    case 'map':
      return hasClass(type.values);
    case 'union':
      return type.members.some(hasClass);
    default:
      return false;
  }
}

function joinTypes(types: readonly PythonType[]): PythonType {
  const names = new Set(types.map((type) => (type.kind === 'plain' ? type.name : '')));
  if (names.has('Any')) return ANY;
  const literals = types.flatMap((type) => (type.kind === 'literal' ? type.values : []));
  const members = new Map<string, PythonType>();
  for (const type of types) {
    // Every int is a float for type checkers.
    const isLeftOut =
      type === NEVER || type === NONE || (type.kind === 'plain' && type.name === 'int' && names.has('float'));
    if (isLeftOut) continue;
    const member: PythonType = type.kind === 'literal' ? { kind: 'literal', values: literals } : type;
    members.set(JSON.stringify(member), member);
  }
  if (names.has('None')) members.set('None', NONE);
  const [first = NEVER, ...rest] = members.values();
  return rest.length === 0 ? first : { kind: 'union', members: [first, ...rest] };
}

function classOf(
  { properties }: SchemaType & { readonly kind: 'object' },
  name: string,
  taken: Set<string>,
): PythonClass {
  return {
    kind: 'class',
    name,
    fields: properties.map(({ name: key, required, about, type }) => ({
      key,
      required,
      about,
      type: typeOf(type, name + identifier(key, 'pascal', new Set(), 'value'), taken),
    })),
  };
}

function declaredName(name: string, taken: Set<string>): string {
  const short = displayWidth(name) > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 10)}_${hash(name, 6)}` : name;
  const declared = distinctName(short, (one) => taken.has(one));
  taken.add(declared);
  return declared;
}

const UNKNOWN: SchemaType = { kind: 'unknown' };

/** The type without intersections, which Python does not have. What cannot be merged becomes `unknown`. */
function withoutIntersections(type: SchemaType): SchemaType {
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
