import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { DefinitionFileSchema } from './schema.ts';

const FORM = 'kuflow-process-definition';
const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

/** The names under which `validatorsSource` exports what `compileValidators` returns. */
const EXPORTS = { definitionForm: FORM, draft7: DRAFT_7 };

/** The checks of the form of a definition file and of JSON Schemas of draft 7, compiled now. */
export function compileValidators() {
  const ajv = compiler();
  const named = (id: string) => {
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new Error(`There is no schema ${id}`);
    return validate;
  };
  return { definitionForm: named(FORM), draft7: named(DRAFT_7) };
}

/** The same checks as the source of an ES module, for the build: loading Ajv and compiling would be a third of the time of `create`. */
export function validatorsSource(): string {
  return standalone.default(compiler(), EXPORTS);
}

function compiler(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    // The wording reads the value and the schema around it.
    verbose: true,
    strict: false,
    validateFormats: false,
    // Our own schema needs no check against the meta-schema.
    validateSchema: false,
    code: { source: true, esm: true },
  });
  ajv.addSchema(DefinitionFileSchema, FORM);
  return ajv;
}
