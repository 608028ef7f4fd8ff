import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { PeopleFileSchema } from './people.ts';
import { DefinitionFileSchema } from './definition/schema.ts';

/** The names of the validators of definition files, of files with users and groups, and of draft 7 JSON Schemas, with the IDs of their schemas. */
const VALIDATORS = {
  definitionForm: 'kuflow-process-definition',
  peopleForm: 'kuflow-people',
  draft7: 'http://json-schema.org/draft-07/schema',
};

export function compileValidators() {
  const ajv = compiler();
  const named = (id: string) => {
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new Error(`There is no schema ${id}`);
    return validate;
  };
  const { definitionForm, peopleForm, draft7 } = VALIDATORS;
  return { definitionForm: named(definitionForm), peopleForm: named(peopleForm), draft7: named(draft7) };
}

/** The same validators as the source of an ES module, for the build. Loading Ajv and compiling would take a third of the time of `create`. */
export function validatorsSource(): string {
  return standalone.default(compiler(), VALIDATORS);
}

function compiler(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    // Messages use the value and the schema around it.
    verbose: true,
    strict: false,
    validateFormats: false,
    // The schema is this package's own.
    validateSchema: false,
    code: { source: true, esm: true },
  });
  ajv.addSchema(DefinitionFileSchema, VALIDATORS.definitionForm);
  ajv.addSchema(PeopleFileSchema, VALIDATORS.peopleForm);
  return ajv;
}
