import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

import { KnownError, messageOf } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { schemaPatterns } from '../../process/json-schema/pattern.ts';

/** KuFlow's JsonValue, as the API returns it. */
export interface CheckedValue {
  readonly valid: boolean;
  readonly value: Record<string, unknown>;
  readonly errors?: { readonly propertyPath: string; readonly type: string }[];
}

export type ValueCheck = (value: JsonObject) => CheckedValue;

export const acceptAnyValue: ValueCheck = (value) => ({ valid: true, value });

const OPTIONS: Options = {
  allErrors: true,
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
  code: schemaPatterns,
};

// Formats of KuFlow's own reference strings, e.g. `kuflow-file:uri=…;`.
const REFERENCE_FORMATS = ['file', 'principal', 'group', 'process', 'business-artifact', 'data-source'];

/** Each schema needs its own instance, because the ids in one schema could clash with those in another. */
function createAjv(dialect: unknown): Pick<Ajv, 'compile'> {
  const ajv = createAjvForDialect(typeof dialect === 'string' ? dialect : '');
  // Without the plugin's own keywords, such as formatMinimum: they are not part of JSON Schema, and it throws on those
  // it can't use.
  ajvFormats.default(ajv, { keywords: false });
  for (const name of REFERENCE_FORMATS) ajv.addFormat(`kuflow-${name}`, new RegExp(`^kuflow-${name}:`));
  return ajv;
}

function createAjvForDialect(dialect: string): Ajv | Ajv2019 | Ajv2020 {
  if (dialect.includes('2020-12')) return new Ajv2020(OPTIONS);
  return dialect.includes('2019-09') ? new Ajv2019(OPTIONS) : new Ajv(OPTIONS);
}

/** For a missing property, the path is that of the property and not that of its object. */
function toValueError(error: ErrorObject): { propertyPath: string; type: string } {
  const params = error.params as Record<string, unknown>;
  const missing =
    error.keyword === 'required'
      ? params['missingProperty']
      : error.keyword === 'additionalProperties'
        ? params['additionalProperty']
        : undefined;
  const name = typeof missing === 'string' ? `/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
  return { propertyPath: `${error.instancePath}${name}`, type: error.keyword };
}

/**
 * Creates a check of values against a shape. Its `errors` have the path of the property (RFC 6901) and the JSON Schema
 * keyword as `type`. Without a shape every object is valid. Throws KnownError, with `where` in its message, for an
 * invalid schema.
 */
export function createValueCheck(shape: DataShape | undefined, where: string): ValueCheck {
  if (shape === undefined) return acceptAnyValue;
  let validate: ValidateFunction;
  try {
    const { $schema: dialect, ...schema } = shape.schema;
    validate = createAjv(dialect).compile(schema);
  } catch (error) {
    throw new KnownError({
      message: `The JSON Schema of ${where} can't be used: ${messageOf(error)}`,
      next: ['Fix it in kuflow.process.yaml'],
      status: 2,
      cause: error,
    });
  }
  return (value) => {
    if (validate(value)) return { valid: true, value };
    return { valid: false, value, errors: (validate.errors ?? []).map(toValueError) };
  };
}
