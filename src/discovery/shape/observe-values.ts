import { typeOfValue, type JsonType } from '../../schema/normal-form.ts';
import { isFieldName } from './field-names.ts';

const MAX_DEPTH = 12;
const MAX_KEYS = 500;
const MAX_ITEMS = 200;
const MAX_NODES = 20_000;

/** `number`: with a fraction; `numeric`: any number. */
type ValueType = JsonType | 'numeric';

/** What is known about one position in the sampled values. */
export class ShapeNode {
  seen = 0;
  /** The numbers of the samples with a value here. */
  samples = new Set<number>();
  /** The same for each type of value. */
  samplesByType = new Map<ValueType, Set<number>>();
  integers = 0;
  strings = 0;
  formats = new Map<StringFormat, number>();
  items: ShapeNode | undefined;
  objects = 0;
  /** Non-empty objects, and the numbers of the samples with such an object. */
  filled = 0;
  filledSamples = new Set<number>();
  /** The number of keys of the largest object. */
  largest = 0;
  keys = new Map<string, ShapeNode>();
  /** Values whose keys must not be written, or exceed the limit. */
  rest: ShapeNode | undefined;
  unwritable = 0;
  crowded = false;
}

export interface Visit {
  nodes: number;
  /** Number of the current sample, from 1. */
  sample: number;
  truncated: boolean;
}

/** Adds the types of a value to a node; keeps nothing of the value. */
export function observe(node: ShapeNode, value: unknown, depth: number, visit: Visit): void {
  node.seen += 1;
  visit.nodes += 1;
  node.samples.add(visit.sample);
  samplesOf(node, typeOfValue(value ?? null)).add(visit.sample);
  if (typeof value === 'number') {
    samplesOf(node, 'numeric').add(visit.sample);
    if (Number.isInteger(value)) node.integers += 1;
  } else if (typeof value === 'string') {
    node.strings += 1;
    const format = detectFormat(value);
    if (format !== undefined) node.formats.set(format, (node.formats.get(format) ?? 0) + 1);
  } else if (Array.isArray(value)) observeItems(node, value, depth, visit);
  else if (typeof value === 'object' && value !== null) observeKeys(node, value, depth, visit);
}

function samplesOf({ samplesByType }: ShapeNode, type: ValueType): Set<number> {
  const samples = samplesByType.get(type) ?? new Set();
  samplesByType.set(type, samples);
  return samples;
}

function observeItems(node: ShapeNode, values: readonly unknown[], depth: number, visit: Visit): void {
  if (values.length > MAX_ITEMS) visit.truncated = true;
  for (const value of values.slice(0, MAX_ITEMS)) {
    if (isLimitReached(depth, visit)) return;
    node.items ??= new ShapeNode();
    observe(node.items, value, depth + 1, visit);
  }
}

function observeKeys(node: ShapeNode, value: object, depth: number, visit: Visit): void {
  const entries = Object.entries(value);
  node.objects += 1;
  if (entries.length > 0) {
    node.filled += 1;
    node.filledSamples.add(visit.sample);
  }
  node.largest = Math.max(node.largest, entries.length);
  for (const [key, child] of entries) {
    if (isLimitReached(depth, visit)) return;
    const writable = isFieldName(key);
    if (!writable) node.unwritable += 1;
    const isTooMany = writable && !node.keys.has(key) && node.keys.size >= MAX_KEYS;
    if (isTooMany) node.crowded = true;
    const at = writable && !isTooMany ? nodeAt(node, key) : (node.rest ??= new ShapeNode());
    observe(at, child, depth + 1, visit);
  }
}

function nodeAt({ keys }: ShapeNode, key: string): ShapeNode {
  const node = keys.get(key) ?? new ShapeNode();
  keys.set(key, node);
  return node;
}

function isLimitReached(depth: number, visit: Visit): boolean {
  if (depth < MAX_DEPTH && visit.nodes < MAX_NODES * Math.max(1, visit.sample)) return false;
  visit.truncated = true;
  return true;
}

function addAll(into: Set<number>, from: ReadonlySet<number>): void {
  for (const sample of from) into.add(sample);
}

/** Merges one node into another of the same samples: all values of a map share one node. */
export function merge(into: ShapeNode, from: ShapeNode): void {
  for (const count of ['seen', 'integers', 'strings', 'objects', 'filled', 'unwritable'] as const)
    into[count] += from[count];
  addAll(into.samples, from.samples);
  for (const [type, samples] of from.samplesByType) addAll(samplesOf(into, type), samples);
  addAll(into.filledSamples, from.filledSamples);
  into.largest = Math.max(into.largest, from.largest);
  into.crowded ||= from.crowded;
  for (const [format, count] of from.formats) into.formats.set(format, (into.formats.get(format) ?? 0) + count);
  if (from.items !== undefined) merge((into.items ??= new ShapeNode()), from.items);
  if (from.rest !== undefined) merge((into.rest ??= new ShapeNode()), from.rest);
  for (const [key, child] of from.keys) merge(nodeAt(into, key), child);
}

/** String formats that a shape may contain. A format reveals the kind of text, but not the text. */
type StringFormat = (typeof CHECKS)[number][0];

// These patterns run on text from outside, so they have no nested repetition.
const CHECKS = [
  ['date', (text: string) => /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(text)],
  [
    'date-time',
    (text: string) =>
      /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) &&
      !Number.isNaN(Date.parse(text)),
  ],
  ['uuid', (text: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)],
  [
    'email',
    (text: string) => /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,63}$/.test(text),
  ],
  ['kuflow-file', reference('kuflow-file', 'uri')],
  ['kuflow-principal', reference('kuflow-principal', 'id')],
  ['kuflow-group', reference('kuflow-group', 'id')],
  ['kuflow-process', reference('kuflow-process', 'id')],
  ['kuflow-business-artifact', reference('kuflow-business-artifact', 'id')],
  ['kuflow-data-source', reference('kuflow-data-source', 'id')],
] as const;

// KuFlow's references: `kuflow-KIND:key=value;key=value;`, keys in any order.
function reference(kind: string, key: string): (text: string) => boolean {
  return (text) => text.startsWith(`${kind}:`) && (text.startsWith(`${kind}:${key}=`) || text.includes(`;${key}=`));
}

const MAX_FORMATTED_LENGTH = 4096;

/** The format of a text, if it is one that KuFlow's forms support. */
function detectFormat(text: string): StringFormat | undefined {
  if (text === '' || text.length > MAX_FORMATTED_LENGTH) return undefined;
  return CHECKS.find(([, matches]) => matches(text))?.[0];
}
