import type { WorkerDefinition } from '../process/definition.ts';
import { definitionFile } from '../process/definition/file.ts';
import { capitalize, splitWords } from '../base/identifiers.ts';
import type { CodePlace } from './language.ts';
import type { LanguageId } from './language-ids.ts';
import { hasActivities } from './process-actions.ts';
import type { PlannedFile } from './planned-file.ts';
import type { ProjectSpec, TaskChoices } from './project-spec.ts';
import { findPart, renderTemplateFile, type TemplateSet } from './templates/set.ts';

/** Room for a suffix such as `ActivitiesImpl` in lines of 120 characters. */
const LONGEST_PREFIX = 30;

export interface ProcessToRender<Layout> {
  readonly definition: WorkerDefinition;
  readonly layout: Layout;
  readonly choices: TaskChoices;
  /** Whether it is the first process, which has example activities even without system tasks. */
  readonly isFirst: boolean;
}

/** The layout of a process with these code files, by part. Without a slug, it is the first process of a project. */
export function layoutOf<Parts extends Readonly<Record<'tasks' | 'workflow', string>>>(
  slug: string | undefined,
  parts: Parts,
  activities: readonly string[],
) {
  const { tasks, workflow } = parts;
  return { definitionFile: definitionFile(slug), parts, tasks, workflow, activities, code: Object.values(parts) };
}

/** How a language renders the files of a process, which are the parts of its layout. */
export interface ProcessParts<Layout extends ReturnType<typeof layoutOf>> {
  readonly language: LanguageId;
  /** The place of the templates, which are laid out like the first process of a project. */
  readonly templatePlace: CodePlace;
  /** The parts that an additional process has only with activities. */
  readonly activityParts: readonly (keyof Layout['parts'] & string)[];
  readonly layout: (place: CodePlace, slug?: string) => Layout;
  readonly context: (process: ProcessToRender<Layout>) => object;
  /** Applied to each file of a process that is not from a user's own template, such as to leave out unused imports. */
  readonly finish?: (file: PlannedFile) => PlannedFile;
}

/** The files of a project except its process definitions. `context` and `move` are for the files that do not belong to one process. */
export function renderProjectFiles<Layout extends ReturnType<typeof layoutOf>>(
  spec: ProjectSpec,
  templates: TemplateSet,
  language: ProcessParts<Layout>,
  { context, move }: { readonly context: object; readonly move: (file: PlannedFile) => PlannedFile },
): readonly PlannedFile[] {
  const { templatePlace, finish = (file) => file } = language;
  const activityParts: readonly string[] = language.activityParts;
  const sources = templates(language.language);
  const { parts: templateParts, code: partPaths } = language.layout(templatePlace);
  const templatePaths = new Map(Object.entries(templateParts));
  const processes = spec.processes.map(({ slug, definition, choices = {} }) => {
    const layout = language.layout(spec, slug);
    const isFirst = slug === undefined;
    return {
      layout,
      context: language.context({ definition, layout, choices, isFirst }),
      hasEveryPart: isFirst || hasActivities(definition),
    };
  });
  const sharedContext = { ...processes[0]?.context, ...context };
  const shared = sources
    .filter(({ path }) => !partPaths.includes(path))
    .flatMap((source) => renderTemplateFile(source, sharedContext))
    .map(move);
  const ofProcesses = processes.flatMap(({ layout, context: own, hasEveryPart }) =>
    Object.entries(layout.parts).flatMap(([part, path]) => {
      const source = findPart(sources, templatePaths.get(part) ?? '');
      if (source === undefined || (!hasEveryPart && activityParts.includes(part))) return [];
      const files = renderTemplateFile({ ...source, path }, own);
      return source.isOwn ? files : files.map(finish);
    }),
  );
  return [...shared, ...ofProcesses];
}

/** A slug as the name of a package: `loan-2` becomes `loan_2`. Different slugs stay different. */
export function processPackage(slug: string, isTaken: (name: string) => boolean): string {
  const name = slug.replaceAll('-', '_');
  if (/^\d/.test(name)) return `_${name}`;
  return isTaken(name) ? `${name}_` : name;
}

/** The start of the class names of the process with this slug: `Loan`. */
export function classPrefix(slug: string): string {
  const words = [...splitWords(slug)];
  if (/^\d/.test(words[0] ?? '')) words.unshift('process');
  return words.map(capitalize).join('').slice(0, LONGEST_PREFIX);
}
