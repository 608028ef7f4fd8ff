import { join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { fileName } from '../../base/file-name.ts';
import { shellWord } from '../../base/shell.ts';
import { loadDefinition, listDefinitionFiles } from '../../process/definition/file.ts';
import { withGenerated } from '../base-archive.ts';
import { renderProject } from '../render.ts';
import { textOf } from '../../languages/planned-file.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import {
  readExportedActivities,
  readExportedNames,
  toProjectSpec,
  withDefinitionsInCode,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { planCodeEdits, type Addition } from './plan-code-edits.ts';
import { createNewFile, readTextFile, type PlannedEdit } from './file-edit.ts';
import { listActivityNames, assignActivityNames } from './activity-names.ts';

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

function duplicateProcessError(code: string, file: string, invocation: string): KnownError {
  return usageError(`Process ${code} already exists in ${file}`, [
    `Add a task to it: ${invocation} add task <code> --process ${shellWord(code)}`,
    'To add another process, pass another code',
  ]);
}

async function rejectCollisions(project: WorkerProject, code: string, type: string, invocation: string): Promise<void> {
  const known = project.processes.map(({ layout }) => layout.definitionFile);
  for (const { definition, layout } of project.processes) {
    if (definition.process.code === code) throw duplicateProcessError(code, layout.definitionFile, invocation);
  }
  for (const file of await listDefinitionFiles(project.folder)) {
    if (known.includes(file)) continue;
    const { process } = await loadDefinition(join(project.folder, file));
    if (process.code !== code) continue;
    throw usageError(`${file} defines process ${code}, which the project does not have`, [
      `Move the file out of the project, then add the process: ${invocation} add process --definition <path>`,
    ]);
  }
  await rejectUsedWorkflowType(project, type, code);
}

/** Throws a usage error if the project already has this workflow type, which the process or action with the code should get. */
export async function rejectUsedWorkflowType(project: WorkerProject, type: string, code: string): Promise<void> {
  const next = ['Pass it with --workflow-type, as entered in the KuFlow app'];
  for (const { definition, layout } of project.processes) {
    const { process, workflow, actions = [] } = definition;
    const used = [workflow, ...actions.flatMap((action) => ('workflow' in action ? [action.workflow] : []))];
    if (used.some((one) => one.type === type))
      throw usageError(
        `Workflow type ${type} is already used by process ${process.code} in ${layout.definitionFile}: ${code} needs a different one`,
        next,
      );
  }
  for (const [file, names] of await readExportedNames(project, 'workflows'))
    if (names.has(type))
      throw usageError(`${file} already exports ${type}: ${code} needs a different workflow type`, next);
}
