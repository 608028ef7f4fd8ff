import type { ErrorObject } from 'ajv';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord } from '../../base/json.ts';
import { TASK_QUEUE_PATTERN } from '../definition.ts';
import type { DefinitionFile } from './schema.ts';
import { didYouMean, formatAlternatives } from '../../text/near-match.ts';
import { findNonJson, parsePointer, createSchemaValidator } from './validate-schema.ts';
import type { DataProblem } from './validate-schema.ts';
import { definitionForm } from './validators.ts';

export type FileValidation =
  | { readonly kind: 'valid'; readonly file: DefinitionFile }
  | { readonly kind: 'invalid'; readonly problems: readonly DataProblem[] };

/** Validates the parsed content of a definition file and returns all problems at once. */
export async function validateDefinitionFile(value: unknown): Promise<FileValidation> {
  const deep = findNonJson(value);
  if (deep.length > 0) {
    const problems = deep.map((problem) => ({
      ...problem,
      reason: `${formatKeyPath(problem.path)} ${problem.reason}`,
    }));
    return { kind: 'invalid', problems };
  }
  const isValid = definitionForm(value);
  const errors = definitionForm.errors ?? [];
  const mistyped = new Set(errors.filter((error) => error.keyword === 'type').map((error) => error.instancePath));
  const problems = [
    ...errors.filter((error) => error.keyword !== 'enum' || !mistyped.has(error.instancePath)).map(describeError),
    ...findDuplicateCodes(value),
    ...(await findInvalidSchemas(value)),
  ];
  return isValid && problems.length === 0
    ? { kind: 'valid', file: value as DefinitionFile }
    : { kind: 'invalid', problems };
}

function describeError(error: ErrorObject): DataProblem {
  const path = parsePointer(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      return { path, reason: `${[...path, String(params['missingProperty'])].join('.')} is missing` };
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
      const near = didYouMean(key, known);
      return {
        path,
        key,
        reason: `unknown key ${formatValue(key)}${near === '' ? `; expected one of ${known.join(', ')}` : near}`,
      };
    }
    case 'enum': {
      const values = (params['allowedValues'] as readonly unknown[]).map(String);
      const near = typeof error.data === 'string' ? didYouMean(error.data, values) : '';
      return {
        path,
        reason: `${formatKeyPath(path)} must be ${formatAlternatives(values)}, not ${formatValue(error.data)}${near}`,
      };
    }
    case 'pattern':
      if (params['pattern'] === '\\S' || String(error.data).trim() === '')
        return { path, reason: `${formatKeyPath(path)} is empty` };
      if (params['pattern'] === TASK_QUEUE_PATTERN)
        return {
          path,
          reason: `${formatKeyPath(path)} must not begin or end with white space: ${formatValue(error.data)}`,
        };
      return { path, reason: `${formatKeyPath(path)} must be a UUID, not ${formatValue(error.data)}` };
    case 'type':
      return { path, reason: `${formatKeyPath(path)} ${describeWrongType(String(params['type']), error.data)}` };
    default:
      return { path, reason: `${formatKeyPath(path)} ${error.message ?? error.keyword}` };
  }
}

function describeWrongType(wanted: string, data: unknown): string {
  if (data === null) return `must be ${TYPE_NAMES[wanted] ?? wanted}, but is empty`;
  const quotes = wanted === 'string' && typeof data !== 'object' ? '; put it in quotes' : '';
  const got = Array.isArray(data) ? 'a list' : (TYPE_NAMES[typeof data] ?? typeof data);
  return `must be ${TYPE_NAMES[wanted] ?? wanted}, not ${got}${quotes}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a map',
  array: 'a list',
  number: 'a number',
  boolean: 'true or false',
};

function findDuplicateCodes(value: unknown): readonly DataProblem[] {
  const tasks = isRecord(value) && Array.isArray(value['tasks']) ? (value['tasks'] as readonly unknown[]) : [];
  const first = new Map<string, number>();
  return tasks.flatMap((task, at) => {
    const code = isRecord(task) ? task['code'] : undefined;
    if (typeof code !== 'string') return [];
    const before = first.get(code);
    if (before !== undefined)
      return [
        {
          path: ['tasks', String(at), 'code'],
          reason: `task code ${formatValue(code)} is already used by tasks[${before}]`,
        },
      ];
    first.set(code, at);
    return [];
  });
}

async function findInvalidSchemas(value: unknown): Promise<readonly DataProblem[]> {
  const check = createSchemaValidator();
  const found: DataProblem[] = [];
  for (const path of shapePaths(value)) {
    const schema = valueAt(value, [...path, 'schema']);
    if (!isRecord(schema)) continue;
    for (const problem of await check(schema)) {
      const whole = [...path, 'schema', ...problem.path];
      found.push({ path: whole, reason: `${formatKeyPath(whole)} ${problem.reason}` });
    }
  }
  return found;
}

function shapePaths(value: unknown): readonly (readonly string[])[] {
  const tasks = valueAt(value, ['tasks']);
  const count = Array.isArray(tasks) ? tasks.length : 0;
  const ofTasks = Array.from({ length: count }, (_, task) => [
    ['tasks', String(task), 'data'],
    ['tasks', String(task), 'context-data'],
  ]);
  return [['metadata'], ['entity'], ...ofTasks.flat()];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[step];
  }
  return here;
}

/** `tasks[2].kind`, printable and limited in length. */
function formatKeyPath(path: readonly string[]): string {
  const text = path
    .map((step, index) => (index === 1 && path[0] === 'tasks' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
  return text === '' ? 'the document' : escapeForTerminal(text, 120);
}

function formatValue(data: unknown): string {
  return escapeForTerminal(JSON.stringify(data), 60);
}
