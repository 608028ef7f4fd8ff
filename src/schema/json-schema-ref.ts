import { isRecord, pointerStep, valueAt } from '../base/json.ts';
import { percentDecode } from '../base/percent-decode.ts';

/** A JSON Schema that is not a boolean, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** How many references and combinations a reader follows to describe one value. */
export const MAX_HOPS = 16;
/** How deep nested values are described. */
export const MAX_DEPTH = 12;
/** How many alternatives a reader tells apart. Beyond that, it takes every value for valid. */
export const MAX_CHOICES = 64;

const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** Follows a JSON pointer, an anchor, or the `$id` of the schema or one of its parts. Undefined if it leads nowhere in the schema. */
export function resolveReference(reference: string, root: Schema): unknown {
  const at = reference.indexOf('#');
  const address = at < 0 ? reference : reference.slice(0, at);
  const fragment = at < 0 ? '' : percentDecode(reference.slice(at + 1));
  const resource =
    address === '' || address === ownAddress(root) ? root : findSubschema(root, (one) => ownAddress(one) === address);
  if (resource === undefined || fragment === '') return resource;
  if (fragment.startsWith('/')) return valueAt(resource, fragment);
  return findSubschema(
    resource,
    (one) => one['$anchor'] === fragment || one['$dynamicAnchor'] === fragment || one['$id'] === `#${fragment}`,
  );
}

function ownAddress({ $id: id }: Schema): string | undefined {
  return typeof id === 'string' && !id.startsWith('#') ? id.replace(/#$/, '') : undefined;
}

/** The first schema within this one that matches, breadth first. Skips values that are data. */
function findSubschema(root: Schema, matches: (one: Schema) => boolean): Schema | undefined {
  const seen = new Set<unknown>();
  const all: unknown[] = [root];
  for (const one of all) {
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if (isRecord(one) && matches(one)) return one;
    for (const [key, value] of Object.entries(one)) if (!DATA.has(key)) all.push(value);
  }
  return undefined;
}

const SCHEMA_MAPS = ['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas', 'dependencies'];
const BRANCHES = ['anyOf', 'oneOf', 'if'];

/** A schema and those of its parts that apply to some values only, by JSON Pointer. */
export function branchesOf(root: Schema): ReadonlyMap<string, Schema> {
  const found = new Map([['', root]]);
  const visit = (schema: unknown, pointer: string, isBranch: boolean): void => {
    if (!isRecord(schema)) return;
    if (isBranch) found.set(pointer, schema);
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${pointer}${pointerStep(keyword)}`;
      if (DATA.has(keyword)) continue;
      if (SCHEMA_MAPS.includes(keyword) && isRecord(value))
        for (const [name, part] of Object.entries(value)) visit(part, at + pointerStep(name), false);
      else if (Array.isArray(value))
        value.forEach((part, nth) => visit(part, `${at}/${nth}`, BRANCHES.includes(keyword)));
      else visit(value, at, BRANCHES.includes(keyword));
    }
  };
  visit(root, '', false);
  return found;
}
