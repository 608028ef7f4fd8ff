import { join } from 'node:path';
import { usageError, type KnownError } from '../../base/errors.ts';
import { shellWord } from '../../base/shell.ts';
import { loadDefinition, listDefinitionFiles } from '../../process/definition/file.ts';
import { readExportedNames, type WorkerProject } from './open-project.ts';

/** The project already has a process with this code, in this definition file. */
export function duplicateProcessError(code: string, file: string, invocation: string): KnownError {
  return usageError(`Process ${code} already exists in ${file}`, [
    `Add a task to it: ${invocation} add task <code> --process ${shellWord(code)}`,
    'To add another process, pass another code',
  ]);
}

/** Throws a usage error if a process of the project or another definition file has the code, or if the project already has the workflow type. */
export async function rejectCollisions(
  project: WorkerProject,
  code: string,
  type: string,
  invocation: string,
): Promise<void> {
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
