import type { ProcessDefinition } from '../../process/definition.ts';
import { textFile, type PlannedFile } from '../planned-file.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { readTemplateFiles, type TemplateFile } from '../templates/files.ts';
import { renderTemplateFile, type TemplateSet } from '../templates/set.ts';
import { definitionSchemaFile } from '../definition-schema.ts';
import { javaLayout, type JavaLayout } from './layout.ts';
import { movePackage, TEMPLATE_PACKAGE } from './move-package.ts';
import { javaProcessContext } from './process-context.ts';
import { javaTemplateContext } from './template-context.ts';

const PROCESS = `${TEMPLATE_PACKAGE.replaceAll('.', '/')}/process`;

/** The parts of a process by template. */
const PARTS = {
  [`src/main/java/${PROCESS}/package-info.java`]: 'packageInfo',
  [`src/main/java/${PROCESS}/ProcessWorkflow.java`]: 'workflow',
  [`src/main/java/${PROCESS}/ProcessWorkflowImpl.java`]: 'workflowImpl',
  [`src/main/java/${PROCESS}/ProcessActivities.java`]: 'activities',
  [`src/main/java/${PROCESS}/ProcessActivitiesImpl.java`]: 'activitiesImpl',
  [`src/main/java/${PROCESS}/ProcessTasks.java`]: 'tasks',
  [`src/main/java/${PROCESS}/ProcessTypes.java`]: 'types',
  [`src/test/java/${PROCESS}/ProcessWorkflowTest.java`]: 'test',
  'src/test/resources/samples/process.json': 'sample',
  'src/main/resources/kuflow/schemas/process.json': 'schemas',
} as const satisfies Readonly<Record<string, keyof JavaLayout>>;

/** The files of a Java project except its process definitions. */
export function renderJava(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const { packageName = '' } = spec;
  const sources = readTemplateFiles('java');
  const processes = processesOf(spec);
  const context = { ...processes[0]?.context, ...javaTemplateContext(spec) };
  const shared = sources
    .filter(({ path }) => !(path in PARTS))
    .flatMap((source) => renderTemplateFile(source, templates, context))
    .map((file) => movePackage(file, packageName));
  return [
    definitionSchemaFile(),
    ...shared,
    ...processes.flatMap((process) => renderProcess(sources, templates, process)),
  ];
}

/** The code of the processes of a project. */
export function renderJavaProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const sources = readTemplateFiles('java');
  return processesOf(spec).flatMap((process) => renderProcess(sources, templates, process));
}

interface RenderedProcess {
  readonly layout: JavaLayout;
  readonly context: object;
  readonly parts: readonly (keyof JavaLayout)[];
}

/** The processes of a project, starting with the first one. */
function processesOf(spec: ProjectSpec): readonly RenderedProcess[] {
  const { definition, choices = {}, additionalProcesses = [] } = spec;
  return [{ slug: undefined, definition, choices }, ...additionalProcesses].map(
    ({ slug, definition: own, choices: chosen = {} }) => {
      const layout = javaLayout(spec, slug);
      const isFirst = slug === undefined;
      return {
        layout,
        context: javaProcessContext({ definition: own, layout, choices: chosen, isFirst }),
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
function isPartOf({ tasks }: ProcessDefinition, part: keyof JavaLayout): boolean {
  const isForSystemTasks = part === 'activities' || part === 'activitiesImpl' || part === 'schemas';
  return !isForSystemTasks || tasks.some(({ kind }) => kind === 'system');
}
