import type { JsonObject } from '../../base/json.ts';
import { distinctName, distinctNameIgnoringCase, identifier } from '../../base/identifiers.ts';
import { kuFlowFormat, REFERENCE_TYPES } from '../../schema/kuflow-formats.ts';
import { schemaTypeOf, type Property, type SchemaType } from '../../schema/code-types.ts';
import { JAVA_RESERVED, javaTypeName } from './literals.ts';

/** A constructor accepts 255 arguments. */
const MAX_COMPONENTS = 250;
/** The name of a class file contains the names of all classes around it. */
const MAX_NESTED_RECORDS = 4;
const MAX_CONTAINERS = 2;
/** Class files store a text in up to 65,535 bytes, and a character in up to three. */
const MAX_TEXT = 20_000;

export type JavaType =
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'list'; readonly items: JavaType; readonly nullable: boolean }
  | { readonly kind: 'map'; readonly values: JavaType; readonly nullable: boolean }
  | JavaRecord
  | JavaEnum;

export interface JavaRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly components: readonly JavaComponent[];
  /** The types of the components that are declared inside the record. */
  readonly nested: readonly (JavaRecord | JavaEnum)[];
}

export interface JavaEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly constants: readonly JavaConstant[];
  /** The constant for all other values, whose own value is not among those of the others. */
  readonly other: JavaConstant;
}

interface JavaConstant {
  readonly name: string;
  readonly value: string;
}

export interface JavaComponent {
  readonly name: string;
  /** The name in JSON. */
  readonly property: string;
  readonly about: readonly string[];
  readonly type: JavaType;
  readonly nullable: boolean;
}

/** The component with the properties that the schema does not name, and the method for a builder. */
export const OTHERS = 'others';
export const BUILDER = 'builder';
const RESERVED_COMPONENTS: ReadonlySet<string> = new Set([...JAVA_RESERVED, OTHERS, BUILDER]);

/** Types that the declarations use. */
const USED_TYPES = [
  ...['Arrays', 'BigDecimal', 'Builder', 'List', 'LocalDate', 'Map', 'OffsetDateTime'],
  ...['JsonAnyGetter', 'JsonAnySetter', 'JsonCreator', 'JsonProperty', 'JsonValue', 'NullUnmarked', 'Nullable'],
  ...REFERENCE_TYPES,
];

const DATES: Readonly<Record<string, string>> = { date: 'LocalDate', 'date-time': 'OffsetDateTime' };

const plain = (name: string): JavaType => ({ kind: 'plain', name });
/** Plain Java values: `String`, `Boolean`, a `Number`, a `List` or a `Map`. */
const ANY = plain('Object');
const ANY_OBJECT: JavaType = { kind: 'map', values: ANY, nullable: true };

interface Scope {
  readonly around: readonly string[];
  readonly containers: number;
  /** Receives the types that the surrounding record declares. */
  readonly nested: (JavaRecord | JavaEnum)[];
}

/** The type of KuFlow data, which is always an object. */
export function javaRecordOf(name: string, schema: JsonObject): JavaRecord {
  const properties = propertiesOf(schemaTypeOf(schema)) ?? [];
  return recordOf(name, properties.length > MAX_COMPONENTS ? [] : properties, []);
}

function recordOf(name: string, properties: readonly Property[], around: readonly string[]): JavaRecord {
  const nested: (JavaRecord | JavaEnum)[] = [];
  const scope: Scope = { around: [...around, name], containers: 0, nested };
  const components: JavaComponent[] = [];
  for (const { name: property, required, about, type } of properties) {
    // Jackson takes an empty name for a default. No value is valid for `never`.
    if (property === '' || property.length > MAX_TEXT || type.kind === 'never') continue;
    const taken = new Set(components.map((component) => component.name));
    const component = distinctName(identifier(property, 'camel', RESERVED_COMPONENTS, 'value'), (one) =>
      taken.has(one),
    );
    const value = javaTypeOf(type, property, scope);
    components.push({ name: component, property, about, type: value.type, nullable: !required || value.nullable });
  }
  return { kind: 'record', name, components, nested };
}

/** The properties of an object, of several objects at once, or of nothing known. Undefined for what is not an object. */
function propertiesOf(type: SchemaType): readonly Property[] | undefined {
  if (type.kind === 'object') return type.properties;
  if (type.kind !== 'intersection') return undefined;
  const all = type.members.map(propertiesOf).filter((properties) => properties !== undefined);
  if (all.length === 0) return undefined;
  const merged = new Map<string, Property>();
  for (const property of all.flat()) {
    const present = merged.get(property.name);
    merged.set(
      property.name,
      present === undefined ? property : { ...present, required: present.required || property.required },
    );
  }
  return [...merged.values()];
}

function javaTypeOf(type: SchemaType, name: string, scope: Scope) {
  const { nullable, members } = alternativesOf(type);
  return { type: javaTypeOfAlternatives(members, name, scope), nullable };
}

/** The alternatives of nested unions, without null. */
function alternativesOf(type: SchemaType): { readonly nullable: boolean; readonly members: readonly SchemaType[] } {
  if (type.kind === 'null') return { nullable: true, members: [] };
  if (type.kind !== 'union') return { nullable: type.kind === 'unknown', members: [type] };
  const all = type.members.map(alternativesOf);
  return { nullable: all.some(({ nullable }) => nullable), members: all.flatMap(({ members }) => members) };
}

function javaTypeOfAlternatives(members: readonly SchemaType[], name: string, scope: Scope): JavaType {
  const [first] = members;
  if (first === undefined) return ANY;
  const values = members.map((member) => (member.kind === 'literal' ? member.value : undefined));
  if (values.length > 1 && values.every(isEnumValue)) return declare(enumOf(declaredName(name, scope), values), scope);
  if (members.length === 1) return javaTypeOfOne(first, name, scope);
  const plainNames = new Set(members.map(plainName));
  if (plainNames.size === 2 && plainNames.has('BigDecimal') && plainNames.has('Long')) return plain('BigDecimal');
  const [only] = plainNames;
  return plainNames.size === 1 && only !== undefined ? plain(only) : ANY;
}

function isEnumValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function plainName(type: SchemaType): string | undefined {
  switch (type.kind) {
    case 'text':
      return kuFlowFormat(type.format)?.type ?? DATES[type.format ?? ''] ?? 'String';
    case 'number':
      return 'BigDecimal';
    case 'integer':
      return 'Long';
    case 'boolean':
      return 'Boolean';
    case 'literal':
      if (typeof type.value === 'string') return 'String';
      if (typeof type.value === 'boolean') return 'Boolean';
      return Number.isSafeInteger(type.value) ? 'Long' : 'BigDecimal';
    default:
      return undefined;
  }
}

function javaTypeOfOne(type: SchemaType, name: string, scope: Scope): JavaType {
  const single = plainName(type);
  if (single !== undefined) return plain(single);
  const inner: Scope = { ...scope, containers: scope.containers + 1 };
  const isNestable = scope.containers < MAX_CONTAINERS;
  if (type.kind === 'list' && isNestable) {
    const { type: items, nullable } = javaTypeOf(type.items, `${name} item`, inner);
    return { kind: 'list', items, nullable };
  }
  if (type.kind === 'map' && isNestable) {
    const { type: values, nullable } = javaTypeOf(type.values, `${name} value`, inner);
    return { kind: 'map', values, nullable };
  }
  const properties = propertiesOf(type);
  if (properties === undefined) return type.kind === 'map' ? ANY_OBJECT : ANY;
  if (properties.length > MAX_COMPONENTS || scope.around.length > MAX_NESTED_RECORDS) return ANY_OBJECT;
  return declare(recordOf(declaredName(name, scope), properties, scope.around), scope);
}

function declare<Declared extends JavaRecord | JavaEnum>(type: Declared, scope: Scope): Declared {
  scope.nested.push(type);
  return type;
}

/** A name that differs from those of the enclosing types, the other nested types and the imports. */
function declaredName(name: string, { around, nested }: Scope): string {
  return distinctNameIgnoringCase(
    javaTypeName(name, 'value'),
    new Set([...around, ...nested.map((one) => one.name), ...USED_TYPES]),
  );
}

function enumOf(name: string, values: readonly string[]): JavaEnum {
  const taken = new Set<string>();
  const use = (wanted: string): string => {
    const constant = distinctName(wanted, (one) => taken.has(one));
    taken.add(constant);
    return constant;
  };
  const constants = values.map((value) => ({ name: use(identifier(value, 'constant', new Set(), 'value')), value }));
  const other = use('UNRECOGNIZED');
  return {
    kind: 'enum',
    name,
    constants,
    other: { name: other, value: distinctName(other, (one) => values.includes(one)) },
  };
}
