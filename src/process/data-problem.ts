import type { ErrorObject } from 'ajv';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord, pointerSteps } from '../base/json.ts';
import { didYouMean, formatAlternatives } from '../base/near-match.ts';

const MAX_DEPTH = 100;

// UTF-8 can't encode a lone surrogate, so neither KuFlow nor Ajv accepts one.
const LONE_SURROGATE = /\p{Cs}/u;

/** As compiled by Ajv: returns true for valid values, otherwise false and sets `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/** A problem at a path in plain data. `key` is set if a key of the object at that path is the problem, not its value. */
export interface DataProblem {
  readonly path: readonly string[];
  readonly key?: string;
  readonly reason: string;
}

/** What each pattern of a schema requires: the middle of a sentence between the path of the value and the value. */
export type PatternTexts = Readonly<Record<string, string>>;

/** Validates with a function that was compiled with `verbose` and `allErrors`, and describes its errors. */
export function findFormProblems(value: unknown, form: Validator, patterns: PatternTexts): readonly DataProblem[] {
  form(value);
  const errors = form.errors ?? [];
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  return errors
    .filter(({ keyword, instancePath }) => keyword !== 'enum' || !mistyped.has(instancePath))
    .map((error) => describeError(error, patterns));
}

/** Parts of a value that are not JSON or are nested too deeply, as problems of a file. */
export function findNonJsonProblems(value: unknown): readonly DataProblem[] {
  return findNonJson(value).map((problem) => ({
    ...problem,
    reason: `${formatKeyPath(problem.path)} ${problem.reason}`,
  }));
}

/** The items of a list at the top of a file. */
export function itemsAt(value: unknown, list: string): readonly unknown[] {
  const items = isRecord(value) ? value[list] : undefined;
  return Array.isArray(items) ? (items as readonly unknown[]) : [];
}

/** Items of a list with the same text at a key as an earlier one. `nameOf` names that text; texts are the same if `normalize` makes them so. */
export function findDuplicates(
  value: unknown,
  [list, key]: readonly [string, string],
  nameOf: (path: readonly string[]) => string = formatKeyPath,
  normalize = (text: string): string => text,
): readonly DataProblem[] {
  const first = new Map<string, number>();
  return itemsAt(value, list).flatMap((item, at) => {
    const text = isRecord(item) ? item[key] : undefined;
    if (typeof text !== 'string') return [];
    const before = first.get(normalize(text));
    first.set(normalize(text), before ?? at);
    const path = [list, String(at), key];
    const reason = `${nameOf(path)} ${formatDataValue(text)} is already used by ${list}[${before ?? at}]`;
    return before === undefined ? [] : [{ path, reason }];
  });
}

function describeError(error: ErrorObject, patterns: PatternTexts): DataProblem {
  const path = pointerSteps(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'required')
    return { path, reason: `${formatKeyPath([...path, String(params['missingProperty'])])} is missing` };
  if (error.keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
    const near = didYouMean(key, known) || `; expected one of ${known.join(', ')}`;
    return { path, key, reason: `unknown key ${formatDataValue(key)}${near}` };
  }
  return { path, reason: `${formatKeyPath(path)} ${describeWrongValue(error, params, patterns)}` };
}

/** What is wrong with a value: the rest of a sentence that begins with its path. */
function describeWrongValue(
  { keyword, data, message }: ErrorObject,
  params: Readonly<Record<string, unknown>>,
  patterns: PatternTexts,
): string {
  switch (keyword) {
    case 'enum': {
      const values = (params['allowedValues'] as readonly unknown[]).map(String);
      const near = typeof data === 'string' ? didYouMean(data, values) : '';
      return `must be ${formatAlternatives(values)}, not ${formatDataValue(data)}${near}`;
    }
    case 'pattern': {
      const pattern = String(params['pattern']);
      if (pattern === '\\S' || String(data).trim() === '') return 'is empty';
      return `${patterns[pattern] ?? 'is not valid:'} ${formatDataValue(data)}`;
    }
    case 'minItems':
      return 'is an empty list';
    case 'uniqueItems':
      return `lists ${formatDataValue((data as readonly unknown[])[Number(params['i'])])} twice`;
    case 'type':
      return describeWrongType(String(params['type']), data);
    default:
      return message ?? keyword;
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

/** `tasks[2].kind`, printable and limited in length. */
export function formatKeyPath(path: readonly string[]): string {
  const text = path
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
  return text === '' ? 'the document' : escapeForTerminal(text, 120);
}

export function formatDataValue(data: unknown): string {
  return escapeForTerminal(JSON.stringify(data), 60);
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
