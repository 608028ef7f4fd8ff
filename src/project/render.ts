import type { ProjectSpec, FurtherProcess } from '../languages/project-spec.ts';
import type { PlannedFile } from '../languages/planned-file.ts';
import { DEFINITION_FILE } from '../process/definition/file.ts';
import { checkDefinition, renderDefinition } from '../process/definition/render.ts';
import { templateContext } from '../languages/typescript/context.ts';
import { processContext } from '../languages/typescript/process-context.ts';
import { FIRST_LAYOUT, furtherLayout } from '../languages/typescript/layout.ts';
import { templateFiles, type TemplateFile } from '../languages/templates/files.ts';
import { loadTemplateSet, type TemplateSet } from '../languages/templates/set.ts';

const SCHEMA_FROM_PROCESSES = '../node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json';

/**
 * Every file of a generated project but the credentials, sorted by path: a pure function of the answers and the templates. Rejects with a
 * KnownError when a definition, wherever it came from, is none that the project could read again.
 */
export async function renderTemplate(answers: ProjectSpec, templates?: TemplateSet): Promise<readonly PlannedFile[]> {
  const set = templates ?? (await loadTemplateSet());
  for (const definition of [answers.definition, ...(answers.further ?? []).map((process) => process.definition)])
    await checkDefinition(definition);
  const context = templateContext(answers);
  const sources = templateFiles(answers.language);
  const files = sources.flatMap(({ key, path, contents, rendered }): readonly PlannedFile[] => {
    if (!rendered) return [{ path, contents, mode: 0o644 }];
    const rendering = set.render(key, context);
    // A file for other answers than these renders to nothing.
    return rendering.trim() === '' ? [] : [text(path, rendering)];
  });
  const definition = text(
    DEFINITION_FILE,
    renderDefinition(answers.definition, { notes: answers.definitionNotes ?? [] }),
  );
  const further = (answers.further ?? []).flatMap((process) => renderFurther(process, sources, set));
  return [...files, definition, ...further].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** The files of a process that came after the first: the same templates, at other paths. */
function renderFurther(
  { slug, definition, choices = {}, notes = [] }: FurtherProcess,
  sources: readonly TemplateFile[],
  set: TemplateSet,
): readonly PlannedFile[] {
  const place = furtherLayout(slug);
  const context = processContext({ definition, place, choices, workflowsOfOthers: [], activitiesOfOthers: [] });
  const hasActivities = definition.tasks.some(({ kind }) => kind === 'system');
  const parts = (['workflows', 'activities', 'tasks', 'types', 'test'] as const).filter(
    (part) => part !== 'activities' || hasActivities,
  );
  return [
    text(place.definitionFile, renderDefinition(definition, { schemaPath: SCHEMA_FROM_PROCESSES, notes })),
    ...parts.flatMap((part) => {
      const source = sources.find(({ path }) => path === FIRST_LAYOUT[part]);
      return source === undefined ? [] : [text(place[part], set.render(source.key, context))];
    }),
  ];
}

function text(path: string, contents: string): PlannedFile {
  return { path, contents: Buffer.from(contents), mode: 0o644 };
}
