import type { ErrorObject } from 'ajv';
import { compileValidators } from './compile-validators.ts';

/** As Ajv makes them: true for good values, else false and `errors` is set. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

// The build puts the code of both in the place of this module (scripts/compile-validators.mjs).
const compiled = compileValidators();

/** Checks the form of a definition file. */
export const definitionForm = compiled.definitionForm as Validator;

/** Checks a JSON Schema against the meta-schema of draft 7. */
export const draft7 = compiled.draft7 as Validator;
