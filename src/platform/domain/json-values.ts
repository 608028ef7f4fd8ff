import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

import { KnownError, messageOf } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';

/** KuFlow's JsonValue as it is answered. */
export interface CheckedValue {
  readonly valid: boolean;
  readonly value: Record<string, unknown>;
  readonly errors?: { readonly propertyPath: string; readonly type: string }[];
}

export type ValueCheck = (value: JsonObject) => CheckedValue;

const OPTIONS: Options = { allErrors: true, strict: false, validateSchema: false, addUsedSchema: false, logger: false };

// Formats of KuFlow's own reference strings, e.g. `kuflow-file:uri=…;`.
const REFERENCE_FORMATS = ['file', 'principal', 'group', 'process', 'business-artifact', 'data-source'];

type AnyAjv = Ajv | Ajv2020;

const made = new Map<string, AnyAjv>();
let compiled = 0;

function ajvFor(schema: JsonObject): AnyAjv {
  const dialect = typeof schema['$schema'] === 'string' && /2019-09|2020-12/.test(schema['$schema']) ? '2020' : '07';
  let ajv = made.get(dialect);
  if (ajv === undefined) {
    ajv = dialect === '2020' ? new Ajv2020(OPTIONS) : new Ajv(OPTIONS);
    ajvFormats.default(ajv);
    for (const name of REFERENCE_FORMATS) ajv.addFormat(`kuflow-${name}`, new RegExp(`^kuflow-${name}:`));
    made.set(dialect, ajv);
  }
  return ajv;
}

/** A missing property is pointed at itself, not at the object that lacks it. */
function errorOf(error: ErrorObject): { propertyPath: string; type: string } {
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
 * A check of values against a shape: `errors` point at properties (RFC 6901) and carry the JSON Schema keyword as `type`.
 * Without a shape every object is valid. Throws a KnownError that names `where` when the schema itself is none.
 */
export function valueCheck(shape: DataShape | undefined, where: string): ValueCheck {
  if (shape === undefined) return (value) => ({ valid: true, value });
  let validate: ValidateFunction;
  try {
    // The dialect is chosen above. An address of our own: two shapes may carry the same one, and without any `$ref: '#'` leads nowhere.
    const keywords = Object.entries(shape.schema).filter(([key]) => key !== '$schema');
    const schema = { ...Object.fromEntries(keywords), $id: `kuflow:shape-${(compiled += 1)}` };
    validate = ajvFor(shape.schema).compile(schema);
  } catch (error) {
    throw new KnownError({
      message: `The JSON Schema of ${where} can't be used: ${messageOf(error)}`,
      next: ['Correct it in kuflow.process.yaml'],
      status: 2,
      cause: error,
    });
  }
  return (value) => {
    if (validate(value)) return { valid: true, value };
    return { valid: false, value, errors: (validate.errors ?? []).map(errorOf) };
  };
}
