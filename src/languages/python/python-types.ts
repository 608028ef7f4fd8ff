import { distinctName, hash, identifier } from '../../base/identifiers.ts';
import { kuFlowFormat } from '../../schema/formats.ts';
import { schemaTypeOf, type NamedSchema, type SchemaType } from '../../schema/code-types.ts';
import { displayWidth } from './layout.ts';
import { withoutIntersections } from './merge-types.ts';

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
  const members = alternativesOf(withoutIntersections(schemaTypeOf(schema))).filter(
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
      return literalOf(type.value);
    case 'list':
      return { kind: 'list', items: typeOf(type.items, `${name}Item`, taken) };
    case 'map':
      return { kind: 'dict', values: typeOf(type.values, `${name}Value`, taken) };
    case 'object':
      return classOf(type, declaredName(name, taken), taken);
    case 'union':
      return unionOf(alternativesOf(type), name, taken);
    default:
      return ANY;
  }
}

function literalOf(value: string | number | boolean): PythonType {
  // `Literal` does not accept floating-point numbers.
  return typeof value === 'number' && !Number.isSafeInteger(value)
    ? plain('float')
    : { kind: 'literal', values: [value] };
}

function alternativesOf(type: SchemaType): readonly SchemaType[] {
  return type.kind === 'union' ? type.members.flatMap(alternativesOf) : [type];
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
