import type { WorkerDefinition } from '../../process/definition.ts';
import type { Code } from '../templates/code.ts';
import { escapeHiddenInCode, tsPropertyKey } from './literals.ts';

const HEAD = `/* eslint-disable */
// @ts-nocheck
// Generated from the process definition. Do not edit: change the definition, then run \`kuflow generate\`. Validators for the data of
// system tasks, by workflow type and task code. Do not import this file in workflow code: the workflow sandbox has no Node.js APIs.
import { isDeepStrictEqual } from 'node:util';`;

const TYPES = `interface Validator {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}`;

const RUNTIME = `const countCharacters = (text) => [...text].length;

function schemaPattern(pattern, flags) {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}`;

/** The module with the validators of a process. `others` are the same modules of additional processes. */
export async function renderValidators(
  { tasks, workflow }: WorkerDefinition,
  others: readonly { readonly name: string; readonly module: Code }[],
): Promise<string> {
  const validators: string[] = [];
  for (const { code, kind, data } of tasks) {
    if (kind !== 'system' || data === undefined) continue;
    // Loading Ajv takes longer than the rest of `create`.
    const { validatorBody } = await import('../../schema/compile.ts');
    validators.push(`    ${tsPropertyKey(code)}: (() => {\n${validatorBody(data.schema)}\n    })(),\n`);
  }
  const type = tsPropertyKey(workflow.type);
  return escapeHiddenInCode(
    [
      [HEAD, ...others.map(({ name, module }) => `import { validators as ${name} } from ${module.text};`)].join('\n'),
      TYPES,
      RUNTIME,
      [
        'export const validators: Readonly<Record<string, Readonly<Record<string, Validator>>>> = {',
        ...others.map(({ name }) => `  ...${name},`),
        `  ${type}: {\n${validators.join('')}  },`,
        '};',
      ].join('\n'),
    ].join('\n\n'),
  );
}
