import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as HandlebarsTypes from 'handlebars';
import Runtime from 'handlebars/runtime.js';
import { packageRoot } from '../../base/package-root.ts';
import { templateHelpers } from './helpers.ts';
import { textFile, type PlannedFile } from '../planned-file.ts';
import { templatesFolder, type TemplateFile } from './files.ts';

/** Renders a template by its path in `templates/`, such as `typescript/package.json.hbs`. */
export interface TemplateSet {
  render(key: string, context: object): string;
}

/** Programs that people start. npm does not keep the modes of packed files. */
const EXECUTABLE: ReadonlySet<string> = new Set(['mvnw', 'kuflow']);

type Compiled = Readonly<Record<string, TemplateSpecification>>;

/** The templates that the build compiled to `dist/templates.js`. When this tool runs from its sources, they are compiled on demand. */
export async function loadTemplateSet(): Promise<TemplateSet> {
  const built = join(packageRoot(), 'dist', 'templates.js');
  const bundled = fileURLToPath(import.meta.url).startsWith(join(packageRoot(), 'dist'));
  if (bundled && existsSync(built)) {
    const { templates } = (await import(pathToFileURL(built).href)) as { templates: Compiled };
    return templateSet((key) => templates[key]);
  }
  return sourceTemplateSet();
}

async function sourceTemplateSet(): Promise<TemplateSet> {
  const { precompileTemplate } = await import('./compile.ts');
  return templateSet((key) => {
    const javascript = precompileTemplate(readFileSync(join(templatesFolder(), key), 'utf8'));
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- our own templates, compiled like in the build
    return new Function(`return ${javascript}`)() as TemplateSpecification;
  });
}

function templateSet(find: (key: string) => TemplateSpecification | undefined): TemplateSet {
  // The type declarations of the runtime lack `create`.
  const handlebars = (Runtime as unknown as typeof HandlebarsTypes).create();
  const helpers = templateHelpers();
  const ready = new Map<string, (context: object) => string>();
  return {
    render: (key, context) => {
      let template = ready.get(key);
      if (template === undefined) {
        const specification = find(key);
        if (specification === undefined) throw new Error(`Template ${key} does not exist`);
        const compiled = handlebars.template(specification);
        template = (data) => compiled(data, { helpers });
        ready.set(key, template);
      }
      return template(context);
    },
  };
}

/** The file of a project that comes from a template file: none if the template renders to blank text, because it does not apply. */
export function renderTemplateFile(
  { key, path, contents, rendered }: TemplateFile,
  templates: TemplateSet,
  context: object,
): readonly PlannedFile[] {
  const mode = EXECUTABLE.has(path) ? 0o755 : 0o644;
  if (!rendered) return [{ path, contents, mode }];
  const text = templates.render(key, context);
  return text.trim() === '' ? [] : [{ ...textFile(path, text), mode }];
}
