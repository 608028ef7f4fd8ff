import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import { isUuid } from '../../base/is-uuid.ts';
import { pointerSteps } from '../../base/json.ts';
import { lazy } from '../../base/lazy.ts';
import { DefaultError } from './common.ts';
import type { Operation } from './operation.ts';
import { operations, type OperationId } from './operations.ts';
import { closed, open, tolerant } from './strictness.ts';

/** A violation of the contract with its location: `query.size`, `body.metadata.value`, `content[0].id`. Messages name fields, never values. */
export interface ContractError {
  readonly path: string;
  readonly message: string;
}

export interface RequestParts {
  readonly path?: Readonly<Record<string, string>>;
  /** As parsed from the URL: strings, or arrays of strings where a parameter is repeated. */
  readonly query?: Readonly<Record<string, unknown>>;
  /** Parsed JSON; undefined when the request has no body. Bytes are not checked. */
  readonly body?: unknown;
}

export type RequestVerdict =
  | { readonly ok: true; readonly query: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly errors: readonly ContractError[] };

export type RequestValidator = (parts: RequestParts) => RequestVerdict;
/** The contract violations of an answer's body; empty when it is valid. */
export type AnswerValidator = (body: unknown) => readonly ContractError[];
export type AnswerMode = 'strict' | 'tolerant';

const BASE: Options = { allErrors: true, strict: false, validateSchema: false, addUsedSchema: false };

function makeAjv(options: Options): Ajv {
  const ajv = new Ajv({ ...BASE, ...options });
  ajvFormats.default(ajv);
  return ajv;
}

/** For requests: the standard format also accepts `urn:uuid:…`, another notation of the same id. */
function withPlainIds(ajv: Ajv): Ajv {
  ajv.addFormat('uuid', isUuid);
  return ajv;
}

const bodies = lazy(() => withPlainIds(makeAjv({ coerceTypes: false, removeAdditional: false })));
// A URL does not have types: numbers and booleans are parsed, and a single value is a list of one.
const texts = lazy(() => withPlainIds(makeAjv({ coerceTypes: 'array', useDefaults: true })));
const answers = lazy(() => makeAjv({ coerceTypes: false, removeAdditional: false }));

function remember<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) made.set(key, (value = make(key)));
    return value;
  };
}

/** `/content/0/id` as `content[0].id`, below `root`. */
function place(root: string, pointer: string): string {
  return pointerSteps(pointer).reduce(
    (path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`),
    root,
  );
}

function describe(error: ErrorObject, root: string): ContractError {
  const params = error.params as Record<string, unknown>;
  const at = place(root, error.instancePath);
  const below = (name: unknown): string => (at === '' ? String(name) : `${at}.${String(name)}`);
  switch (error.keyword) {
    case 'required':
      return { path: below(params['missingProperty']), message: 'is required' };
    case 'additionalProperties':
      return { path: below(params['additionalProperty']), message: 'is not a field of the contract' };
    case 'enum':
      return { path: at, message: `must be one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}` };
    case 'type':
      return { path: at, message: `must be ${[params['type']].flat().join(' or ')}` };
    case 'anyOf':
      return { path: at, message: 'must have one of the alternative sets of required fields' };
    default:
      return { path: at, message: error.message ?? error.keyword };
  }
}

function errorsOf(validate: ValidateFunction, data: unknown, root: string): readonly ContractError[] {
  if (validate(data)) return [];
  return (validate.errors ?? []).map((error) => describe(error, root));
}

/** Checks requests of any operation. `closed`: unknown query parameters and unknown fields are errors. */
export function compileRequestValidator(operation: Operation, mode: 'open' | 'closed'): RequestValidator {
  const change = mode === 'open' ? open : closed;
  const compileTexts = (schemas: Operation['query'], required: readonly string[]): ValidateFunction =>
    texts().compile({
      type: 'object',
      properties: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, open(schema)])),
      required: [...required],
      ...(mode === 'open' ? {} : { additionalProperties: false }),
    });
  const path = compileTexts(operation.parameters, Object.keys(operation.parameters));
  const query = compileTexts(operation.query, operation.requiredQuery ?? []);
  const isJson = operation.body?.media.includes('json') ?? false;
  const body = isJson && operation.body !== undefined ? bodies().compile(change(operation.body.schema)) : undefined;
  return (parts) => {
    const texts = { ...parts.path };
    const values = structuredClone({ ...parts.query });
    const errors = [...errorsOf(path, texts, 'path'), ...errorsOf(query, values, 'query')];
    if (parts.body === undefined || parts.body === null) {
      if (operation.body?.required === true) errors.push({ path: 'body', message: 'is required' });
    } else if (body !== undefined) {
      errors.push(...errorsOf(body, parts.body, 'body'));
    }
    return errors.length === 0 ? { ok: true, query: values } : { ok: false, errors };
  };
}

export function compileAnswerValidator(operation: Operation, status: number, mode: AnswerMode): AnswerValidator {
  const { operationId: id } = operation;
  const listed = operation.responses[status];
  if (listed === undefined && status < 400)
    return () => [{ path: '', message: `status ${status} is not in the contract of ${id}` }];
  if (listed !== undefined && listed.schema === undefined) {
    return (body) =>
      body === undefined || body === ''
        ? []
        : [{ path: '', message: `status ${status} has no body in the contract of ${id}` }];
  }
  if (listed?.media !== undefined && !listed.media.some((media) => media.includes('json'))) {
    return (body) => (body instanceof Uint8Array ? [] : [{ path: '', message: 'must be bytes' }]);
  }
  const schema = listed?.schema ?? DefaultError;
  const validate = answers().compile(mode === 'strict' ? closed(schema) : tolerant(schema));
  return (body) => errorsOf(validate, body, '');
}

const compileAnswer = remember((key: string) => {
  const [id, status, mode] = key.split(' ') as [OperationId, string, AnswerMode];
  return compileAnswerValidator(operations[id], Number(status), mode);
});

/**
 * Checks a request of an operation: path, query (typed, defaults filled in, in the verdict), JSON body without any coercion.
 * Unknown query parameters and unknown fields pass. Compiled on first use.
 */
export const requestValidator = remember((id: OperationId) => compileRequestValidator(operations[id], 'open'));

/**
 * Checks the parsed body of an answer. `strict`: every object closed, formats and enumerations as in the contract.
 * `tolerant`: types and required fields only. A status of 400 and above that the operation doesn't list is a DefaultError.
 */
export function answerValidator(id: OperationId, status: number, mode: AnswerMode): AnswerValidator {
  return compileAnswer(`${id} ${status} ${mode}`);
}
