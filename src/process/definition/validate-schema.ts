import type { ErrorObject } from 'ajv';
import { escapeForTerminal } from '../../base/escape.ts';
import { messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { isPlainSchema } from '../json-schema/plain-schema.ts';
import type { SchemaCompiler } from '../json-schema/compiler.ts';
import { detectDialect, type Dialect } from '../json-schema/dialect.ts';
import { draft7 } from './validators.ts';

/** A problem at a path in plain data. `key` is set if a key of the object at that path is the problem, not its value. */
export interface DataProblem {
  readonly path: readonly string[];
  readonly key?: string;
  readonly reason: string;
}

type Schema = Readonly<Record<string, unknown>>;

export type SchemaValidator = (schema: Schema) => Promise<readonly DataProblem[]>;

const MAX_DEPTH = 100;

// UTF-8 can't encode a lone surrogate, so neither KuFlow nor Ajv accepts one.
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Creates a validator for JSON Schemas of KuFlow values. `$schema` selects draft 7 (or an older draft, read as 7), 2019-09 or 2020-12.
 * Unknown formats and keywords are accepted, because KuFlow has its own (`kuflow-file`, `requiredOnUpdate`).
 */
export function createSchemaValidator(): SchemaValidator {
  // Compiling a meta-schema takes longer than using it, so one compiler is kept for a whole definition.
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
      return [{ path: ['$schema'], reason: 'is not a supported JSON Schema dialect; use draft-07 or 2020-12' }];
    }
    const plain = { ...schema };
    delete plain['$schema'];
    const type: unknown = plain['type'];
    if (type !== undefined && type !== 'object' && !(Array.isArray(type) && type.includes('object'))) {
      return [{ path: ['type'], reason: 'must be "object", because KuFlow values are objects' }];
    }
    // Enough for most schemas, and it avoids loading Ajv, which takes longer than the rest of `create`.
    if (dialect === '7') {
      if (!draft7(plain)) return describeErrors(draft7.errors ?? []);
      if (isPlainSchema(plain)) return [];
    }
    return problemsOf(await compilerOf(dialect), plain);
  };
}

/** Finds parts of a value that are not JSON or are nested too deeply. */
export function findNonJson(value: unknown, path: readonly string[] = []): readonly DataProblem[] {
  if (path.length > MAX_DEPTH) return [{ path, reason: `is nested more than ${MAX_DEPTH} levels deep` }];
  if (typeof value === 'number' && !Number.isFinite(value))
    return [{ path, reason: 'is not a number that JSON can represent' }];
  if (typeof value === 'string')
    return LONE_SURROGATE.test(value) ? [{ path, reason: 'contains half a character (a lone surrogate)' }] : [];
  if (Array.isArray(value)) return value.flatMap((item, at) => findNonJson(item, [...path, String(at)]));
  if (isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return Object.entries(value).flatMap(([key, item]) => [
      ...(LONE_SURROGATE.test(key) ? [{ path, key, reason: 'contains half a character (a lone surrogate)' }] : []),
      ...findNonJson(item, [...path, key]),
    ]);
  }
  return typeof value === 'object' && value !== null ? [{ path, reason: 'is not a JSON value' }] : [];
}

function problemsOf(compile: SchemaCompiler, schema: Schema): readonly DataProblem[] {
  try {
    return describeErrors(compile(schema));
  } catch (error) {
    return [{ path: [], reason: `is not valid JSON Schema: ${escapeForTerminal(messageOf(error), 200)}` }];
  }
}

/** One problem per path. An error that lists the allowed values wins. */
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
        !(COMBINING_KEYWORDS.has(error.keyword) && places.some((place) => place.startsWith(`${error.instancePath}/`))),
    )
    .map((error) => ({
      path: parsePointer(error.instancePath),
      reason: `is not valid JSON Schema: ${describeAllowed(error)}`,
    }));
}

const COMBINING_KEYWORDS: ReadonlySet<string> = new Set([
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
]);

function describeAllowed(error: ErrorObject): string {
  const values: unknown = (error.params as { allowedValues?: unknown }).allowedValues;
  if (!Array.isArray(values)) return error.message ?? error.keyword;
  return `must be one of ${values.map(String).join(', ')}`;
}

/** The steps of a JSON pointer, unescaped. */
export function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
