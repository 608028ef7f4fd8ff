import type { WorkerDefinition } from '../process/definition.ts';
import { capitalize, splitWords } from '../base/identifiers.ts';
import type { CodePlace } from './language.ts';
import type { LanguageId } from './names.ts';
import { hasActivities } from './process-actions.ts';
import type { PlannedFile } from './planned-file.ts';
import type { ProjectSpec, TaskChoices } from './project-spec.ts';
import type { TemplateFile } from './templates/files.ts';
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

/** How a language renders the files of a process, which are its parts. */
export interface ProcessParts<Part extends string, Layout extends Readonly<Record<Part, string>>> {
  readonly language: LanguageId;
  /** By the path of their template. */
  readonly parts: Readonly<Record<string, Part>>;
  /** The parts that an additional process has only with activities. */
  readonly activityParts: readonly Part[];
  readonly layout: (place: CodePlace, slug?: string) => Layout;
  readonly context: (process: ProcessToRender<Layout>) => object;
  /** Changes a rendered file of a process. */
  readonly finish?: (file: PlannedFile) => PlannedFile;
}

/** The files of a project except its process definitions. `context` and `move` are for the files that do not belong to one process. */
export function renderProjectFiles<Part extends string, Layout extends Readonly<Record<Part, string>>>(
  spec: ProjectSpec,
  templates: TemplateSet,
  language: ProcessParts<Part, Layout>,
  { context, move }: { readonly context: object; readonly move: (file: PlannedFile) => PlannedFile },
): readonly PlannedFile[] {
  const sources = templates.files(language.language);
  const processes = processesOf(spec, language);
  const sharedContext = { ...processes[0]?.context, ...context };
  const shared = sources
    .filter(({ path }) => !(path in language.parts))
    .flatMap((source) => renderTemplateFile(source, templates, sharedContext))
    .map(move);
  return [...shared, ...processes.flatMap((process) => renderProcess(sources, templates, language, process))];
}

interface ProcessInParts<Part, Layout> {
  readonly layout: Layout;
  readonly context: object;
  readonly parts: readonly Part[];
}

/** The processes of a project, starting with the first one. */
function processesOf<Part extends string, Layout extends Readonly<Record<Part, string>>>(
  spec: ProjectSpec,
  { parts, activityParts, layout: layoutOf, context }: ProcessParts<Part, Layout>,
): readonly ProcessInParts<Part, Layout>[] {
  const { definition, choices = {}, additionalProcesses = [] } = spec;
  return [{ slug: undefined, definition, choices }, ...additionalProcesses].map(
    ({ slug, definition: own, choices: chosen = {} }) => {
      const layout = layoutOf(spec, slug);
      const isFirst = slug === undefined;
      const hasEveryPart = isFirst || hasActivities(own);
      return {
        layout,
        context: context({ definition: own, layout, choices: chosen, isFirst }),
        parts: Object.values(parts).filter((part) => hasEveryPart || !activityParts.includes(part)),
      };
    },
  );
}

function renderProcess<Part extends string, Layout extends Readonly<Record<Part, string>>>(
  sources: readonly TemplateFile[],
  templates: TemplateSet,
  language: ProcessParts<Part, Layout>,
  { layout, context, parts }: ProcessInParts<Part, Layout>,
): readonly PlannedFile[] {
  return Object.entries(language.parts).flatMap(([path, part]) => {
    const source = findPart(sources, path);
    if (source === undefined || !parts.includes(part)) return [];
    const { finish = (file) => file } = language;
    return renderTemplateFile({ ...source, path: layout[part] }, templates, context).map(finish);
  });
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
