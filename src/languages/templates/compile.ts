import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { BLOCK_HELPERS, VALUE_HELPERS } from './helpers.ts';
import { findTemplateProblems } from './check.ts';
import { listFiles, templatesFolder } from './files.ts';

/**
 * The source of an ES module that exports `templates`, each `.hbs` file below `templates/` precompiled under its path.
 * The build writes it to `dist/templates.js`. Throws when a value would reach a file past a language helper.
 */
export function compileTemplates(folder: string = templatesFolder()): string {
  const names = listFiles(folder).filter((name) => name.endsWith('.hbs'));
  const sources = names.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  const problems = sources.flatMap(([name, source]) => findTemplateProblems(name, source));
  if (problems.length > 0) throw new Error(`Templates that can't be built:\n${problems.join('\n')}`);
  const entries = sources.map(([name, source]) => `  ${JSON.stringify(name)}: ${precompileTemplate(source)},\n`);
  return `export const templates = {\n${entries.join('')}};\n`;
}

/** JavaScript of one precompiled template. */
export function precompileTemplate(source: string): string {
  const knownHelpers = Object.fromEntries([...VALUE_HELPERS, ...BLOCK_HELPERS].map((name) => [name, true]));
  // Declared as an object, but it is text.
  return Handlebars.precompile(source, { noEscape: true, knownHelpers, knownHelpersOnly: true }) as unknown as string;
}
