import { KnownError } from '../../base/errors.ts';
import { textOf } from '../../languages/planned-file.ts';
import { languageOf } from '../../languages/registry.ts';
import type { ProcessDefinition, WorkerDefinition } from '../../process/definition.ts';
import { toLf, withLineEndingsOf } from '../merge/line-endings.ts';
import { renderProject } from '../render.ts';
import { mergeRendered } from '../merge/merge-file.ts';
import { editExistingFile, readTextFile, type FileEdit } from './file-edit.ts';
import { mapProcesses, openProject, toProjectSpec, withDefinitionsInCode, type WorkerProject } from './open-project.ts';
import type { RecoverOptions } from './journal.ts';
import { planState, writeEdits } from './write-edits.ts';
import type { Environment } from '../../settings/environment.ts';

export interface RegenerationRequest extends Pick<RecoverOptions, 'onRecovered'> {
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly env: Environment;
  /** Version of this tool. */
  readonly version: string;
  /** The definitions before the change: a file that was rendered from them has no local changes. */
  readonly before: readonly ProcessDefinition[];
  readonly signal?: AbortSignal | undefined;
}

export type Regeneration = Awaited<ReturnType<typeof regenerateDefinitionCode>>;

/**
 * Renders the code that follows from the definition files alone, such as types, again after a change of these files. Files with local changes are
 * left. The rest of the code stays as it is: `kuflow add` and people change it. Resolves to paths in the project. Rejects with a KnownError.
 */
export async function regenerateDefinitionCode(request: RegenerationRequest) {
  const project = await openProject(request.folder, request.env, request.version, request);
  const [note] = project.notes;
  // The record of what was generated is missing or was not merged yet: `kuflow add` rebuilds it and says what that means.
  if (note !== undefined) throw new KnownError({ message: note });
  const { hasDeclarationsOnly } = languageOf(project.record).code;
  const [inCode, earlier, next] = await Promise.all([
    renderDefinitionCode(project, withDefinitionsInCode(project.processes)),
    renderDefinitionCode(project, withDefinitions(project.processes, request.before)),
    renderDefinitionCode(project, project.processes),
  ]);
  const edits: FileEdit[] = [];
  const left: { readonly path: string; readonly reason: string }[] = [];
  const regenerated = new Map(project.base.regenerated);
  for (const [path, text] of next) {
    const generated = project.base.generated.get(path);
    const last = textOf(generated);
    if (generated === undefined || last === undefined) continue;
    // Other templates may have generated the file: then only the change is applied.
    const render = (rendered: string | undefined): string | undefined =>
      rendered === undefined
        ? undefined
        : mergeRendered(path, inCode.get(path), last, rendered, hasDeclarationsOnly(path));
    const [before, after] = [render(earlier.get(path)), render(text)];
    const current = await readTextFile(project.folder, path);
    const mine = typeof current === 'string' ? toLf(current) : current;
    if (mine === after) continue;
    const { merged, regenerated: regeneratedBefore } = project.base;
    const unedited = [before, last, textOf(merged.get(path)), textOf(regeneratedBefore.get(path))];
    if (typeof current === 'string' && after !== undefined && unedited.includes(toLf(current))) {
      edits.push(editExistingFile(path, current, withLineEndingsOf(current, after), toLf(current)));
      if (after === last) regenerated.delete(path);
      else regenerated.set(path, { ...generated, contents: Buffer.from(after) });
    } else if (text !== earlier.get(path)) left.push({ path, reason: reasonToLeave(current, after) });
  }
  if (edits.length > 0) {
    const { processes, base } = project;
    const state = await planState(project, { processes, base: { ...base, regenerated } });
    await writeEdits(project, edits, state, { signal: request.signal });
  }
  return { written: edits.map(({ path }) => path), left };
}

function reasonToLeave(current: string | undefined | false, after: string | undefined): string {
  if (current === undefined) return 'no longer exists';
  if (current === false) return 'is not a regular text file';
  return after === undefined ? 'was written by another version, which differs in the same place' : 'has local changes';
}

/** The code that follows from the definition files alone, by its paths. */
async function renderDefinitionCode(
  project: WorkerProject,
  processes: WorkerProject['processes'],
): Promise<ReadonlyMap<string, string>> {
  const { isDefinitionCode } = languageOf(project.record).code;
  const files = await renderProject(toProjectSpec(project, processes));
  return new Map(files.filter(({ path }) => isDefinitionCode(path)).map((file) => [file.path, textOf(file)]));
}

/** The processes of the project with these definitions, or those that the code was generated from. */
function withDefinitions(
  processes: WorkerProject['processes'],
  definitions: readonly ProcessDefinition[],
): WorkerProject['processes'] {
  return mapProcesses(processes, (process) => ({
    ...process,
    definition:
      definitions.find(
        (one): one is WorkerDefinition =>
          one.workflow !== undefined && one.process.code === process.definition.process.code,
      ) ?? process.definitionInCode,
  }));
}
