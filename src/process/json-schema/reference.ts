import { isRecord } from '../../base/json.ts';
import { percentDecode } from '../../base/percent-decode.ts';

type Schema = Readonly<Record<string, unknown>>;

const DATA = new Set(['const', 'enum', 'default', 'examples']);

/**
 * What a `$ref` of a JSON Schema leads to within it: by a JSON pointer, by the name of an anchor, or by the address that the schema
 * or one of its parts gives itself. Undefined for what is elsewhere or nowhere.
 */
export function resolveReference(reference: string, root: Schema): unknown {
  const at = reference.indexOf('#');
  const address = at < 0 ? reference : reference.slice(0, at);
  const fragment = at < 0 ? '' : percentDecode(reference.slice(at + 1));
  const resource =
    address === '' || address === ownAddress(root) ? root : findSubschema(root, (one) => ownAddress(one) === address);
  if (resource === undefined || fragment === '') return resource;
  if (fragment.startsWith('/')) return atPointer(fragment, resource);
  return findSubschema(
    resource,
    (one) => one['$anchor'] === fragment || one['$dynamicAnchor'] === fragment || one['$id'] === `#${fragment}`,
  );
}

function ownAddress({ $id: id }: Schema): string | undefined {
  return typeof id === 'string' && !id.startsWith('#') ? id.replace(/#$/, '') : undefined;
}

function atPointer(pointer: string, root: unknown): unknown {
  let at = root;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!(isRecord(at) || Array.isArray(at)) || !Object.hasOwn(at, key)) return undefined;
    at = (at as Schema)[key];
  }
  return at;
}

/** The first schema within this one that is as wanted; values that are only data are none. */
function findSubschema(root: Schema, wanted: (one: Schema) => boolean): Schema | undefined {
  const seen = new Set<unknown>();
  const all: unknown[] = [root];
  // What is found on the way comes behind.
  for (const one of all) {
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if (isRecord(one) && wanted(one)) return one;
    for (const [key, value] of Object.entries(one)) if (!DATA.has(key)) all.push(value);
  }
  return undefined;
}
