import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { BLOCK_HELPERS, VALUE_HELPERS } from '../template-helpers.ts';
import { findTemplateProblems } from './check.ts';
import { listFiles, templatesFolder } from './files.ts';

/** An ES module with each `.hbs` file, precompiled, by path, for `dist/templates.js`. Throws if one prints a value without a language helper. */
export function compileTemplates(folder: string = templatesFolder()): string {
  const names = listFiles(folder).filter((name) => name.endsWith('.hbs'));
  const sources = names.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  const problems = sources.flatMap(([name, source]) => findTemplateProblems(name, source));
  if (problems.length > 0) throw new Error(`Invalid templates:\n${problems.join('\n')}`);
  const entries = sources.map(([name, source]) => `  ${JSON.stringify(name)}: ${precompileTemplate(source)},\n`);
  return `export const templates = {\n${entries.join('')}};\n`;
}

/** A template that can be rendered. `findTemplateProblems` must not find anything in its source. */
export function compileTemplate(source: string): TemplateSpecification {
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call -- what Handlebars itself does
  return new Function(`return ${precompileTemplate(source)}`)() as TemplateSpecification;
}

export function precompileTemplate(source: string): string {
  const knownHelpers = Object.fromEntries([...VALUE_HELPERS, ...BLOCK_HELPERS].map((name) => [name, true]));
  // Handlebars declares the result as an object, but it is a string.
  return Handlebars.precompile(source, { noEscape: true, knownHelpers, knownHelpersOnly: true }) as unknown as string;
}
