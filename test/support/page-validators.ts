import { validatorModule } from '../../src/schema/compile.ts';
import { referenceChecks } from '../../src/schema/kuflow-formats.ts';
import type { Schema } from '../../src/schema/json-schema-ref.ts';
import {
  addValidators,
  hasValidators,
  schemaErrors,
  type SchemaError,
  type ValidatorModule,
} from '../../src/schema/console-validator.ts';

/** The schema, after the console has loaded what it needs to validate data under it. */
export function loadForPage<Given extends Schema>(schema: Given): Given {
  if (!hasValidators([schema])) {
    const code = validatorModule([schema], referenceChecks()).replace('export default', 'return');
    // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call
    addValidators([schema], new Function(code)() as ValidatorModule);
  }
  return schema;
}

/** The errors that the console finds. */
export const pageErrors = (schema: Schema, data: unknown): readonly SchemaError[] =>
  schemaErrors(loadForPage(schema), data);
