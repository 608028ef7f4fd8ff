import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { renderValidators } from '../../../../src/languages/typescript/validators.ts';
import { schemaPatterns } from '../../../../src/schema/pattern.ts';

type Validate = ((data: unknown) => boolean) & {
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
};

/** The validators of a process with one system task for each schema, loaded like the module of a generated project. */
async function validatorsOf(
  schemas: Readonly<Record<string, JsonObject>>,
): Promise<Readonly<Record<string, Validate>>> {
  const source = await renderValidators(
    {
      process: { code: 'LOAN' },
      workflow: { type: 'LoanWorkflow', taskQueue: 'Q' },
      tasks: Object.entries(schemas).map(([code, schema]) => ({ code, kind: 'system' as const, data: { schema } })),
    },
    [],
  );
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: { validators?: Record<string, Record<string, Validate>> } = {};
  const load = runInThisContext(`(exports, require) => {${outputText}\n}`) as (...values: readonly unknown[]) => void;
  load(exports, createRequire(import.meta.url));
  return exports.validators?.['LoanWorkflow'] ?? {};
}

const HOSTILE =
  '"; globalThis.hacked = true; //` ${globalThis.hacked = true} */ require("ajv/dist/runtime/equal").default \u202e';

const SCHEMAS: Readonly<Record<string, JsonObject>> = {
  DRAFT_7: {
    type: 'object',
    properties: {
      score: { type: 'integer', minimum: 0, maximum: 1000 },
      decision: { enum: ['ACCEPT', { nested: [1] }] },
      name: { type: 'string', minLength: 2, maxLength: 3 },
      code: { type: 'string', pattern: '^[\\w-.]+$' },
      tags: { type: 'array', uniqueItems: true, items: { $ref: '#/definitions/tag' } },
      date: { type: 'string', format: 'date' },
    },
    required: ['score'],
    additionalProperties: false,
    definitions: { tag: { type: 'object', required: ['id'] } },
  },
  '2020-12': {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { pair: { prefixItems: [{ type: 'string' }, { type: 'number' }], items: false } },
    dependentRequired: { pair: ['other'] },
  },
  INHERITED: { type: 'object', properties: { toString: { type: 'string' }, constructor: { type: 'string' } } },
  [HOSTILE]: { type: 'object', properties: { [HOSTILE]: { const: HOSTILE } }, required: [HOSTILE] },
};

const DATA: readonly unknown[] = [
  {},
  { score: 1 },
  { score: 1.5 },
  { score: 2000 },
  { score: 1, decision: { nested: [1] } },
  { score: 1, decision: { nested: [2] } },
  { score: 1, name: '\u{1f600}' },
  { score: 1, name: '\u{1f600}\u{1f600}\u{1f600}' },
  { score: 1, code: 'a-b.c' },
  { score: 1, code: 'a b' },
  { score: 1, tags: [{ id: 1 }, { id: 1 }] },
  { score: 1, tags: [{ id: 1 }, { id: 2 }] },
  { score: 1, tags: [{}] },
  { score: 1, date: 'not a date' },
  { score: 1, other: 1 },
  { pair: ['a', 1] },
  { pair: ['a', 1], other: 1 },
  { pair: ['a', 1, 2], other: 1 },
  { [HOSTILE]: HOSTILE },
  { [HOSTILE]: 'x' },
  [],
  null,
];

describe('the validators of a generated project', () => {
  it('accept what Ajv accepts, and name the same places', async () => {
    const validators = await validatorsOf(SCHEMAS);
    const options = {
      strict: false,
      allErrors: true,
      validateFormats: false,
      ownProperties: true,
      code: schemaPatterns,
    } as const;
    for (const [code, { $schema, ...schema }] of Object.entries(SCHEMAS)) {
      const compiled = ($schema === undefined ? new Ajv(options) : new Ajv2020(options)).compile(schema);
      for (const data of DATA) {
        const validate = validators[code];
        expect(validate?.(data), `${code} ${JSON.stringify(data)}`).toBe(compiled(data));
        expect(validate?.errors?.map(({ instancePath, message }) => [instancePath, message])).toEqual(
          compiled.errors?.map(({ instancePath, message }) => [instancePath, message]),
        );
      }
    }
    expect(globalThis).not.toHaveProperty('hacked');
  });

  it('accept an object without a property that every object inherits', async () => {
    const { INHERITED: validate } = await validatorsOf(SCHEMAS);
    expect(validate?.({})).toBe(true);
    expect(validate?.({ toString: 1 })).toBe(false);
  });

  it('contain no hidden characters', async () => {
    const source = await renderValidators(
      {
        process: { code: 'LOAN' },
        workflow: { type: 'Loan\u202eWorkflow', taskQueue: 'Q' },
        tasks: [{ code: 'A\u202e', kind: 'system', data: { schema: SCHEMAS[HOSTILE] ?? {} } }],
      },
      [],
    );
    expect(source).not.toMatch(/[\u202e\u2028]/);
  });
});
