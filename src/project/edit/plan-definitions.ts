import type { WorkerDefinition } from '../../process/definition.ts';
import { editDefinition } from '../../process/definition/edit-definition.ts';
import { checkDefinition } from '../../process/definition/render.ts';
import { withGenerated } from '../base-archive.ts';
import type { Addition } from './addition.ts';
import { editExistingFile, type FileEdit } from './file-edit.ts';
import { readDefinitionText, withDefinitionsInCode, type OpenedProcess, type WorkerProject } from './open-project.ts';
import { planCodeEdits } from './plan-code-edits.ts';
import { assignChoices } from './plan-task.ts';

/** A process of a project with the definition that it should have. */
export interface DefinitionChange {
  readonly process: OpenedProcess;
  readonly definition: WorkerDefinition;
}

/**
 * Plans other definitions for processes of a project, and the code generated from them. Changes to the code that an earlier run did not make
 * are planned too. Rejects with a KnownError if a definition is not valid, or its file cannot be changed automatically.
 */
export async function planDefinitions(project: WorkerProject, changes: readonly DefinitionChange[]): Promise<Addition> {
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
    processes = await assignChoices({ ...project, processes }, process, definition);
  }
  const inCode = withDefinitionsInCode(processes);
  const isChanged = ({ slug }: OpenedProcess): boolean => changes.some(({ process }) => process.slug === slug);
  const [first, ...others] = processes.map((process, at) => (isChanged(process) ? process : (inCode[at] ?? process)));
  const { edits, base } = await planCodeEdits(project, [first ?? processes[0], ...others], 'all');
  return {
    processes,
    edits: [...definitionEdits, ...edits],
    base: [...texts].reduce(
      (before, [path, text]) => withGenerated(before, { path, contents: Buffer.from(text), mode: 0o644 }),
      base,
    ),
  };
}
