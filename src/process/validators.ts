import type { Validator } from './data-problem.ts';
import { compileValidators } from './compile-validators.ts';

// The build replaces this module with the compiled code of both (scripts/bundle.mjs).
const compiled = compileValidators();

/** Validates the content of a definition file. */
export const definitionForm = compiled.definitionForm as Validator;

/** Validates the content of a file with users and groups. */
export const peopleForm = compiled.peopleForm as Validator;

/** Validates a JSON Schema against the draft 7 meta-schema. */
export const draft7 = compiled.draft7 as Validator;
