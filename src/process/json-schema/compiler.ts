import type { AnySchemaObject, ErrorObject } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaPatterns } from './pattern.ts';

export type Dialect = '7' | '2019-09' | '2020-12';

/** Checks a JSON Schema as a whole: what breaks its meta-schema, else nothing. Throws what Ajv says of one that can't be compiled. */
export type SchemaCompiler = (schema: AnySchemaObject) => readonly ErrorObject[];

export function createSchemaCompiler(dialect: Dialect): SchemaCompiler {
  const ajv = newAjv(dialect, true);
  return (schema) => {
    if (ajv.validateSchema(schema) !== true) return ajv.errors ?? [];
    // One of its own: what a schema calls itself or its parts would otherwise meet in the next one.
    newAjv(dialect, false).compile(schema);
    return [];
  };
}

function newAjv(dialect: Dialect, meta: boolean): Pick<Ajv, 'validateSchema' | 'compile' | 'errors'> {
  const options = {
    strict: false,
    allErrors: true,
    validateFormats: false,
    logger: false,
    code: schemaPatterns,
    meta,
    validateSchema: meta,
  } as const;
  if (dialect === '2020-12') return new Ajv2020(options);
  return dialect === '2019-09' ? new Ajv2019(options) : new Ajv(options);
}
