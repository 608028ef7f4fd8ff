import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as HandlebarsTypes from 'handlebars';
import Runtime from 'handlebars/runtime.js';
import { KnownError } from '../../base/errors.ts';
import { packageRoot } from '../../base/package-root.ts';
import { templateHelpers } from '../template-helpers.ts';
import { textFile, type PlannedFile } from '../planned-file.ts';
import type { LanguageId } from '../language-ids.ts';
import { readTemplateFiles, templatesFolder, type TemplateFile } from './files.ts';

/** The template files of a language, sorted by path. */
export type TemplateSet = (language: LanguageId) => readonly TemplateFile[];

type FindCompiled = (name: string) => TemplateSpecification | undefined;

export async function loadTemplateSet(): Promise<TemplateSet> {
  const find = await loadCompiled();
  const handlebars = createRuntime();
  const helpers = templateHelpers();
  const renderer = (name: string) => (context: object) => {
    const specification = find(name);
    if (specification === undefined) throw new Error(`Template ${name} does not exist`);
    return handlebars.template(specification)(context, { helpers });
  };
  return (language) => readTemplateFiles(language, renderer);
}

/** The templates that the build compiled to `dist/templates.js`. When this tool runs from its sources, they are compiled on demand. */
async function loadCompiled(): Promise<FindCompiled> {
  const built = join(packageRoot(), 'dist', 'templates.js');
  const bundled = fileURLToPath(import.meta.url).startsWith(join(packageRoot(), 'dist'));
  if (bundled && existsSync(built)) {
    const { templates } = (await import(pathToFileURL(built).href)) as {
      templates: Readonly<Record<string, TemplateSpecification>>;
    };
    return (name) => templates[name];
  }
  const { compileTemplate } = await import('./compile.ts');
  return (name) => {
    const source = readFileSync(join(templatesFolder(), name), 'utf8');
    const compiled = compiledTemplates.get(source) ?? compileTemplate(source);
    compiledTemplates.set(source, compiled);
    return compiled;
  };
}

/** By their source. The tests render many projects in one process. */
const compiledTemplates = new Map<string, TemplateSpecification>();

/** The part of Handlebars that renders compiled templates. */
export function createRuntime(): typeof HandlebarsTypes {
  // Its type declarations lack `create`.
  return (Runtime as unknown as typeof HandlebarsTypes).create();
}

/** The template file of a part of a process, which is rendered for every process. Undefined if it does not exist. */
export function findPart(files: readonly TemplateFile[], path: string): TemplateFile | undefined {
  const file = files.find((one) => one.path === path);
  if (file !== undefined && file.render === undefined)
    throw new KnownError({
      message: `The template cannot replace ${path} with a file that is not rendered, because every process has this file`,
      next: [
        `Name it ${path}.hbs, and print what differs between processes with the variables of the file it replaces`,
      ],
    });
  return file;
}

/** The file of a project that comes from a template file: none if the template renders to blank text, because it does not apply. */
export function renderTemplateFile(
  { path, contents, render, executable }: TemplateFile,
  context: object,
): readonly PlannedFile[] {
  const mode = executable ? 0o755 : 0o644;
  if (render === undefined) return [{ path, contents, mode }];
  const text = render(context);
  return text.trim() === '' ? [] : [{ ...textFile(path, text), mode }];
}
