import type { Answers } from '../answers.ts';
import type { PlannedFile } from '../plan.ts';
import { DEFINITION_FILE } from '../../process/definition/definition-file.ts';
import { renderDefinition } from '../../process/definition/definition-render.ts';
import { templateContext } from './context.ts';
import { templateFiles } from './template-files.ts';
import { loadTemplateSet, type TemplateSet } from './template-set.ts';

/** Every file of a generated project but the credentials, sorted by path: a pure function of the answers and the templates. */
export async function renderTemplate(answers: Answers, templates?: TemplateSet): Promise<readonly PlannedFile[]> {
  const set = templates ?? (await loadTemplateSet());
  const context = templateContext(answers);
  const files = templateFiles(answers.language).map(({ key, path, contents, rendered }): PlannedFile => {
    return { path, contents: rendered ? Buffer.from(set.render(key, context)) : contents, mode: 0o644 };
  });
  const definition: PlannedFile = {
    path: DEFINITION_FILE,
    contents: Buffer.from(renderDefinition(answers.definition, { notes: answers.definitionNotes ?? [] })),
    mode: 0o644,
  };
  return [...files, definition].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** The files that follow from the process definition alone: its types and its tasks. */
export async function renderProcessFiles(answers: Answers, templates?: TemplateSet): Promise<readonly PlannedFile[]> {
  const files = await renderTemplate(answers, templates);
  return files.filter(({ path }) => path.startsWith('src/process/'));
}
