import type { PlannedFile } from '../languages/planned-file.ts';
import type { AdditionalProcess, ProjectSpec } from '../languages/project-spec.ts';
import { readTemplateFiles, type TemplateFile } from '../languages/templates/files.ts';
import { loadTemplateSet, type TemplateSet } from '../languages/templates/set.ts';
import { processLayout } from '../languages/typescript/layout.ts';
import { hasSystemTasks, modulesOf, processContext } from '../languages/typescript/process-context.ts';
import { templateContext } from '../languages/typescript/template-context.ts';
import { renderValidators } from '../languages/typescript/validators.ts';
import { DEFINITION_FILE } from '../process/definition/file.ts';
import { checkDefinition, renderDefinition } from '../process/definition/render.ts';

const SCHEMA_FROM_PROCESSES = '../node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json';

/**
 * Every file of a generated project except the local settings and the record, sorted by path. Depends only on the spec and the templates.
 * Rejects with a KnownError when the project could not read one of the definitions back.
 */
export async function renderProject(spec: ProjectSpec, templates?: TemplateSet): Promise<readonly PlannedFile[]> {
  const { definition, additionalProcesses = [] } = spec;
  const set = templates ?? (await loadTemplateSet());
  await checkDefinition(definition);
  for (const process of additionalProcesses) await checkDefinition(process.definition);
  const validators = await renderValidators(
    definition,
    modulesOf(additionalProcesses.filter(hasSystemTasks), 'validators', 'Validators'),
  );
  const context = templateContext(spec, validators);
  const sources = readTemplateFiles(spec.language);
  const files = sources.flatMap(({ key, path, contents, rendered }): readonly PlannedFile[] => {
    if (!rendered) return [{ path, contents, mode: 0o644 }];
    const text = set.render(key, context);
    // A template that does not apply to this spec renders to blank text.
    return text.trim() === '' ? [] : [textFile(path, text)];
  });
  return [
    ...files,
    textFile(DEFINITION_FILE, renderDefinition(definition, { notes: spec.definitionNotes ?? [] })),
    ...(await Promise.all(additionalProcesses.map((process) => renderAdditionalProcess(process, sources, set)))).flat(),
  ].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** The files of an additional process: the templates of the first one, at other paths. */
async function renderAdditionalProcess(
  { slug, definition, choices = {}, notes = [] }: AdditionalProcess,
  sources: readonly TemplateFile[],
  set: TemplateSet,
): Promise<readonly PlannedFile[]> {
  const layout = processLayout(slug);
  const firstLayout = processLayout();
  const validators = await renderValidators(definition, []);
  const context = processContext({ definition, layout, choices, validators });
  const parts = (['workflows', 'activities', 'tasks', 'types', 'validators', 'test'] as const).filter(
    (part) => hasSystemTasks({ definition }) || (part !== 'activities' && part !== 'validators'),
  );
  return [
    textFile(layout.definitionFile, renderDefinition(definition, { schemaPath: SCHEMA_FROM_PROCESSES, notes })),
    ...parts.flatMap((part) => {
      const source = sources.find(({ path }) => path === firstLayout[part]);
      return source === undefined ? [] : [textFile(layout[part], set.render(source.key, context))];
    }),
  ];
}

function textFile(path: string, text: string): PlannedFile {
  return { path, contents: Buffer.from(text), mode: 0o644 };
}
