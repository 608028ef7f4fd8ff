import type { ErrorObject } from 'ajv';
import { escapeForTerminal } from '../../base/escape.ts';
import { messageOf } from '../../base/errors.ts';
import { pointerSteps } from '../../base/json.ts';
import type { DataProblem } from '../data-problem.ts';
import { isPlainSchema } from '../../schema/plain-schema.ts';
import type { SchemaCompiler } from '../../schema/compile.ts';
import { detectDialect, type Dialect } from '../../schema/dialect.ts';
import { draft7 } from '../validators.ts';

type Schema = Readonly<Record<string, unknown>>;

// Compiling a meta-schema takes longer than using it.
const compilers = new Map<Dialect, SchemaCompiler>();

async function compilerOf(dialect: Dialect): Promise<SchemaCompiler> {
  const { createSchemaCompiler } = await import('../../schema/compile.ts');
  const compiler = compilers.get(dialect) ?? createSchemaCompiler(dialect);
  compilers.set(dialect, compiler);
  return compiler;
}

/**
 * The problems of a JSON Schema of KuFlow values. `$schema` selects draft 7 (or an older draft, read as 7), 2019-09 or 2020-12. Unknown formats
 * and keywords are accepted, because KuFlow has its own (`kuflow-file`, `requiredOnUpdate`).
 */
export async function findSchemaProblems(schema: Schema): Promise<readonly DataProblem[]> {
  const dialect = detectDialect(schema['$schema']);
  if (dialect === undefined)
    return [{ path: ['$schema'], reason: 'is not a supported JSON Schema dialect; use draft-07 or 2020-12' }];
  const plain = { ...schema };
  delete plain['$schema'];
  const type: unknown = plain['type'];
  if (type !== undefined && type !== 'object' && !(Array.isArray(type) && type.includes('object')))
    return [{ path: ['type'], reason: 'must be "object", because KuFlow values are objects' }];
  // Enough for most schemas, and it avoids loading Ajv, which takes longer than the rest of `create`.
  if (dialect === '7') {
    if (!draft7(plain)) return describeErrors(draft7.errors ?? []);
    if (isPlainSchema(plain)) return [];
  }
  const compile = await compilerOf(dialect);
  try {
    return describeErrors(compile(plain));
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
        !(
          COMBINING_KEYWORDS.includes(error.keyword) &&
          places.some((place) => place.startsWith(`${error.instancePath}/`))
        ),
    )
    .map((error) => ({
      path: pointerSteps(error.instancePath),
      reason: `is not valid JSON Schema: ${describeAllowed(error)}`,
    }));
}

const COMBINING_KEYWORDS = ['anyOf', 'oneOf', 'allOf', '$ref', '$dynamicRef', '$recursiveRef'];

function describeAllowed(error: ErrorObject): string {
  const values: unknown = (error.params as { allowedValues?: unknown }).allowedValues;
  if (!Array.isArray(values)) return error.message ?? error.keyword;
  return `must be one of ${values.map(String).join(', ')}`;
}
