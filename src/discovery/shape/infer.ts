import type { Json, JsonObject } from '../../base/json.ts';
import { looksLikeProperName } from './keys.ts';
import { observe, merge, newNode, type Visit, type ShapeNode } from './node.ts';

/** What a shape rests on. Pointers (RFC 6901) are made of keys that the schema itself holds, `*` standing for a map's keys and an array's items. */
export interface ShapeEvidence {
  /** Values that were looked at. */
  readonly samples: number;
  /** Objects whose keys were taken for data and left out. */
  readonly maps: readonly string[];
  /** Places where values of several types were seen. */
  readonly mixed: readonly string[];
  /** Some values were too deep or too large to be looked at whole. */
  readonly truncated: boolean;
}

export interface InferredShape {
  readonly schema: JsonObject;
  readonly evidence: ShapeEvidence;
}

/** Merges values one by one; keeps keys, types and counts, never a value. */
export interface ShapeCollector {
  add(value: unknown): void;
  result(): InferredShape;
}

/** A property is required, and a number an integer, only from this many samples on. */
export const MIN_SAMPLES = 3;

/**
 * The JSON Schema that all samples satisfy: keys and types only, never a value. There is no enum, const, default, example, pattern or
 * bound in it. A string has a format only if every sample has it; objects keyed by data become maps (`additionalProperties`).
 */
export function inferShape(samples: Iterable<unknown>): InferredShape {
  const collector = collectShape();
  for (const sample of samples) collector.add(sample);
  return collector.result();
}

export function collectShape(): ShapeCollector {
  const root = newNode();
  const looking: Visit = { nodes: 0, sample: 0, truncated: false };
  return {
    add: (value) => {
      looking.sample += 1;
      observe(root, value, 0, looking);
    },
    result: () => {
      const notes = { maps: new Set<string>(), mixed: new Set<string>() };
      const schema = toSchema(root, '', notes);
      return {
        schema,
        evidence: {
          samples: looking.sample,
          maps: [...notes.maps].sort(),
          mixed: [...notes.mixed].sort(),
          truncated: looking.truncated,
        },
      };
    },
  };
}

interface Notes {
  readonly maps: Set<string>;
  readonly mixed: Set<string>;
}

function toSchema(place: ShapeNode, at: string, notes: Notes): JsonObject {
  const scalars: string[] = [];
  if (place.strings > 0) scalars.push('string');
  if (place.fractions > 0 || (place.integers > 0 && place.integers < MIN_SAMPLES)) scalars.push('number');
  else if (place.integers > 0) scalars.push('integer');
  if (place.booleans > 0) scalars.push('boolean');
  const kinds = scalars.length + (place.objects > 0 ? 1 : 0) + (place.arrays > 0 ? 1 : 0);
  if (kinds > 1) notes.mixed.add(at);
  // A field that was always empty may hold anything.
  if (kinds === 0) return {};

  const choices: JsonObject[] = [];
  if (place.objects > 0) choices.push(objectSchema(place, at, notes));
  if (place.arrays > 0) {
    choices.push({
      type: 'array',
      ...(place.items === undefined ? {} : { items: toSchema(place.items, `${at}/*`, notes) }),
    });
  }
  const [format] = [...place.formats].filter(([, count]) => count === place.strings).map(([name]) => name);
  const types = place.nulls > 0 && choices.length === 0 ? [...scalars, 'null'] : scalars;
  if (types.length > 0) {
    choices.push({
      type: types.length === 1 ? (types[0] ?? 'string') : types,
      ...(format === undefined ? {} : { format }),
    });
  }
  if (place.nulls > 0 && types === scalars) choices.push({ type: 'null' });
  return choices.length === 1 ? (choices[0] ?? {}) : { anyOf: choices };
}

function objectSchema(place: ShapeNode, at: string, notes: Notes): JsonObject {
  const keys = [...place.keys];
  if (isMap(place, at === '')) {
    const values = newNode();
    for (const [, child] of keys) merge(values, child);
    if (place.rest !== undefined) merge(values, place.rest);
    notes.maps.add(at);
    return { type: 'object', additionalProperties: toSchema(values, `${at}/*`, notes) };
  }
  const written = keys.filter(([key, child]) => isKept(place, key, child, at === ''));
  if (written.length < keys.length || place.rest !== undefined) notes.maps.add(at);
  const properties = written.map(([key, child]): [string, Json] => [key, toSchema(child, `${at}/${key}`, notes)]);
  const required = written.filter(([, child]) => place.objects >= MIN_SAMPLES && child.seen === place.objects);
  return {
    type: 'object',
    // Defines own properties whatever their names are.
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required: required.map(([key]) => key) }),
  };
}

// A form's own fields stay even beside a stray key; below them one key that is data makes all its siblings suspect.
function isMap(place: ShapeNode, isRoot: boolean): boolean {
  if (place.crowded) return true;
  const distinct = place.keys.size;
  if (distinct === 0) return place.rest !== undefined;
  if (isRoot ? place.unwritable > distinct * place.filled : place.unwritable > 0) return true;
  const once = [...place.keys.values()].filter((child) => isSeenOnce(place, child)).length;
  const sameValues = haveSameShape([...place.keys.values()]);
  if (place.filled < 2) return !isRoot && distinct > 1 && sameValues;
  if (once > distinct / 2 && distinct >= 2.5 * place.largest) return true;
  if (isRoot) return false;
  return once > distinct / 2 && sameValues;
}

// Objects of one kind under several keys: entries of a table, more likely than fields.
function haveSameShape(children: readonly ShapeNode[]): boolean {
  const signature = (child: ShapeNode): string | undefined =>
    child.objects > 0 && child.objects === child.seen ? [...child.keys.keys()].sort().join('\n') : undefined;
  const first = children[0] === undefined ? undefined : signature(children[0]);
  return first !== undefined && first !== '' && children.every((child) => signature(child) === first);
}

// One of several samples has the key; with one sample in all, one of its several objects.
function isSeenOnce(place: ShapeNode, child: ShapeNode): boolean {
  return place.filledSamples > 1 ? child.samples < 2 : place.filled > 1 && child.seen < 2;
}

// Below the form's own fields a key that one sample alone has, or that looks like a name, could be that person's.
function isKept(place: ShapeNode, key: string, child: ShapeNode, isRoot: boolean): boolean {
  if (isRoot) return true;
  if (isSeenOnce(place, child)) return false;
  return !looksLikeProperName(key) || child.samples >= MIN_SAMPLES;
}
