import type { PlannedFile } from '../languages/planned-file.ts';
import { textFile } from '../languages/planned-file.ts';
import type { ProjectSpec } from '../languages/project-spec.ts';
import { languageOf } from '../languages/registry.ts';
import { loadTemplateSet, type TemplateSet } from '../languages/templates/set.ts';
import { definitionFile } from '../process/definition/file.ts';
import { checkDefinition, renderDefinition } from '../process/definition/render.ts';

/**
 * Every file of a generated project except the local settings and the record, sorted by path. Depends only on the spec and the templates.
 * Rejects with a KnownError when the project could not read one of the definitions back.
 */
export async function renderProject(spec: ProjectSpec, templates?: TemplateSet): Promise<readonly PlannedFile[]> {
  const { definition, definitionNotes: notes, additionalProcesses = [] } = spec;
  const language = languageOf(spec);
  const processes = [{ slug: undefined, definition, notes }, ...additionalProcesses];
  for (const process of processes) await checkDefinition(process.definition);
  const files = await language.render(spec, templates ?? (await loadTemplateSet()));
  const definitions = processes.map(({ slug, definition, notes = [] }) =>
    textFile(
      definitionFile(slug),
      renderDefinition(definition, { schemaPath: language.definitionSchema(slug), notes }),
    ),
  );
  return [...files, ...definitions].sort((one, other) => (one.path < other.path ? -1 : 1));
}
