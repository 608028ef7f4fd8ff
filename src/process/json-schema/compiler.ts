import type { AnySchemaObject, ErrorObject } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaPatterns } from './pattern.ts';

export type Dialect = '7' | '2019-09' | '2020-12';

/** Validates a JSON Schema: returns what violates its meta-schema. Throws Ajv's error if it can't be compiled. */
export type SchemaCompiler = (schema: AnySchemaObject) => readonly ErrorObject[];

export function createSchemaCompiler(dialect: Dialect): SchemaCompiler {
  const ajv = newAjv(dialect, true);
  return (schema) => {
    if (ajv.validateSchema(schema) !== true) return ajv.errors ?? [];
    // A separate instance, because the ids of a schema would collide with those of the next one.
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
