import type { WorkerDefinition } from '../../process/definition.ts';
import { findLibrary, libraryFiles } from '../library.ts';
import type { PlannedFile } from '../planned-file.ts';
import { hasActivities } from '../process-actions.ts';
import type { AdditionalProcess, ProjectSpec } from '../project-spec.ts';
import { Code } from '../templates/code.ts';
import { findPart, renderTemplateFile, type TemplateSet } from '../templates/set.ts';
import { typeScriptLayout } from './layout.ts';
import { ARCHIVE, completeLock } from './lock-file.ts';
import { commandsOf } from './package-manager-commands.ts';
import { hasSystemTasks, modulesOf, processContext } from './process-context.ts';
import { templateContext } from './template-context.ts';
import { renderValidators } from './validators.ts';

/** The files of a TypeScript project except its process definitions. */
export async function renderTypeScript(spec: ProjectSpec, templates: TemplateSet): Promise<readonly PlannedFile[]> {
  const { definition, additionalProcesses = [] } = spec;
  const validators = await renderValidators(
    definition,
    modulesOf(additionalProcesses.filter(hasSystemTasks), 'validators', 'Validators'),
  );
  const library = findLibrary('typescript', ARCHIVE);
  const context = templateContext(spec, { validators, library });
  const sources = templates.files('typescript');
  for (const part of PARTS) findPart(sources, typeScriptLayout()[part]);
  const files = sources
    .flatMap((source) => renderTemplateFile(source, templates, context))
    .map((file) => completeLock(file, spec, library));
  const additional = additionalProcesses.map((process) => renderAdditionalProcess(process, spec, templates));
  return [...libraryFiles(spec), ...files, ...(await Promise.all(additional)).flat()];
}

/** The files of an additional process: the templates of the first one, at other paths. */
async function renderAdditionalProcess(
  { slug, definition, choices = {} }: AdditionalProcess,
  { packageManager }: ProjectSpec,
  templates: TemplateSet,
): Promise<readonly PlannedFile[]> {
  const sources = templates.files('typescript');
  const layout = typeScriptLayout(slug);
  const firstLayout = typeScriptLayout();
  const validators = await renderValidators(definition, []);
  const context = {
    exec: new Code(commandsOf(packageManager).exec),
    ...processContext({ definition, layout, choices, validators }),
  };
  return partsOf(definition).flatMap((part) => {
    const source = findPart(sources, firstLayout[part]);
    return source === undefined ? [] : renderTemplateFile({ ...source, path: layout[part] }, templates, context);
  });
}

const PARTS = ['workflows', 'actions', 'activities', 'tasks', 'types', 'validators', 'test'] as const;

function partsOf(definition: WorkerDefinition) {
  const absent = [
    ...(hasActivities(definition) ? [] : ['activities']),
    ...(hasSystemTasks({ definition }) ? [] : ['validators']),
  ];
  return PARTS.filter((part) => !absent.includes(part));
}
