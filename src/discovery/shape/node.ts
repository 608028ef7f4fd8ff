import { detectFormat, type StringFormat } from './formats.ts';
import { isFieldName } from './keys.ts';

const MAX_DEPTH = 12;
const MAX_KEYS = 500;
const MAX_ITEMS = 200;
const MAX_NODES = 20_000;

/** Everything known of one place in the values. */
export interface ShapeNode {
  /** Values seen here. */
  seen: number;
  /** Samples that had a value here, and the last of them. */
  samples: number;
  lastSample: number;
  nulls: number;
  booleans: number;
  integers: number;
  fractions: number;
  strings: number;
  formats: Map<StringFormat, number>;
  arrays: number;
  items: ShapeNode | undefined;
  objects: number;
  /** Objects that were not empty, the samples that had one, and the last of those. */
  filled: number;
  filledSamples: number;
  lastFilled: number;
  /** Keys of the largest object. */
  largest: number;
  keys: Map<string, ShapeNode>;
  /** Values whose keys can't be written, or were too many. */
  rest: ShapeNode | undefined;
  unwritable: number;
  crowded: boolean;
}

/** How far the look at all samples has come. */
export interface Visit {
  nodes: number;
  /** Number of the sample that is looked at, from 1. */
  sample: number;
  truncated: boolean;
}

export function newNode(): ShapeNode {
  return {
    seen: 0,
    samples: 0,
    lastSample: 0,
    nulls: 0,
    booleans: 0,
    integers: 0,
    fractions: 0,
    strings: 0,
    formats: new Map(),
    arrays: 0,
    items: undefined,
    objects: 0,
    filled: 0,
    filledSamples: 0,
    lastFilled: 0,
    largest: 0,
    keys: new Map(),
    rest: undefined,
    unwritable: 0,
    crowded: false,
  };
}

/** Adds what a value says of its place; keeps nothing of the value. */
export function observe(place: ShapeNode, value: unknown, depth: number, looking: Visit): void {
  place.seen += 1;
  looking.nodes += 1;
  if (place.lastSample !== looking.sample) {
    place.lastSample = looking.sample;
    place.samples += 1;
  }
  if (value === null || value === undefined) place.nulls += 1;
  else if (typeof value === 'boolean') place.booleans += 1;
  else if (typeof value === 'number') place[Number.isInteger(value) ? 'integers' : 'fractions'] += 1;
  else if (typeof value === 'string') {
    place.strings += 1;
    const format = detectFormat(value);
    if (format !== undefined) place.formats.set(format, (place.formats.get(format) ?? 0) + 1);
  } else if (Array.isArray(value)) observeItems(place, value, depth, looking);
  else if (typeof value === 'object') observeKeys(place, value, depth, looking);
}

function observeItems(place: ShapeNode, values: readonly unknown[], depth: number, looking: Visit): void {
  place.arrays += 1;
  if (values.length > MAX_ITEMS) looking.truncated = true;
  for (const value of values.slice(0, MAX_ITEMS)) {
    if (isLimitReached(depth, looking)) return;
    place.items ??= newNode();
    observe(place.items, value, depth + 1, looking);
  }
}

function observeKeys(place: ShapeNode, value: object, depth: number, looking: Visit): void {
  const entries = Object.entries(value);
  place.objects += 1;
  if (entries.length > 0) place.filled += 1;
  if (entries.length > 0 && place.lastFilled !== looking.sample) {
    place.lastFilled = looking.sample;
    place.filledSamples += 1;
  }
  place.largest = Math.max(place.largest, entries.length);
  for (const [key, child] of entries) {
    if (isLimitReached(depth, looking)) return;
    const writable = isFieldName(key);
    if (!writable) place.unwritable += 1;
    let at = writable ? place.keys.get(key) : (place.rest ??= newNode());
    if (at === undefined && place.keys.size >= MAX_KEYS) {
      place.crowded = true;
      at = place.rest ??= newNode();
    }
    if (at === undefined) {
      at = newNode();
      place.keys.set(key, at);
    }
    observe(at, child, depth + 1, looking);
  }
}

function isLimitReached(depth: number, looking: Visit): boolean {
  if (depth < MAX_DEPTH && looking.nodes < MAX_NODES * Math.max(1, looking.sample)) return false;
  looking.truncated = true;
  return true;
}

/** Adds what is known of one place to another: the values of a map share theirs. */
export function merge(into: ShapeNode, from: ShapeNode): void {
  for (const count of [
    'seen',
    'nulls',
    'booleans',
    'integers',
    'fractions',
    'strings',
    'arrays',
    'objects',
    'filled',
    'unwritable',
  ] as const) {
    into[count] += from[count];
  }
  into.samples = Math.max(into.samples, from.samples);
  into.filledSamples = Math.max(into.filledSamples, from.filledSamples);
  into.largest = Math.max(into.largest, from.largest);
  into.crowded ||= from.crowded;
  for (const [format, count] of from.formats) into.formats.set(format, (into.formats.get(format) ?? 0) + count);
  if (from.items !== undefined) merge((into.items ??= newNode()), from.items);
  if (from.rest !== undefined) merge((into.rest ??= newNode()), from.rest);
  for (const [key, child] of from.keys) {
    let at = into.keys.get(key);
    if (at === undefined) {
      at = newNode();
      into.keys.set(key, at);
    }
    merge(at, child);
  }
}
