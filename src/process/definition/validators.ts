import type { ErrorObject } from 'ajv';
import { compileValidators } from './compile-validators.ts';

/** As compiled by Ajv: returns true for valid values, otherwise false and sets `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

// The build replaces this module with the compiled code of both (scripts/bundle.mjs).
const compiled = compileValidators();

/** Validates the content of a definition file. */
export const definitionForm = compiled.definitionForm as Validator;

/** Validates a JSON Schema against the draft 7 meta-schema. */
export const draft7 = compiled.draft7 as Validator;
