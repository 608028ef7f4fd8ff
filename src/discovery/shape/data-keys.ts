import { looksLikeProperName } from './field-names.ts';
import { merge, ShapeNode } from './observe-values.ts';

/** The fewest samples for which a property may be required and a number an integer, and for which a key that looks like a name is kept. */
export const MIN_SAMPLES = 3;

/** The values of an object whose keys are data, as one node. */
export function valuesOf(node: ShapeNode): ShapeNode {
  const values = new ShapeNode();
  for (const child of node.keys.values()) merge(values, child);
  if (node.rest !== undefined) merge(values, node.rest);
  return values;
}

/**
 * Whether the keys of an object are data, such as IDs. At the root, the fields of a form are kept despite a single data key. Below, one data key
 * makes the whole object a map.
 */
export function isMap(node: ShapeNode, isRoot: boolean): boolean {
  if (node.crowded) return true;
  const distinct = node.keys.size;
  if (distinct === 0) return node.rest !== undefined;
  if (isRoot ? node.unwritable > distinct * node.filled : node.unwritable > 0) return true;
  const once = [...node.keys.values()].filter((child) => isSeenOnce(node, child)).length;
  const sameValues = haveSameShape([...node.keys.values()]);
  if (node.filled < 2) return !isRoot && distinct > 1 && sameValues;
  if (once > distinct / 2 && distinct >= 2.5 * node.largest) return true;
  if (isRoot) return false;
  return once > distinct / 2 && sameValues;
}

// Objects of the same shape under several keys are more likely entries of a table than fields.
function haveSameShape(children: readonly ShapeNode[]): boolean {
  const signature = (child: ShapeNode): string | undefined =>
    child.objects > 0 && child.objects === child.seen ? [...child.keys.keys()].sort().join('\n') : undefined;
  const first = children[0] === undefined ? undefined : signature(children[0]);
  return first !== undefined && first !== '' && children.every((child) => signature(child) === first);
}

// Only one of several samples has the key or, with a single sample, only one of its objects.
function isSeenOnce(node: ShapeNode, child: ShapeNode): boolean {
  return node.filledSamples.size > 1 ? child.samples.size < 2 : node.filled > 1 && child.seen < 2;
}

/**
 * Whether a key of an object that is not a map is in the schema. Below the root, a key that only one sample has, or that looks like a name, may be
 * personal data.
 */
export function isKept(node: ShapeNode, key: string, child: ShapeNode, isRoot: boolean): boolean {
  if (isRoot) return true;
  if (isSeenOnce(node, child)) return false;
  return !looksLikeProperName(key) || child.samples.size >= MIN_SAMPLES;
}
