import { _, Ajv, type AnySchemaObject, type ErrorObject, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import ajvFormats from 'ajv-formats';
import { isRecord, pointerSteps } from '../base/json.ts';
import type { ReferenceChecks } from './kuflow-formats.ts';
import { backtrackingSteps, MOST_STEPS, schemaPattern, schemaPatterns } from './pattern.ts';
import { detectDialect, type Dialect } from './dialect.ts';
import { branchesOf, type Schema } from './json-schema-ref.ts';

export type AnyAjv = Ajv | Ajv2019 | Ajv2020;

/** Each schema needs its own instance, because the ids in one schema could clash with those in another. */
function newAjv(dialect: Dialect, options: Options): AnyAjv {
  const all: Options = {
    strict: false,
    allErrors: true,
    logger: false,
    meta: false,
    validateSchema: false,
    ...options,
  };
  if (dialect === '2020-12') return new Ajv2020(all);
  return dialect === '2019-09' ? new Ajv2019(all) : new Ajv(all);
}

/** Validates a JSON Schema: returns what violates its meta-schema. Throws Ajv's error if it can't be compiled. */
export type SchemaCompiler = (schema: AnySchemaObject) => readonly ErrorObject[];

export function createSchemaCompiler(dialect: Dialect): SchemaCompiler {
  const options = { validateFormats: false, code: schemaPatterns };
  const ajv = newAjv(dialect, { ...options, meta: true, validateSchema: true });
  return (schema) => {
    if (ajv.validateSchema(schema) !== true) return ajv.errors ?? [];
    newAjv(dialect, options).compile(schema);
    return [];
  };
}

/** An Ajv that knows all formats, and KuFlow's formats and keywords for references. */
export function createDataAjv(dialect: unknown, checks: ReferenceChecks, code: Options['code']): AnyAjv {
  const ajv = newAjv(detectDialect(dialect) ?? '7', { verbose: true, ...(code === undefined ? {} : { code }) });
  // Without the plugin's own keywords, such as formatMinimum: they are not part of JSON Schema, and it throws on those
  // it can't use.
  ajvFormats.default(ajv, { keywords: false });
  for (const [format, check] of Object.entries(checks.formats)) ajv.addFormat(format, check);
  for (const [keyword, check] of Object.entries(checks.keywords)) {
    ajv.addKeyword({
      keyword,
      type: 'string',
      error: { message: `must pass "${keyword}"`, params: ({ schemaValue }) => _`{limit: ${schemaValue}}` },
      code: (cxt) => {
        const test = cxt.gen.scopeValue('func', { ref: check, code: _`runtime.keywords[${keyword}]` });
        cxt.fail(_`!${test}(${cxt.schemaValue}, ${cxt.data})`);
      },
    });
  }
  return ajv;
}

/** JavaScript that validates data: a function body that returns the validator. Uses `isDeepStrictEqual`,
 * `countCharacters` and `schemaPattern`, which the module around it provides. */
export function validatorBody({ $schema: dialect, ...schema }: AnySchemaObject): string {
  const ajv = newAjv(detectDialect(dialect) ?? '7', {
    validateFormats: false,
    ownProperties: true,
    code: { ...schemaPatterns, source: true },
  });
  const code = standalone.default(ajv, ajv.compile(schema));
  const [exports = '', name = ''] = EXPORTS.exec(code) ?? [];
  return `${withHelpers(code.slice(exports.length), 'isDeepStrictEqual', 'countCharacters')}\nreturn ${name};`;
}

const EXPORTS = /^"use strict";\s*module\.exports = (\w+);\s*module\.exports\.default = \1;/;

const withHelpers = (code: string, isEqual: string, countCharacters: string): string =>
  code
    .replaceAll('require("ajv/dist/runtime/equal").default', isEqual)
    .replaceAll('require("ajv/dist/runtime/ucs2length").default', countCharacters);

/**
 * JavaScript for a page whose Content-Security-Policy does not allow Ajv, which makes functions from text: a module whose default export takes
 * the `runtime` of `console-validator.ts` and returns, for each schema, its validators and those of its branches by JSON Pointer.
 */
export function validatorModule(schemas: readonly Schema[], checks: ReferenceChecks): string {
  const bodies = schemas.map((schema) => validatorsBody(schema, checks));
  return `export default (runtime) => [\n${bodies.map((body) => `(() => {\n${body}\n})(),\n`).join('')}];\n`;
}

function validatorsBody({ $schema: dialect, ...whole }: Schema, checks: ReferenceChecks): string {
  const regExp = Object.assign((pattern: string) => schemaPattern(pattern), { code: 'runtime.pattern' });
  const ajv = createDataAjv(dialect, checks, { source: true, formats: _`runtime.formats`, regExp });
  ajv.addSchema(withoutSlowNames(whole) as AnySchemaObject, ROOT);
  const pointers = [...branchesOf(whole).keys()];
  const refs = Object.fromEntries(pointers.map((pointer, at) => [`v${at}`, `${ROOT}#${fragment(pointer)}`]));
  const code = withHelpers(standalone.default(ajv, refs), 'runtime.isEqual', 'runtime.countCharacters');
  const named = pointers.map((pointer, at) => `${JSON.stringify(pointer)}: exports.v${at}`);
  return `const exports = {};\n${code}\nreturn {${named.join(', ')}};`;
}

const ROOT = 'schema';

const fragment = (pointer: string): string =>
  pointerSteps(pointer)
    .map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');

/** The console accepts every name and value for the patterns of names that take long to test: only the platform can tell. */
function withoutSlowNames(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutSlowNames);
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword !== 'patternProperties' || !isRecord(value)) return [keyword, withoutSlowNames(value)];
      const patterns = Object.entries(value).map(([pattern, part]) => {
        const isSlow = backtrackingSteps(pattern, LONG_NAME) > MOST_STEPS;
        return [pattern, isSlow ? true : withoutSlowNames(part)];
      });
      return [keyword, Object.fromEntries(patterns)];
    }),
  );
}

const LONG_NAME = 100;
