import { canonicalJson, isRecord, pointerStep, valueAt } from '../../base/json.ts';
import { problemMessage } from './problem-messages.ts';
import { bestVariant, choicesOf, labelOfPath, placeAt, schemaLabel } from '../../schema/form.ts';
import type { FormProblem } from './state.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';
import { schemaErrors, type SchemaError } from '../../schema/console-validator.ts';

export interface ProblemSource {
  readonly schema: Schema;
  readonly data: unknown;
  readonly errors: readonly SchemaError[];
  /** Labels that the UI schema gives, by path. */
  readonly labels: ReadonlyMap<string, string>;
  /** The alternative that was chosen in the form, by path. */
  readonly chosen: ReadonlyMap<string, number>;
  /** Texts that are not JSON and therefore not part of the data, by path. */
  readonly drafts: ReadonlyMap<string, string>;
}

/** One problem for each place, in the order of the schema's checks. */
export function problemsOf({ schema, data, errors, labels, chosen, drafts }: ProblemSource): readonly FormProblem[] {
  const found = new Map<string, string>();
  for (const path of drafts.keys())
    found.set(path, 'Enter valid JSON. The text is kept, but it is not part of the data');
  for (const error of relevantErrors(errors, schema, data, chosen)) {
    const path = pathOfError(error);
    if (!found.has(path)) found.set(path, problemMessage(error, placeAt(path, schema, data).schema));
  }
  return [...found].map(([path, message]) => ({
    path,
    label: path === '' ? schemaLabel(schema, 'Data') : labelOfPath(path, schema, data, labels),
    message,
  }));
}

/** For a missing or unexpected property, its own path. */
function pathOfError({ instancePath, params }: SchemaError): string {
  const name = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  return typeof name === 'string' ? instancePath + pointerStep(name) : instancePath;
}

/** With the errors of the best alternative in the place of those of all alternatives, and without those that only say that a part has errors. */
function relevantErrors(
  errors: readonly SchemaError[],
  root: Schema,
  data: unknown,
  chosen: ReadonlyMap<string, number>,
): readonly SchemaError[] {
  let relevant = errors.filter(({ keyword }) => keyword !== 'if');
  for (const error of errors) {
    const { keyword, instancePath, parentSchema } = error;
    if ((keyword !== 'anyOf' && keyword !== 'oneOf') || !relevant.includes(error)) continue;
    const variants = parentSchema[keyword] as readonly unknown[];
    const value = valueAt(data, instancePath);
    const inner = variants.map((variant) =>
      schemaErrors(variant, value, root).map((one) => ({ ...one, instancePath: instancePath + one.instancePath })),
    );
    const replaced = new Set(inner.flat().map(placeOfError));
    relevant = relevant.filter((one) => one === error || !replaced.has(placeOfError(one)));
    const best = choicesOf(parentSchema) === undefined ? bestOf(variants, value, root, chosen.get(instancePath)) : -1;
    const own = relevantErrors(inner[best] ?? [], root, data, chosen);
    if (own.length > 0) relevant = relevant.flatMap((one) => (one === error ? own : [one]));
  }
  return relevant;
}

const placeOfError = ({ instancePath, keyword, params }: SchemaError): string =>
  canonicalJson([instancePath, keyword, params]);

function bestOf(variants: readonly unknown[], value: unknown, root: Schema, chosen: number | undefined): number {
  const withValue = variants.filter((one) => !isRecord(one) || one['type'] !== 'null');
  const [only] = withValue;
  if (withValue.length === 1 && only !== undefined) return variants.indexOf(only);
  return chosen ?? bestVariant(variants, value, root);
}
