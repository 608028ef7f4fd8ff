import { isRecord, valueAt } from '../../base/json.ts';
import { percentDecode } from '../../base/percent-decode.ts';

type Schema = Readonly<Record<string, unknown>>;

const DATA = new Set(['const', 'enum', 'default', 'examples']);

/**
 * Resolves a `$ref` within a JSON Schema: a JSON pointer, an anchor, or the `$id` of the schema or one of its parts. Undefined if it
 * leads outside of the schema or nowhere.
 */
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
