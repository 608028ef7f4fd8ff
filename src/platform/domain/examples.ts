import { usageError, type KnownError } from '../../base/errors.ts';
import { isRecord, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { samplesForSchema } from '../../schema/example/example.ts';
import { createValueCheck } from './json-values.ts';

/** Example data for a task: a valid example if one can be generated. `where` names the shape in errors. */
export function exampleTaskData(shape: DataShape | undefined, where: string): JsonObject {
  // If no example is valid, the platform reports what is wrong with this one.
  return shape === undefined ? {} : generateExample(shape, where).data;
}

/** Valid example metadata for a new process; undefined without a shape, or if no valid example can be generated. */
export function exampleMetadata(shape: DataShape | undefined): JsonObject | undefined {
  const example = shape === undefined ? undefined : generateExample(shape, 'the metadata of the process');
  return example?.valid === true ? example.data : undefined;
}

/** The first valid example; otherwise the simplest one, or an empty object. */
function generateExample(shape: DataShape, where: string): { readonly valid: boolean; readonly data: JsonObject } {
  const check = createValueCheck(shape, where);
  let simplest: JsonObject | undefined;
  for (const data of samplesForSchema(shape.schema)) {
    if (!isRecord(data)) continue;
    if (check(data).valid) return { valid: true, data };
    simplest ??= data;
  }
  return simplest === undefined ? { valid: check({}).valid, data: {} } : { valid: false, data: simplest };
}

/** The usage error of `--fake` for a process or task whose definition is not known; `option` is the one to pass instead. */
export function missingShapeError(where: string, option: string): KnownError {
  return usageError(`The local KuFlow does not serve the definition of ${where}, so example data cannot be generated`, [
    `Pass the data with ${option}`,
  ]);
}
