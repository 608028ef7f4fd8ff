import { renderTemplate } from '../render/render.ts';
import { answersOf, type WorkerProject } from './open-project.ts';
import { planEdits, type PlannedEdit } from './plan-edits.ts';

/** What the generated files of a project come to when its processes change. Definition files are no part of it: they are what people write. */
export async function planChange(
  project: WorkerProject,
  before: WorkerProject['processes'],
  after: WorkerProject['processes'],
  options: { readonly isRepeated?: boolean } = {},
): Promise<readonly PlannedEdit[]> {
  const [base, next] = await Promise.all([
    renderTemplate(answersOf(project, before)),
    renderTemplate(answersOf(project, after)),
  ]);
  return planEdits({
    folder: project.folder,
    base,
    next,
    hashes: project.record.hashes,
    ...options,
    without: [...before, ...after].map(({ place }) => place.definitionFile),
  });
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
