import type { ErrorObject, ValidateFunction } from 'ajv';

import { KnownError, messageOf } from '../../base/errors.ts';
import { pointerStep, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { createDataAjv } from '../../schema/compile.ts';
import { referenceChecks, type ReferencedResources } from '../../schema/kuflow-formats.ts';
import { createPatternTests } from '../../schema/match-pattern.ts';
import { isComplete, parseReference } from '../../schema/kuflow-references.ts';

/** KuFlow's JsonValue, as the API returns it. */
export interface CheckedValue {
  readonly valid: boolean;
  readonly value: Record<string, unknown>;
  readonly errors?: { readonly propertyPath: string; readonly type: string }[];
}

export type ValueCheck = (value: JsonObject) => CheckedValue;

export const acceptAnyValue: ValueCheck = (value) => ({ valid: true, value });

/** For a missing property, the path is that of the property and not that of its object. */
function toValueError(error: ErrorObject): { propertyPath: string; type: string } {
  const params = error.params as Record<string, unknown>;
  const missing =
    error.keyword === 'required'
      ? params['missingProperty']
      : error.keyword === 'additionalProperties'
        ? params['additionalProperty']
        : undefined;
  const name = typeof missing === 'string' ? pointerStep(missing) : '';
  return { propertyPath: `${error.instancePath}${name}`, type: isUnknownReference(error) ? 'notFound' : error.keyword };
}

function isUnknownReference({ keyword, schema, data }: ErrorObject): boolean {
  if (keyword !== 'format' || typeof data !== 'string') return false;
  const reference = parseReference(data);
  return reference !== undefined && `kuflow-${reference.kind}` === schema && isComplete(reference);
}

/**
 * Creates a check of values against a shape. Its `errors` have the path of the property (RFC 6901) and the JSON Schema
 * keyword as `type`, or `notFound` for a reference to something that is not in `resources`. Without `resources`,
 * everything exists. A text that a pattern can't be tested with in a fifth of a second does not match. Without a shape every object is valid. Throws KnownError, with `where` in its message, for an
 * invalid schema.
 */
export function createValueCheck(shape: DataShape | undefined, where: string, resources?: ReferencedResources) {
  if (shape === undefined) return acceptAnyValue;
  let validate: ValidateFunction;
  const patterns = createPatternTests();
  try {
    const { $schema: dialect, ...schema } = shape.schema;
    validate = createDataAjv(dialect, referenceChecks(resources), { regExp: patterns.regExp }).compile(schema);
  } catch (error) {
    throw new KnownError({
      message: `The JSON Schema of ${where} can't be used: ${messageOf(error)}`,
      next: ['Fix it in kuflow.process.yaml'],
      status: 2,
      cause: error,
    });
  }
  return (value: JsonObject): CheckedValue => {
    patterns.begin();
    if (validate(value)) return { valid: true, value };
    return { valid: false, value, errors: (validate.errors ?? []).map(toValueError) };
  };
}
