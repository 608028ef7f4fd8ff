import { isRecord, pointerStep, valueAt } from '../../base/json.ts';
import { problemMessage } from './messages.ts';
import { bestVariant, choicesOf, labelOfPath, placeAt, schemaLabel } from './schema.ts';
import type { FormProblem, FormSchema } from './types.ts';
import type { SchemaError } from './validator.ts';

export interface ProblemSource {
  readonly schema: FormSchema;
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

/** Without those of alternatives that were not chosen, and without those that only say that a part of the schema has errors. */
function relevantErrors(
  errors: readonly SchemaError[],
  root: FormSchema,
  data: unknown,
  chosen: ReadonlyMap<string, number>,
): readonly SchemaError[] {
  let relevant = errors.filter(({ keyword }) => keyword !== 'if');
  for (const error of errors) {
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') continue;
    const start = `${error.schemaPath}/`;
    const inner = relevant.filter(({ schemaPath }) => schemaPath.startsWith(start));
    const own = innerErrors(error, inner, root, data, chosen);
    relevant = relevant.filter((one) => !inner.includes(one) || own.includes(one));
    if (own.length > 0) relevant = relevant.filter((one) => one !== error);
  }
  return relevant;
}

function innerErrors(
  error: SchemaError,
  inner: readonly SchemaError[],
  root: FormSchema,
  data: unknown,
  chosen: ReadonlyMap<string, number>,
): readonly SchemaError[] {
  const { instancePath, keyword, parentSchema, schemaPath } = error;
  const variants = parentSchema[keyword] as readonly unknown[];
  if (choicesOf(parentSchema) !== undefined) return [];
  const withValue = variants.filter((one) => !isRecord(one) || one['type'] !== 'null');
  const [only] = withValue;
  const best =
    withValue.length === 1 && only !== undefined
      ? variants.indexOf(only)
      : (chosen.get(instancePath) ?? bestVariant(variants, valueAt(data, instancePath), root));
  return inner.filter((one) => one.schemaPath.startsWith(`${schemaPath}/${best}/`));
}
