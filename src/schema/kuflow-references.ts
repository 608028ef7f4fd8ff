import type { Json } from '../base/json.ts';
import { percentDecode } from '../base/percent-decode.ts';
import { isUuid } from '../base/is-uuid.ts';

/** Kinds of resources that a value can refer to, as `kuflow-KIND:key=value;key=value;`. */
export const REFERENCE_KINDS = ['file', 'principal', 'group', 'process', 'business-artifact', 'data-source'] as const;
export type ReferenceKind = (typeof REFERENCE_KINDS)[number];

export interface Reference {
  readonly kind: ReferenceKind;
  /** By key in lower case. */
  readonly fields: Readonly<Record<string, string>>;
}

// Readable by the parsers of all SDKs: no raw `;` or `=` (JS splits on each, Python rejects a second), no `+` (Java
// reads a space).
const encode = (value: string): string => encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/');

/** `kuflow-KIND:key=value;…` with percent-encoded values, in the order of the fields, and a final `;`. */
export function formatReference(kind: ReferenceKind, fields: Readonly<Record<string, string>>): string {
  return `kuflow-${kind}:${Object.entries(fields)
    .map(([key, value]) => `${key}=${encode(value)};`)
    .join('')}`;
}

/** Undefined if the text does not start as a reference does. Fields may be missing: see `isComplete`. */
export function parseReference(text: string): Reference | undefined {
  const at = text.indexOf(':');
  const kind = REFERENCE_KINDS.find((one) => text.slice(0, at) === `kuflow-${one}`);
  if (kind === undefined) return undefined;
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of text.slice(at + 1).split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields[pair.slice(0, equals).trim().toLowerCase()] = percentDecode(pair.slice(equals + 1));
  }
  return { kind, fields };
}

/** Whether a reference has the fields that KuFlow's SDKs need to read it. */
export function isComplete({ kind, fields }: Reference): boolean {
  const { id = '', uri = '', type = '', size = '', name = '' } = fields;
  switch (kind) {
    case 'file':
      return uri !== '' && type !== '' && /^\d+$/.test(size) && name !== '';
    case 'principal':
      return isUuid(id) && ['USER', 'APPLICATION', 'SYSTEM'].includes(type);
    case 'group':
      return isUuid(id) && type !== '';
    default:
      return true;
  }
}

/** The references of these kinds in a value, in the order of `mapReferences`. */
export function findReferences(value: Json, kinds: readonly ReferenceKind[]): readonly string[] {
  const found: string[] = [];
  mapReferences(value, kinds, (reference) => {
    found.push(reference);
    return reference;
  });
  return found;
}

/** Copies `value`, with `change` applied to every reference of these kinds. */
export function mapReferences<T extends Json>(
  value: T,
  kinds: readonly ReferenceKind[],
  change: (reference: string) => string,
): T {
  const walk = (part: Json): Json => {
    if (typeof part === 'string') return kinds.some((kind) => part.startsWith(`kuflow-${kind}:`)) ? change(part) : part;
    if (part === null || typeof part !== 'object') return part;
    if (Array.isArray(part)) return (part as readonly Json[]).map(walk);
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}
