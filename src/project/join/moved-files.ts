import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { changeText, type PlannedFile } from '../../languages/planned-file.ts';
import { README, type ProjectSpec } from '../../languages/project-spec.ts';
import { unscopedName } from '../../languages/project-name.ts';

export const WORKFLOW = '.github/workflows/ci.yml';
/** Lists what Dependabot updates. GitHub reads it only in the root of a repository. */
export const DEPENDABOT_FILE = '.github/dependabot.yml';

/** Generated files that get another path if the folder has its own file there, and the form of that path. */
const MOVABLE: Readonly<Record<string, RegExp>> = {
  [README]: /^[A-Z][A-Z-]*\.md$/,
  [WORKFLOW]: /^\.github\/workflows\/[a-z0-9][\w.-]*\.yml$/,
};

/** The files of a project whose path is not the one of the template, by the path of the template. */
export type MovedFiles = NonNullable<ProjectSpec['movedFiles']>;

/** Why a record cannot have these moved files, or undefined. Anyone can edit the record, so the paths are limited to what this tool writes. */
export function movedFilesProblem(moved: Readonly<Record<string, unknown>>): string | undefined {
  const bad = Object.entries(moved).find(
    ([from, to]) => !Object.hasOwn(MOVABLE, from) || typeof to !== 'string' || MOVABLE[from]?.test(to) !== true,
  );
  return bad === undefined ? undefined : `"movedFiles" has an unexpected entry for ${bad[0].slice(0, 100)}`;
}

/** New paths for the files that differ from those of the folder and may have another path. */
export function chooseMovedFiles(differing: readonly string[], folder: string, name: string): MovedFiles {
  return {
    ...(differing.includes(README) ? { [README]: 'WORKER.md' } : {}),
    ...(differing.includes(WORKFLOW) ? { [WORKFLOW]: freeWorkflowPath(folder, name) } : {}),
  };
}

/** A path for the workflow of a project with this name that no file in the folder has. */
export function freeWorkflowPath(folder: string, name: string): string {
  const base = unscopedName(name);
  for (let number = 1; ; number++) {
    const path = `.github/workflows/${base}${number === 1 ? '' : `-${number}`}.yml`;
    if (!existsSync(join(folder, path))) return path;
  }
}

/** The file at its path in the project. A moved workflow gets the name of the worker, to tell it from the existing one. */
export function moveFile(
  file: PlannedFile,
  { movedFiles = {}, name }: Pick<ProjectSpec, 'movedFiles' | 'name'>,
): PlannedFile {
  const path = Object.hasOwn(movedFiles, file.path) ? movedFiles[file.path] : undefined;
  if (path === undefined) return file;
  const named = file.path === WORKFLOW ? changeText(file, (text) => renameWorkflow(text, name)) : file;
  return { ...named, path };
}

export function renameWorkflow(text: string, name: string): string {
  return text.replace(/^name: CI$/m, () => `name: ${JSON.stringify(name)}`);
}
