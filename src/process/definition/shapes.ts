import type { ErrorObject } from 'ajv';
import { escapeForTerminal } from '../../base/escape.ts';
import { messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { nearMatch } from '../../text/near-match.ts';
import { isPlainSchema } from '../json-schema/plain-schema.ts';
import type { Dialect, SchemaCompiler } from '../json-schema/compiler.ts';
import { draft7 } from './validators.ts';

/** Something wrong at a place of plain data; `key` names a key of the object there, when the key itself is what is wrong. */
export interface DataProblem {
  readonly path: readonly string[];
  readonly key?: string;
  readonly reason: string;
}

type Schema = Readonly<Record<string, unknown>>;

export type SchemaValidator = (schema: Schema) => Promise<readonly DataProblem[]>;

const DEEPEST = 100;

// No UTF-8 text can hold one, so neither KuFlow nor Ajv takes it.
const LONE = /\p{Cs}/u;

/**
 * A check of JSON Schemas of KuFlow values: draft 7 (and older ones that read the same), 2019-09 or 2020-12 by `$schema`.
 * Formats and keywords that aren't in the standard pass, since KuFlow has its own (`kuflow-file`, `requiredOnUpdate`).
 */
export function createSchemaValidator(): SchemaValidator {
  // Compiling a meta-schema costs more than checking with it, so one compiler serves a whole definition.
  const compilers = new Map<Dialect, SchemaCompiler>();
  const compilerOf = async (dialect: Dialect): Promise<SchemaCompiler> => {
    const known = compilers.get(dialect);
    if (known !== undefined) return known;
    const { createSchemaCompiler: schemaCompiler } = await import('../json-schema/compiler.ts');
    const made = schemaCompiler(dialect);
    compilers.set(dialect, made);
    return made;
  };
  return async (schema) => {
    const dialect = detectDialect(schema['$schema']);
    if (dialect === undefined) {
      return [{ path: ['$schema'], reason: 'is no dialect of JSON Schema known here; use draft-07 or 2020-12' }];
    }
    const plain = { ...schema };
    delete plain['$schema'];
    const type: unknown = plain['type'];
    if (type !== undefined && type !== 'object' && !(Array.isArray(type) && type.includes('object'))) {
      return [{ path: ['type'], reason: 'must be "object": a KuFlow value is an object' }];
    }
    // Most schemas need no more than this, and Ajv takes longer to load than all else of a creation takes.
    if (dialect === '7') {
      if (!draft7(plain)) return describeErrors(draft7.errors ?? []);
      if (isPlainSchema(plain)) return [];
    }
    return problemsOf(await compilerOf(dialect), plain);
  };
}

/** What of the value is not JSON, or nested deeper than anything real. */
export function findNonJson(value: unknown, path: readonly string[] = []): readonly DataProblem[] {
  if (path.length > DEEPEST) return [{ path, reason: `is nested more than ${DEEPEST} levels deep` }];
  if (typeof value === 'number' && !Number.isFinite(value)) return [{ path, reason: 'is no number that JSON knows' }];
  if (typeof value === 'string')
    return LONE.test(value) ? [{ path, reason: 'holds half a character (a lone surrogate)' }] : [];
  if (Array.isArray(value)) return value.flatMap((item, at) => findNonJson(item, [...path, String(at)]));
  if (isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return Object.entries(value).flatMap(([key, item]) => [
      ...(LONE.test(key) ? [{ path, key, reason: 'holds half a character (a lone surrogate)' }] : []),
      ...findNonJson(item, [...path, key]),
    ]);
  }
  return typeof value === 'object' && value !== null ? [{ path, reason: 'is no JSON value' }] : [];
}

function detectDialect(declared: unknown): Dialect | undefined {
  if (declared === undefined) return '7';
  if (typeof declared !== 'string') return undefined;
  if (/json-schema\.org\/draft-0[4-7]\/schema/.test(declared)) return '7';
  const year = /json-schema\.org\/draft\/(2019-09|2020-12)\/schema/.exec(declared)?.[1];
  return year === '2019-09' || year === '2020-12' ? year : undefined;
}

function problemsOf(compile: SchemaCompiler, schema: Schema): readonly DataProblem[] {
  try {
    return describeErrors(compile(schema));
  } catch (error) {
    return [{ path: [], reason: `is no valid JSON Schema: ${escapeForTerminal(messageOf(error), 200)}` }];
  }
}

/** One problem a place: of several errors there, the one that says what is allowed. */
function describeErrors(errors: readonly ErrorObject[]): readonly DataProblem[] {
  const byPlace = new Map<string, ErrorObject>();
  for (const error of errors) {
    const before = byPlace.get(error.instancePath);
    if (before === undefined || (error.keyword === 'enum' && before.keyword !== 'enum'))
      byPlace.set(error.instancePath, error);
  }
  const places = [...byPlace.keys()];
  return [...byPlace.values()]
    .filter(
      (error) =>
        error.keyword !== 'if' &&
        !(COMBINED.has(error.keyword) && places.some((place) => place.startsWith(`${error.instancePath}/`))),
    )
    .map((error) => ({
      path: parsePointer(error.instancePath),
      reason: `is no valid JSON Schema: ${describeAllowed(error)}`,
    }));
}

const COMBINED: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', '$ref', '$dynamicRef', '$recursiveRef']);

function describeAllowed(error: ErrorObject): string {
  const values: unknown = (error.params as { allowedValues?: unknown }).allowedValues;
  if (!Array.isArray(values)) return error.message ?? error.keyword;
  return `must be one of ${values.map(String).join(', ')}`;
}

/** The steps of a JSON pointer. */
export function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `, did you mean "x"?` when something close is there, else nothing. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const match = nearMatch(text, candidates);
  return match === undefined ? '' : `, did you mean "${match}"?`;
}
