import type { ProcessLayout } from '../../languages/language.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { nameTasks } from '../../languages/task-names.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import { editDefinition } from '../../process/definition/edit-definition.ts';
import { withGenerated } from '../base-archive.ts';
import { editExistingFile, type FileEdit } from './file-edit.ts';
import {
  assignNewActivityNames,
  mapProcesses,
  readDefinitionText,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { planCodeEdits, replaceProcess, type Addition } from './plan-code-edits.ts';
import { pinInputs } from './activity-names.ts';
import { checkDefinition } from '../../process/definition/unwritable-definition.ts';

/**
 * Plans the definitions that processes of a project should have, and the code generated from them. Changes to the code that an earlier run did not
 * make are planned too, in the files of the process with the layout `completed`, or in all files. Rejects with a KnownError if a definition is not
 * valid, or its file cannot be changed automatically.
 */
export async function planDefinitions(
  project: WorkerProject,
  changes: readonly { readonly process: OpenedProcess; readonly definition: WorkerDefinition }[],
  completed: ProcessLayout | 'all' = 'all',
): Promise<Addition> {
  const { naming } = languageOf(project.record);
  let processes = project.processes;
  const definitionEdits: FileEdit[] = [];
  const texts = new Map<string, string>();
  for (const { process, definition } of changes) {
    // It may contain codes of tasks that come from a server.
    await checkDefinition(definition);
    const path = process.layout.definitionFile;
    const before = await readDefinitionText(project, process);
    const after = await editDefinition(before, path, definition);
    texts.set(path, after);
    if (after !== before)
      definitionEdits.push({ ...editExistingFile(path, before, after, undefined), how: 'definition' });
    const choices = nameTasks(definition, pinInputs(process.definition, definition, process.choices), naming);
    processes = replaceProcess(processes, { ...process, definition, choices });
  }
  processes = await assignNewActivityNames({ ...project, processes });
  const isChanged = ({ slug }: OpenedProcess): boolean => changes.some(({ process }) => process.slug === slug);
  const inCode = mapProcesses(processes, (process) =>
    isChanged(process) ? process : { ...process, definition: process.definitionInCode },
  );
  const { edits, base } = await planCodeEdits(project, inCode, completed);
  return {
    processes,
    edits: [...definitionEdits, ...edits],
    base: [...texts].reduce(
      (before, [path, text]) => withGenerated(before, { path, contents: Buffer.from(text), mode: 0o644 }),
      base,
    ),
  };
}
