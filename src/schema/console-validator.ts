import { fullFormats } from 'ajv-formats/dist/formats.js';
import { canonicalJson, isRecord, type JsonObject } from '../base/json.ts';
import { referenceChecks } from './kuflow-formats.ts';
import { isSameValue } from './normal-form.ts';
import { backtrackingSteps, MOST_STEPS, schemaPattern } from './pattern.ts';
import { branchesOf, type Schema } from './json-schema-ref.ts';

/*
 * Validates data in the console. Its Content-Security-Policy does not allow Ajv, which makes functions from text, so the platform compiles the
 * schemas to modules. What only the platform knows, such as whether a document exists, is left to it.
 */

export interface SchemaError {
  readonly keyword: string;
  /** JSON Pointer. `required` and `additionalProperties` have the path of the object. */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Schema;
  readonly data: unknown;
}

type Validate = ((data: unknown) => boolean) & { readonly errors?: readonly SchemaError[] | null };

const { formats, keywords } = referenceChecks();

/** What the modules of `validatorModule` use. */
const runtime = {
  isEqual: isSameValue,
  countCharacters: (text: string): number => Array.from(text).length,
  pattern: testPattern,
  formats: { ...fullFormats, ...formats },
  keywords,
} as const;

/** A pattern that could block the console matches everything: only the platform can tell. */
function testPattern(pattern: string): { test(text: string): boolean } {
  const expression = schemaPattern(pattern);
  return { test: (text) => backtrackingSteps(pattern, text.length) > MOST_STEPS || expression.test(text) };
}

/** The default export of a module of `validatorModule`. */
export type ValidatorModule = (given: typeof runtime) => readonly Readonly<Record<string, Validate>>[];

/** By the JSON of a whole schema, and by the JSON of the schema and its branches. */
const known = new Map<string, ReadonlyMap<string, Validate>>();
const keys = new WeakMap<object, string>();

function keyOf(schema: object): string {
  const key = keys.get(schema) ?? canonicalJson(schema);
  keys.set(schema, key);
  return key;
}

/** A schema, and those of the rules in its UI schema, which are validated on their own. */
export function wholeSchemas(shape: {
  readonly schema: JsonObject;
  readonly uiSchema?: JsonObject | undefined;
}): readonly Schema[] {
  const found: Schema[] = [shape.schema];
  const visit = (element: unknown): void => {
    if (!isRecord(element)) return;
    const { rule, elements } = element;
    const condition = isRecord(rule) ? rule['condition'] : undefined;
    if (isRecord(condition) && isRecord(condition['schema'])) found.push(condition['schema']);
    if (Array.isArray(elements)) elements.forEach(visit);
  };
  visit(shape.uiSchema);
  return found;
}

export const hasValidators = (schemas: readonly Schema[]): boolean => schemas.every((one) => known.has(keyOf(one)));

export function addValidators(schemas: readonly Schema[], create: ValidatorModule): void {
  create(runtime).forEach((validators, at) => {
    const schema = schemas[at];
    if (schema === undefined) return;
    const byJson = [...branchesOf(schema)].flatMap(([pointer, branch]): readonly (readonly [string, Validate])[] => {
      const validate = validators[pointer];
      return validate === undefined ? [] : [[keyOf(branch), validate]];
    });
    known.set(keyOf(schema), new Map(byJson));
  });
}

/** All errors of data under a schema, or under one of the branches of `root`. Its validators must have been added. */
export function schemaErrors(schema: unknown, data: unknown, root: unknown = schema): readonly SchemaError[] {
  if (schema === false) return [{ keyword: 'false schema', instancePath: '', params: {}, parentSchema: {}, data }];
  if (!isRecord(schema)) return [];
  const validate = isRecord(root) ? known.get(keyOf(root))?.get(keyOf(schema)) : undefined;
  if (validate === undefined) throw new Error(`No validator was loaded for ${JSON.stringify(schema)}`);
  return validate(data) ? [] : (validate.errors ?? []);
}

type CompiledSchema = ((data: unknown) => boolean) & { errors: readonly SchemaError[] | null };

/** The methods of Ajv that JSON Forms calls. The build of the console replaces Ajv with this class. */
export class FormValidator {
  errors: readonly SchemaError[] | null = null;

  compile(schema: unknown): CompiledSchema {
    const compiled: CompiledSchema = Object.assign(
      (data: unknown): boolean => {
        const errors = schemaErrors(schema, data);
        compiled.errors = errors.length === 0 ? null : errors;
        return errors.length === 0;
      },
      { errors: null as readonly SchemaError[] | null },
    );
    return compiled;
  }

  validate(schema: unknown, data: unknown): boolean {
    const compiled = this.compile(schema);
    const valid = compiled(data);
    this.errors = compiled.errors;
    return valid;
  }

  getSchema(): undefined {
    return undefined;
  }

  addFormat(): this {
    return this;
  }

  addKeyword(): this {
    return this;
  }
}

// The name by which bundles import Ajv.
// oxlint-disable-next-line no-restricted-exports
export default FormValidator;
