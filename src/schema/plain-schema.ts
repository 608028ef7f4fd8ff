import { isRecord } from '../base/json.ts';
import { schemaPattern } from './pattern.ts';

/**
 * Whether a JSON Schema that the draft 7 meta-schema accepts can't fail to compile: it has no references except `#` and
 * `#/definitions/…`, no invalid patterns and no keywords that Ajv treats specially. If false, compile it to find out.
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

// Unknown keywords are treated as schemas too, as Ajv does when it looks for ids.
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
