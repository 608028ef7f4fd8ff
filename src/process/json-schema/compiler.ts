import type { AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { detectDialect, type Dialect } from './dialect.ts';
import { schemaPatterns } from './pattern.ts';

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

/** JavaScript that validates data: a function body that returns the validator. Uses `isDeepStrictEqual`,
 * `countCharacters` and `schemaPattern`, which the module around it provides. */
export function validatorBody({ $schema: dialect, ...schema }: AnySchemaObject): string {
  const ajv = newAjv(detectDialect(dialect) ?? '7', false, { code: { source: true }, ownProperties: true });
  const validate: ValidateFunction = ajv.compile(schema);
  const code = standalone.default(ajv as Ajv, validate);
  const [exports = '', name = ''] = EXPORTS.exec(code) ?? [];
  const body = Object.entries(AJV_MODULES).reduce(
    (text, [path, helper]) => text.replaceAll(`require("${path}").default`, helper),
    code.slice(exports.length),
  );
  return `${body}\nreturn ${name};`;
}

const EXPORTS = /^"use strict";\s*module\.exports = (\w+);\s*module\.exports\.default = \1;/;
const AJV_MODULES = {
  'ajv/dist/runtime/equal': 'isDeepStrictEqual',
  'ajv/dist/runtime/ucs2length': 'countCharacters',
} as const;

function newAjv(
  dialect: Dialect,
  meta: boolean,
  more: { readonly code?: { readonly source: boolean }; readonly ownProperties?: boolean } = {},
): Pick<Ajv, 'validateSchema' | 'compile' | 'errors'> {
  const options = {
    strict: false,
    allErrors: true,
    validateFormats: false,
    logger: false,
    ...more,
    code: { ...schemaPatterns, ...more.code },
    meta,
    validateSchema: meta,
  } as const;
  if (dialect === '2020-12') return new Ajv2020(options);
  return dialect === '2019-09' ? new Ajv2019(options) : new Ajv(options);
}
