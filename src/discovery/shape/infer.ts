import { isRecord, type Json, type JsonObject } from '../../base/json.ts';
import type { JsonType } from '../../schema/normal-form.ts';
import { isKept, isMap, MIN_SAMPLES, valuesOf } from './data-keys.ts';
import { observe, ShapeNode, type Visit } from './observe-values.ts';

/** What a shape is based on. Pointers (RFC 6901) contain only keys that are in the schema, and `*` for keys of a map and items of an array. */
export interface ShapeEvidence {
  readonly samples: number;
  /** Objects whose keys were treated as data and left out. */
  readonly maps: readonly string[];
  /** Positions with values of several types. */
  readonly mixed: readonly string[];
  /** Some values were too deep or too large to be read completely. */
  readonly truncated: boolean;
}

export interface InferredShape {
  readonly schema: JsonObject;
  readonly evidence: ShapeEvidence;
}

/** What was seen in some values. In memory only, because keys may be data. */
export interface ObservedValues {
  readonly root: ShapeNode;
  /** Some values were too deep or too large to be read completely. */
  readonly truncated: boolean;
}

/**
 * Merges values one by one; keeps keys, types and counts, never values. Its result is a JSON Schema that all values satisfy: no enum, const,
 * default, example, pattern or bounds. A string has a format only if every value has it; objects keyed by data become maps
 * (`additionalProperties`).
 */
export function collectShape() {
  const root = new ShapeNode();
  const visit: Visit = { nodes: 0, sample: 0, truncated: false };
  return {
    add: (value: unknown): void => {
      visit.sample += 1;
      observe(root, value, 0, visit);
    },
    /** The counts so far. Keys may be data: they are for comparisons in memory only. */
    observed: (): ObservedValues => ({ root, truncated: visit.truncated }),
    result: (): InferredShape => {
      const notes = newNotes();
      const schema = toSchema(root, '', notes);
      return {
        schema,
        evidence: {
          samples: visit.sample,
          maps: [...notes.maps].sort(),
          mixed: [...notes.mixed].sort(),
          truncated: visit.truncated,
        },
      };
    },
  };
}

type Notes = ReturnType<typeof newNotes>;
const newNotes = () => ({ maps: new Set<string>(), mixed: new Set<string>() });

/** The schema of the values that a node counts. `all`: these values and others, which decide together which keys are data. */
export function schemaOfNode(root: ShapeNode, all: ShapeNode): JsonObject {
  return toSchema(root, '', newNotes(), all);
}

export function alternativesOf(schema: Json | undefined): readonly JsonObject[] {
  if (!isRecord(schema)) return [];
  const { anyOf } = schema;
  return Array.isArray(anyOf) ? ((anyOf as readonly Json[]).filter(isRecord) as readonly JsonObject[]) : [schema];
}

function toSchema(node: ShapeNode, at: string, notes: Notes, all = node): JsonObject {
  const has = (type: JsonType): boolean => node.samplesByType.has(type);
  const scalars: string[] = [];
  if (has('string')) scalars.push('string');
  if (has('number') || (has('integer') && node.integers < MIN_SAMPLES)) scalars.push('number');
  else if (has('integer')) scalars.push('integer');
  if (has('boolean')) scalars.push('boolean');
  const kinds = scalars.length + (has('object') ? 1 : 0) + (has('array') ? 1 : 0);
  if (kinds > 1) notes.mixed.add(at);
  // A field that is always empty may have any type.
  if (kinds === 0) return {};

  const choices: JsonObject[] = [];
  if (has('object')) choices.push(objectSchema(node, at, notes, all));
  if (has('array')) {
    choices.push({
      type: 'array',
      ...(node.items === undefined ? {} : { items: toSchema(node.items, `${at}/*`, notes, all.items) }),
    });
  }
  const [format] = [...node.formats].filter(([, count]) => count === node.strings).map(([name]) => name);
  const types = has('null') && choices.length === 0 ? [...scalars, 'null'] : scalars;
  if (types.length > 0) {
    choices.push({
      type: types.length === 1 ? (types[0] ?? 'string') : types,
      ...(format === undefined ? {} : { format }),
    });
  }
  if (has('null') && types === scalars) choices.push({ type: 'null' });
  return choices.length === 1 ? (choices[0] ?? {}) : { anyOf: choices };
}

function objectSchema(node: ShapeNode, at: string, notes: Notes, all: ShapeNode): JsonObject {
  const keys = [...node.keys];
  if (isMap(all, at === '')) {
    notes.maps.add(at);
    return { type: 'object', additionalProperties: toSchema(valuesOf(node), `${at}/*`, notes, valuesOf(all)) };
  }
  const keptKeys = keys.filter(([key, child]) => isKept(all, key, all.keys.get(key) ?? child, at === ''));
  if (keptKeys.length < keys.length || node.rest !== undefined) notes.maps.add(at);
  const properties = keptKeys.map(([key, child]): [string, Json] => [
    key,
    toSchema(child, `${at}/${key}`, notes, all.keys.get(key)),
  ]);
  const required = keptKeys.filter(([, child]) => node.objects >= MIN_SAMPLES && child.seen === node.objects);
  return {
    type: 'object',
    // fromEntries also creates own properties for names such as __proto__.
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required: required.map(([key]) => key) }),
  };
}
