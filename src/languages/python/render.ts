import type { ProcessDefinition } from '../../process/definition.ts';
import { definitionSchemaFile } from '../definition-schema.ts';
import { textFile, type PlannedFile } from '../planned-file.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { readTemplateFiles, type TemplateFile } from '../templates/files.ts';
import { renderTemplateFile, type TemplateSet } from '../templates/set.ts';
import { pythonLayout, type PythonLayout } from './process-layout.ts';
import { movePythonPackage } from './move-package.ts';
import { pythonProcessContext } from './process-context.ts';
import { pythonTemplateContext } from './template-context.ts';

const PROCESS = 'src/example_worker/process';

/** The parts of a process by template. */
const PARTS = {
  [`${PROCESS}/__init__.py`]: 'init',
  [`${PROCESS}/workflow.py`]: 'workflow',
  [`${PROCESS}/activities.py`]: 'activities',
  [`${PROCESS}/tasks.py`]: 'tasks',
  [`${PROCESS}/types.py`]: 'types',
  [`${PROCESS}/schemas.json`]: 'schemas',
  'tests/test_process_workflow.py': 'test',
  'tests/samples/process.json': 'sample',
} as const satisfies Readonly<Record<string, keyof PythonLayout>>;

/** The files of a Python project except its process definitions. */
export function renderPython(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const { packageName = '' } = spec;
  const sources = readTemplateFiles('python');
  const processes = processesOf(spec);
  const context = { ...processes[0]?.context, ...pythonTemplateContext(spec) };
  const shared = sources
    .filter(({ path }) => !(path in PARTS))
    .flatMap((source) => renderTemplateFile(source, templates, context))
    .map((file) => movePythonPackage(file, packageName));
  return [
    definitionSchemaFile(),
    ...shared,
    ...processes.flatMap((process) => renderProcess(sources, templates, process)),
  ];
}

/** The code of the processes of a project. */
export function renderPythonProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const sources = readTemplateFiles('python');
  return processesOf(spec).flatMap((process) => renderProcess(sources, templates, process));
}

interface RenderedProcess {
  readonly layout: PythonLayout;
  readonly context: object;
  readonly parts: readonly (keyof PythonLayout)[];
}

/** The processes of a project, starting with the first one. */
function processesOf(spec: ProjectSpec): readonly RenderedProcess[] {
  const { definition, choices = {}, additionalProcesses = [] } = spec;
  return [{ slug: undefined, definition, choices }, ...additionalProcesses].map(
    ({ slug, definition: own, choices: chosen = {} }) => {
      const layout = pythonLayout(spec, slug);
      const isFirst = slug === undefined;
      return {
        layout,
        context: pythonProcessContext({ definition: own, layout, choices: chosen, isFirst }),
        parts: Object.values(PARTS).filter((part) => isFirst || isPartOf(own, part)),
      };
    },
  );
}

function renderProcess(
  sources: readonly TemplateFile[],
  templates: TemplateSet,
  { layout, context, parts }: RenderedProcess,
): readonly PlannedFile[] {
  return Object.entries(PARTS).flatMap(([path, part]) => {
    const source = sources.find((one) => one.path === path);
    return source === undefined || !parts.includes(part)
      ? []
      : [textFile(layout[part], templates.render(source.key, context))];
  });
}

/** The first process has example activities even if it has no system tasks. */
function isPartOf({ tasks }: ProcessDefinition, part: keyof PythonLayout): boolean {
  const isForSystemTasks = part === 'activities' || part === 'schemas';
  return !isForSystemTasks || tasks.some(({ kind }) => kind === 'system');
}
