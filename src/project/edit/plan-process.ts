import { KnownError } from '../../base/errors.ts';
import { fileName } from '../../base/file-name.ts';
import { withGenerated } from '../base-archive.ts';
import { renderProject } from '../render.ts';
import { textOf } from '../../languages/planned-file.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import {
  readExportedActivities,
  toProjectSpec,
  withDefinitionsInCode,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { planCodeEdits, type Addition } from './plan-code-edits.ts';
import { createNewFile, readTextFile, type PlannedEdit } from './file-edit.ts';
import { listActivityNames, assignActivityNames } from './activity-names.ts';
import { duplicateProcessError, rejectCollisions } from './process-collisions.ts';

export async function planProcess(
  project: WorkerProject,
  { definition, source, notes, text }: Omit<ProcessSpec, 'slug' | 'choices'>,
  invocation: string,
): Promise<Addition> {
  const { code } = definition.process;
  const slug = fileName(code);
  const { layout: layoutOf, naming } = languageOf(project.record);
  const layout = layoutOf(project.record, slug);
  await rejectCollisions(project, code, definition.workflow.type, invocation);
  const taken = new Set([...(await readExportedActivities(project)), ...listActivityNames(project.processes, naming)]);
  const [choices = {}] = assignActivityNames([{ definition, choices: {} }], naming, taken);
  const added: OpenedProcess = { slug, layout, definition, definitionInCode: definition, source, choices };
  const processes: WorkerProject['processes'] = [...project.processes, added];
  const rendered = await renderProject(toProjectSpec(project, [project.processes[0], { ...added, notes, text }]));
  const definitionFile = rendered.find(({ path }) => path === layout.definitionFile);
  if (definitionFile === undefined) throw new Error(`${layout.definitionFile} was not rendered`);
  const planned = await planCodeEdits(project, withDefinitionsInCode(processes), undefined);
  const edits: readonly PlannedEdit[] = [
    createNewFile(layout.definitionFile, textOf(definitionFile)),
    ...planned.edits,
  ];
  const existing = edits.flatMap((edit) =>
    edit.how === 'conflict' && edit.reason === 'already exists' ? [edit.path] : [],
  );
  if ((await readTextFile(project.folder, layout.definitionFile)) !== undefined)
    existing.unshift(layout.definitionFile);
  if (existing.length > 0) {
    throw new KnownError({
      message: `Files of the process ${code} already exist:\n${existing.map((path) => `  ${path}`).join('\n')}`,
      tried: project.folder,
      seen: 'nothing was written',
      next: ['Move these files out of the project'],
    });
  }
  return { processes, edits, base: withGenerated(planned.base, definitionFile) };
}

/** Plans what an earlier addition of a process did not complete. Rejects if it is complete. */
export async function resumeProcess(
  project: WorkerProject,
  process: OpenedProcess,
  invocation: string,
): Promise<Addition> {
  const { definitionFile } = process.layout;
  const nothingLeft = (): KnownError =>
    duplicateProcessError(process.definition.process.code, definitionFile, invocation);
  if (process.slug === undefined) throw nothingLeft();
  const planned = await planCodeEdits(project, withDefinitionsInCode(project.processes), 'all');
  // The process's own files were written before. If they were deleted since, that was intended.
  const edits = planned.edits.filter((edit) => edit.how !== 'conflict' || edit.base !== undefined);
  if (edits.length === 0) throw nothingLeft();
  return { processes: project.processes, edits, base: planned.base };
}
