import { renderTemplate } from '../render.ts';
import { codeFiles, FIRST_LAYOUT, type ProcessLayout } from '../../languages/typescript/layout.ts';
import { specOf, type OpenedProcess, type WorkerProject } from './open-project.ts';
import { planEdits, type PlannedEdit } from './plan-edits.ts';

export interface ChangeOptions {
  /** Version of this tool. */
  readonly version: string;
  /** The change may have been made before, wholly or in part. */
  readonly isRepeated?: boolean;
  /** Whose files come to what the definition says, whatever it said when they were written; absent: only the change itself is made. */
  readonly of?: ProcessLayout;
}

/** What the generated files of a project come to when its processes change. Definition files are no part of it: they are what people write. */
export async function planChange(
  project: WorkerProject,
  before: WorkerProject['processes'],
  after: WorkerProject['processes'],
  { version, isRepeated = false, of }: ChangeOptions,
): Promise<readonly PlannedEdit[]> {
  const [base, next] = await Promise.all([
    renderTemplate(specOf(project, before)),
    renderTemplate(specOf(project, after)),
  ]);
  // What another version wrote does not differ by the definition only; tasks and types are nothing else than that.
  const anew = of === undefined ? [] : version === project.record.version ? codeFiles(of) : [of.tasks, of.types];
  // What is left of a process without definition is still exported, though nothing that is rendered tells of it.
  const kept = project.gone.flatMap(({ left }) =>
    left.length > 0 ? [FIRST_LAYOUT.workflows, FIRST_LAYOUT.activities] : [],
  );
  return planEdits({
    folder: project.folder,
    base,
    next,
    hashes: project.record.hashes,
    isRepeated,
    anew: anew.filter((path) => !kept.includes(path)),
    without: [...before, ...after].map(({ place }) => place.definitionFile),
  });
}

/** The processes as the code has them. */
export function asInCode(processes: WorkerProject['processes']): WorkerProject['processes'] {
  const inCode = (one: OpenedProcess): OpenedProcess => ({ ...one, definition: one.inCode });
  const [first, ...further] = processes;
  return [inCode(first), ...further.map(inCode)];
}

/** The processes with one of them replaced. */
export function withProcess(
  processes: WorkerProject['processes'],
  changed: WorkerProject['processes'][number],
): WorkerProject['processes'] {
  const replaced = (one: typeof changed): typeof changed => (one.slug === changed.slug ? changed : one);
  const [first, ...further] = processes;
  return [replaced(first), ...further.map(replaced)];
}
