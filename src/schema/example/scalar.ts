import { formatReference } from '../kuflow-references.ts';
import { sampleDocument } from './example-document.ts';
import { matchesPattern } from '../match-pattern.ts';
import { sampleForPattern } from './pattern.ts';
import type { Schema } from '../json-schema-ref.ts';

const DAY = 24 * 3600 * 1000;
const FIRST_DAY = Date.UTC(2025, 0, 31);
const hex = (nth: number, digits: number): string => nth.toString(16).padStart(digits, '0');
const ID = (nth: number): string => `00000000-0000-4000-8000-${hex(nth, 12)}`;

const BY_FORMAT: Readonly<Record<string, (nth: number, schema: Schema) => string>> = {
  date: (nth) => new Date(FIRST_DAY + nth * DAY).toISOString().slice(0, 10),
  time: (nth) => `10:00:${String(nth % 60).padStart(2, '0')}Z`,
  'date-time': (nth) => `2025-01-31T10:00:${String(nth % 60).padStart(2, '0')}Z`,
  'iso-time': (nth) => `10:00:${String(nth % 60).padStart(2, '0')}Z`,
  'iso-date-time': (nth) => `2025-01-31T10:00:${String(nth % 60).padStart(2, '0')}Z`,
  duration: (nth) => `P${nth + 1}D`,
  email: (nth) => `ada${nth === 0 ? '' : nth}@example.com`,
  hostname: (nth) => `host${nth === 0 ? '' : nth}.example.com`,
  ipv4: (nth) => `192.0.2.${(nth % 250) + 1}`,
  ipv6: (nth) => `2001:db8::${hex(nth + 1, 1)}`,
  uri: (nth) => `https://example.com${nth === 0 ? '' : `/${nth}`}`,
  url: (nth) => `https://example.com${nth === 0 ? '' : `/${nth}`}`,
  'uri-reference': (nth) => `/${nth}`,
  'uri-template': (nth) => `/{id}/${nth}`,
  uuid: ID,
  'json-pointer': (nth) => `/${nth}`,
  'json-pointer-uri-fragment': (nth) => `#/${nth}`,
  'relative-json-pointer': (nth) => `${nth}/name`,
  regex: (nth) => `^${nth}$`,
  byte: (nth) => Buffer.from(`example${nth}`).toString('base64'),
  'kuflow-file': (nth, schema) => {
    const { type, name, bytes } = sampleDocument(schema);
    const uri = `ku:process/${ID(0)}/document/${ID(nth)}`;
    return formatReference('file', { uri, type, size: String(bytes.length), name });
  },
  'kuflow-principal': (nth) => formatReference('principal', { id: ID(nth), type: 'USER', name: 'Ada Lovelace' }),
  'kuflow-group': (nth) => formatReference('group', { id: ID(nth), type: 'OTHERS', name: 'Example' }),
};

/** A map, since a property may be called `constructor`. */
const BY_PROPERTY = new Map([
  ['firstname', 'Ada'],
  ['lastname', 'Lovelace'],
]);

/** For the pattern, format, length and property name, in this order. Different numbers in `nth` give different texts. */
export function sampleString(schema: Schema, nth: number, property = ''): string {
  const least = Math.min(numberAt(schema, 'minLength') ?? 0, 10_000);
  const most = numberAt(schema, 'maxLength') ?? Infinity;
  const { pattern, format } = schema;
  const formatted =
    typeof format === 'string' && Object.hasOwn(BY_FORMAT, format) ? BY_FORMAT[format]?.(nth, schema) : undefined;
  if (typeof pattern === 'string') {
    if (formatted !== undefined && matchesPattern(pattern, formatted) && formatted.length <= most) return formatted;
    const text = sampleForPattern(pattern, nth, least, most);
    if (text !== undefined) return text;
  }
  if (formatted !== undefined) return padToLength(formatted, String(format), least);
  const example = BY_PROPERTY.get(property.replaceAll('_', '').toLowerCase()) ?? 'Example';
  const plain = example.padEnd(least, '.').slice(0, most);
  if (nth === 0) return plain;
  // Makes it different from the others.
  const mark = String(nth).slice(-Math.min(most, 20));
  return plain.length + mark.length <= most ? plain + mark : plain.slice(0, Math.max(0, most - mark.length)) + mark;
}

function padToLength(text: string, format: string, least: number): string {
  const missing = 'a'.repeat(Math.max(0, least - text.length));
  if (missing === '') return text;
  if (format === 'email' || format === 'hostname') return missing + text;
  if (format === 'uri' || format === 'url') return `${text}/${missing}`;
  return text + missing;
}

/** A number within the limits of a schema, as close to 0 as possible. Different numbers in `nth` give different values. */
export function sampleNumber(schema: Schema, nth: number, whole: boolean): number {
  const [least, above] = [numberAt(schema, 'minimum'), numberAt(schema, 'exclusiveMinimum')];
  const [most, below] = [numberAt(schema, 'maximum'), numberAt(schema, 'exclusiveMaximum')];
  const fits = (value: number): boolean =>
    value >= (least ?? -Infinity) &&
    value > (above ?? -Infinity) &&
    value <= (most ?? Infinity) &&
    value < (below ?? Infinity);
  const low = Math.max(least ?? -Infinity, above ?? -Infinity);
  const high = Math.min(most ?? Infinity, below ?? Infinity);
  const nearest = Math.min(Math.max(0, low), high);
  const step = stepOf(numberAt(schema, 'multipleOf'), whole);

  if (step !== undefined) {
    const first = Math.ceil(nearest / step);
    const found: number[] = [];
    // Up, then down. Skips multiples that are not exact in binary.
    for (const way of [1, -1]) {
      for (let at = way === 1 ? 0 : 1; at <= nth + 200 && found.length <= nth; at++) {
        const value = Number(((first + way * at) * step).toPrecision(15));
        if (fits(value) && Number.isInteger(value / step)) found.push(value);
      }
    }
    return found[nth % Math.max(1, found.length)] ?? first * step;
  }
  if (fits(nearest + nth)) return nearest + nth;
  if (Number.isFinite(low) && Number.isFinite(high)) return low + ((high - low) * (nth + 1)) / (nth + 2);
  return Number.isFinite(low) ? low + 1 + nth : high - 1 - nth;
}

function stepOf(multiple: number | undefined, whole: boolean): number | undefined {
  if (multiple === undefined || multiple <= 0) return whole ? 1 : undefined;
  if (!whole) return multiple;
  for (let times = 1; times <= 1000; times++) {
    const value = Number((multiple * times).toPrecision(15));
    if (Number.isInteger(value)) return value;
  }
  return multiple;
}

export function numberAt(schema: Schema, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
}
