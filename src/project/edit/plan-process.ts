import { join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { fileName } from '../../text/file-name.ts';
import { shellWord } from '../../text/shell.ts';
import { loadDefinition, projectDefinitionFiles } from '../../process/definition/file.ts';
import { renderProject } from '../render.ts';
import { processLayout } from '../../languages/typescript/layout.ts';
import { toProjectSpec, readExportedNames, type OpenedProcess, type WorkerProject } from './open-project.ts';
import type { Addition } from './addition.ts';
import type { AdditionContext } from './addition.ts';
import type { AdditionRequest } from './addition.ts';
import { withDefinitionsInCode, planCodeEdits } from './plan-code-edits.ts';
import { type PlannedEdit } from './conflicts.ts';
import { createNewFile, readTextFile } from './file-edit.ts';
import { listActivityNames, assignActivityNames } from './task-choices.ts';

/** A process more, with files of its own. */
export async function planProcess(
  project: WorkerProject,
  { definition, source, notes }: Extract<AdditionRequest, { kind: 'process' }>,
  { version, invocation }: AdditionContext,
): Promise<Addition> {
  const { code } = definition.process;
  const slug = fileName(code);
  const place = processLayout(slug);
  await rejectCollisions(project, code, definition.workflow.type, invocation);
  const exported = [...(await readExportedNames(project, 'activities')).values()].flatMap((names) => [...names]);
  const taken = new Set([...exported, ...listActivityNames(project.processes)]);
  const [choices = {}] = assignActivityNames([{ definition, choices: {} }], taken);
  const added: OpenedProcess = { slug, layout: place, definition, definitionInCode: definition, source, choices };
  const processes: WorkerProject['processes'] = [...project.processes, added];
  const rendered = await renderProject({
    ...toProjectSpec(project, processes),
    additionalProcesses: [{ slug, definition, source, choices, notes }],
  });
  const written = rendered.find(({ path }) => path === place.definitionFile);
  const edits: readonly PlannedEdit[] = [
    createNewFile(place.definitionFile, Buffer.from(written?.contents ?? '').toString('utf8')),
    ...(await planCodeEdits(project, withDefinitionsInCode(project.processes), withDefinitionsInCode(processes), {
      version,
    })),
  ];
  const there = edits.flatMap((edit) =>
    edit.how === 'conflict' && edit.reason === 'already exists' ? [edit.path] : [],
  );
  if ((await readTextFile(project.folder, place.definitionFile)) !== undefined) there.unshift(place.definitionFile);
  if (there.length > 0) {
    throw new KnownError({
      message: `The files of the process ${code} would take the place of files that are there:\n${there.map((path) => `  ${path}`).join('\n')}`,
      tried: project.folder,
      seen: 'nothing was written',
      next: ['Move these files away'],
    });
  }
  return { processes, edits };
}

/** What an earlier addition of a process left to do; an error when nothing is. */
export async function resumeProcess(
  project: WorkerProject,
  process: OpenedProcess,
  { version, invocation }: AdditionContext,
): Promise<Addition> {
  const processes = withDefinitionsInCode(project.processes);
  const [first, ...further] = processes;
  const before: WorkerProject['processes'] = [first, ...further.filter(({ slug }) => slug !== process.slug)];
  const edits =
    process.slug === undefined ? [] : await planCodeEdits(project, before, processes, { version, mayBeApplied: true });
  // Its own files are there, and whoever edited them or threw one away meant it.
  const left = edits.filter((edit) => edit.how !== 'new' && !(edit.how === 'conflict' && edit.base === undefined));
  if (left.length === 0)
    throw duplicateProcessError(process.definition.process.code, process.layout.definitionFile, invocation);
  return { processes: project.processes, edits: left };
}

function duplicateProcessError(code: string, file: string, invocation: string): KnownError {
  return usageError(`There is a process ${code} already: ${file} describes it`, [
    `Add to it: ${invocation} add task CODE --process ${shellWord(code)}`,
  ]);
}

async function rejectCollisions(project: WorkerProject, code: string, type: string, invocation: string): Promise<void> {
  const known = project.processes.map(({ layout: place }) => place.definitionFile);
  for (const { definition, layout: place } of project.processes) {
    if (definition.process.code === code) throw duplicateProcessError(code, place.definitionFile, invocation);
    if (definition.workflow.type === type) {
      throw usageError(
        `The workflow type ${type} is that of the process ${definition.process.code} already (${place.definitionFile}): ${code} needs another one`,
        ["Give it with --workflow-type, as on the process definition's screen in KuFlow's app"],
      );
    }
  }
  for (const file of await projectDefinitionFiles(project.folder)) {
    if (known.includes(file)) continue;
    const { process } = await loadDefinition(join(project.folder, file));
    if (process.code !== code) continue;
    throw usageError(`${file} describes a process ${code} that the project does not have`, [
      `Move the file out of the project, then add what it describes: ${invocation} add process --definition FILE`,
    ]);
  }
  for (const [file, names] of await readExportedNames(project, 'workflows')) {
    if (!names.has(type)) continue;
    throw usageError(`${file} exports ${type} already: the workflow type of ${code} must be another one`, [
      "Give it with --workflow-type, as on the process definition's screen in KuFlow's app",
    ]);
  }
}
