import { listCodeFiles, processLayout, type ProcessLayout } from '../../languages/typescript/layout.ts';
import { renderProject } from '../render.ts';
import { planFileEdits, type PlannedEdit } from './conflicts.ts';
import { toProjectSpec, type OpenedProcess, type WorkerProject } from './open-project.ts';

export interface CodeEditOptions {
  /** Version of this tool. */
  readonly version: string;
  /** The change may already be applied, fully or in part. */
  readonly mayBeApplied?: boolean | undefined;
  /** The process whose files are brought up to date with its definition. Without it, only the change itself is planned. */
  readonly regenerate?: ProcessLayout | undefined;
}

/** Plans the edits of generated files when the processes of a project change. Definition files are not included: people edit them. */
export async function planCodeEdits(
  project: WorkerProject,
  before: WorkerProject['processes'],
  after: WorkerProject['processes'],
  { version, mayBeApplied, regenerate }: CodeEditOptions,
): Promise<readonly PlannedEdit[]> {
  const [base, next] = await Promise.all([
    renderProject(toProjectSpec(project, before)),
    renderProject(toProjectSpec(project, after)),
  ]);
  const regenerated = regenerate === undefined ? [] : listRegenerated(regenerate, version === project.record.version);
  // These files may still export what remains of a process without a definition, which is not rendered any more.
  const keepExports = project.removedProcesses.some(({ remainingFiles }) => remainingFiles.length > 0);
  const kept = keepExports ? [processLayout().workflows, processLayout().activities] : [];
  return planFileEdits({
    folder: project.folder,
    base,
    next,
    hashes: project.record.hashes,
    mayBeApplied,
    regenerate: regenerated.filter((path) => !kept.includes(path)),
    ignore: [...before, ...after].map(({ layout }) => layout.definitionFile),
  });
}

/** Files written by another version may differ for other reasons too. Only tasks and types depend on nothing but the definition. */
function listRegenerated(layout: ProcessLayout, isSameVersion: boolean): readonly string[] {
  return isSameVersion ? listCodeFiles(layout) : [layout.tasks, layout.types];
}

/** The processes with only those tasks that their code has. */
export function withDefinitionsInCode(processes: WorkerProject['processes']): WorkerProject['processes'] {
  const reduce = (process: OpenedProcess): OpenedProcess => ({ ...process, definition: process.definitionInCode });
  const [first, ...others] = processes;
  return [reduce(first), ...others.map(reduce)];
}

/** The processes with one of them replaced. */
export function replaceProcess(
  processes: WorkerProject['processes'],
  changed: OpenedProcess,
): WorkerProject['processes'] {
  const replace = (process: OpenedProcess): OpenedProcess => (process.slug === changed.slug ? changed : process);
  const [first, ...others] = processes;
  return [replace(first), ...others.map(replace)];
}
