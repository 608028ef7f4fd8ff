import { renderProject } from '../render.ts';
import { listCodeFiles, type ProcessLayout, processLayout } from '../../languages/typescript/layout.ts';
import { toProjectSpec, type OpenedProcess, type WorkerProject } from './open-project.ts';
import { planFileEdits, type PlannedEdit } from './conflicts.ts';

export interface CodeEditOptions {
  /** Version of this tool. */
  readonly version: string;
  /** The change may have been made before, wholly or in part. */
  readonly mayBeApplied?: boolean;
  /** Whose files come to what the definition says, whatever it said when they were written; absent: only the change itself is made. */
  readonly regenerate?: ProcessLayout;
}

/** What the generated files of a project come to when its processes change. Definition files are no part of it: they are what people write. */
export async function planCodeEdits(
  project: WorkerProject,
  before: WorkerProject['processes'],
  after: WorkerProject['processes'],
  { version, mayBeApplied: isRepeated = false, regenerate: of }: CodeEditOptions,
): Promise<readonly PlannedEdit[]> {
  const [base, next] = await Promise.all([
    renderProject(toProjectSpec(project, before)),
    renderProject(toProjectSpec(project, after)),
  ]);
  // What another version wrote does not differ by the definition only; tasks and types are nothing else than that.
  const anew = of === undefined ? [] : version === project.record.version ? listCodeFiles(of) : [of.tasks, of.types];
  // What is left of a process without definition is still exported, though nothing that is rendered tells of it.
  const kept = project.removedProcesses.flatMap(({ remainingFiles: left }) =>
    left.length > 0 ? [processLayout().workflows, processLayout().activities] : [],
  );
  return planFileEdits({
    folder: project.folder,
    base,
    next,
    hashes: project.record.hashes,
    mayBeApplied: isRepeated,
    regenerate: anew.filter((path) => !kept.includes(path)),
    ignore: [...before, ...after].map(({ layout: place }) => place.definitionFile),
  });
}

/** The processes as the code has them. */
export function withDefinitionsInCode(processes: WorkerProject['processes']): WorkerProject['processes'] {
  const inCode = (one: OpenedProcess): OpenedProcess => ({ ...one, definition: one.definitionInCode });
  const [first, ...further] = processes;
  return [inCode(first), ...further.map(inCode)];
}

/** The processes with one of them replaced. */
export function replaceProcess(
  processes: WorkerProject['processes'],
  changed: WorkerProject['processes'][number],
): WorkerProject['processes'] {
  const replaced = (one: typeof changed): typeof changed => (one.slug === changed.slug ? changed : one);
  const [first, ...further] = processes;
  return [replaced(first), ...further.map(replaced)];
}
