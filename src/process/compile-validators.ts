import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { PeopleFileSchema } from './people.ts';
import { DefinitionFileSchema } from './definition/schema.ts';

const FORM = 'kuflow-process-definition';
const PEOPLE = 'kuflow-people';
const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

/** The names under which `validatorsSource` exports what `compileValidators` returns. */
const EXPORTS = { definitionForm: FORM, peopleForm: PEOPLE, draft7: DRAFT_7 };

/** Compiles the validators of definition files, of files with users and groups, and of draft 7 JSON Schemas. */
export function compileValidators() {
  const ajv = compiler();
  const named = (id: string) => {
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new Error(`There is no schema ${id}`);
    return validate;
  };
  return { definitionForm: named(FORM), peopleForm: named(PEOPLE), draft7: named(DRAFT_7) };
}

/** The same validators as the source of an ES module, for the build. Loading Ajv and compiling would take a third of the time of `create`. */
export function validatorsSource(): string {
  return standalone.default(compiler(), EXPORTS);
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
  ajv.addSchema(DefinitionFileSchema, FORM);
  ajv.addSchema(PeopleFileSchema, PEOPLE);
  return ajv;
}
