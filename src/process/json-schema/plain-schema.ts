import { isRecord } from '../../base/json.ts';
import { schemaPattern } from './pattern.ts';

/**
 * Whether a JSON Schema that its meta-schema of draft 7 accepts holds nothing more that a compiler could refuse: no address but
 * `#` and `#/definitions/…` of its own, no broken pattern, nothing that Ajv treats in its own way. False means that it has to be compiled.
 */
export function isPlainSchema(schema: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(schema).every(([keyword, value]) => isPlainKeyword(keyword, value, schema));
}

type Root = Readonly<Record<string, unknown>>;

const ADDRESSES = new Set([
  ...[
    '$id',
    'id',
    '$schema',
    '$anchor',
    '$dynamicAnchor',
    '$dynamicRef',
    '$recursiveAnchor',
    '$recursiveRef',
    '$async',
  ],
  ...['nullable', 'discriminator'],
]);
const MAPS = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies', 'dependentSchemas']);
const DATA = new Set(['default', 'const']);

function isPlainKeyword(keyword: string, value: unknown, root: Root): boolean {
  if (ADDRESSES.has(keyword)) return false;
  if (keyword === '$ref') return isOwnDefinition(value, root);
  if (keyword === 'pattern') return isPattern(value);
  if (keyword === 'enum') return Array.isArray(value) && value.length > 0;
  if (DATA.has(keyword)) return true;
  if (MAPS.has(keyword) && isRecord(value)) {
    if (keyword === 'patternProperties' && !Object.keys(value).every(isPattern)) return false;
    return Object.values(value).every((part) => isPlainPart(part, root));
  }
  return isPlainPart(value, root);
}

// A keyword that isn't in the standard is read as a schema too, as Ajv does when it looks for addresses.
function isPlainPart(part: unknown, root: Root): boolean {
  if (Array.isArray(part)) return part.every((item) => isPlainPart(item, root));
  if (!isRecord(part)) return true;
  return Object.entries(part).every(([keyword, value]) => isPlainKeyword(keyword, value, root));
}

function isOwnDefinition(reference: unknown, root: Root): boolean {
  if (reference === '#') return true;
  const name = typeof reference === 'string' ? /^#\/definitions\/([\w-]+)$/.exec(reference)?.[1] : undefined;
  const definitions = root['definitions'];
  return name !== undefined && isRecord(definitions) && Object.hasOwn(definitions, name) && isRecord(definitions[name]);
}

function isPattern(text: unknown): boolean {
  try {
    schemaPattern(String(text));
    return typeof text === 'string';
  } catch {
    return false;
  }
}
