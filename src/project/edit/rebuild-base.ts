import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { isUnmerged } from '../../files/git.ts';
import type { PlannedFile } from '../../languages/planned-file.ts';
import type { TemplateOrigin } from '../../languages/project-spec.ts';
import type { GeneratedCode } from '../../languages/language.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { BASE_FILE, EMPTY_BASE, openBase, readBaseFile, textOf, type ProjectBase } from '../base-archive.ts';
import type { ProjectRecord } from '../record.ts';
import { mergeRendered } from './conflicts.ts';
import { readTextFile } from './file-edit.ts';

/** The archive of a project. `problem`: why a part of the base is missing and has to be rebuilt. */
export interface UsableBase {
  readonly base: ProjectBase;
  readonly archive: Uint8Array | undefined;
  readonly problem: string | undefined;
}

/**
 * Reads the archive of a project with these definition files. After a merge of two git branches, it may not exist, be in conflict, or lack the
 * processes of one branch. Rejects with a KnownError if it is damaged, or if this `version` cannot rebuild what is missing.
 */
export async function readUsableBase(
  { folder, record }: { readonly folder: string; readonly record: ProjectRecord },
  definitionFiles: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): Promise<UsableBase> {
  const archive = await readBaseFile(folder);
  const isInConflict = archive !== undefined && (await isUnmerged(join(folder, BASE_FILE), env));
  const base = archive === undefined || isInConflict ? EMPTY_BASE : await openBase(folder, archive);
  if (record.template !== undefined && base.template.size === 0)
    throw missingTemplateError(folder, record.template, isInConflict);
  const missing = definitionFiles.filter((path) => !base.generated.has(path));
  if (missing.length === 0) return { base, archive, problem: undefined };
  const problem =
    archive === undefined
      ? 'does not exist'
      : isInConflict
        ? 'differs between the branches of a git merge'
        : `does not contain ${missing.join(', ')}`;
  if (record.version === version) return { base, archive, problem };
  const createdBy = escapeForTerminal(record.version, 40);
  throw new KnownError({
    message: `${BASE_FILE} ${problem}`,
    tried: join(folder, BASE_FILE),
    seen: `this project was created by version ${createdBy}, and this is ${version}, which generates other code`,
    next: [
      isInConflict
        ? `Keep the file from one branch: git checkout --ours ${BASE_FILE} && git add ${BASE_FILE}`
        : `Restore it from version control: git checkout HEAD -- ${BASE_FILE}`,
      `Or rebuild it: run this command with npx -p ${PACKAGE_NAME}@${createdBy} kuflow`,
    ],
  });
}

/** Only the archive has the template that the project was generated with. */
function missingTemplateError(folder: string, { source }: TemplateOrigin, isInConflict: boolean): KnownError {
  return new KnownError({
    message: `${BASE_FILE} does not contain the template of this project`,
    tried: join(folder, BASE_FILE),
    seen: `${isInConflict ? 'it differs between the branches of a git merge' : 'it is missing or was rebuilt'}, and the project was created with the template ${escapeForTerminal(source, 200)}`,
    next: [
      isInConflict
        ? `Keep the file from one branch: git checkout --ours ${BASE_FILE} && git add ${BASE_FILE}`
        : `Restore it from version control: git checkout HEAD -- ${BASE_FILE}`,
    ],
  });
}

/** The definition without the tasks that the code lacks: they were probably added to the definition after the code was generated. */
export async function guessDefinitionInCode(
  folder: string,
  tasksFile: string,
  definition: ProcessDefinition,
  { declaresTask }: GeneratedCode,
): Promise<ProcessDefinition> {
  const text = await readTextFile(folder, tasksFile);
  if (typeof text !== 'string') return definition;
  return { ...definition, tasks: definition.tasks.filter(({ code }) => declaresTask(text, code)) };
}

/** Adds what the base lacks: `known` is rendered for the processes that it has, and `all` for all processes of the project. */
export function fillBase(
  base: ProjectBase,
  known: readonly PlannedFile[],
  all: readonly PlannedFile[],
  { hasDeclarationsOnly }: GeneratedCode,
): ProjectBase {
  const before = new Map(known.map((file) => [file.path, textOf(file)]));
  const filled = all.map((file): readonly [string, PlannedFile] => {
    const options = { isOrderFree: hasDeclarationsOnly(file.path) };
    const text = mergeRendered(
      file.path,
      before.get(file.path),
      textOf(base.generated.get(file.path)),
      textOf(file) ?? '',
      options,
    );
    // A file that is not text stays as it is.
    const isRendered = text === undefined || text === textOf(file);
    return [file.path, isRendered ? file : { ...file, contents: Buffer.from(text) }];
  });
  return { ...base, generated: new Map([...base.generated, ...filled]) };
}
