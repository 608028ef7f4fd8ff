import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, KnownError } from '../../base/errors.ts';
import { decodeText } from '../../files/text-file.ts';
import { MIB } from '../../files/read.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { Workspace } from '../../languages/workspace.ts';
import { findAbove, foldersInRepository, isProject } from '../../process/find-project.ts';

/** Files that make a folder the root of a project, in the languages of workers. */
const MANIFESTS = ['package.json', 'pom.xml', 'pyproject.toml'];

export interface FoundWorkspace {
  /** Absolute. */
  readonly root: string;
  readonly workspace: Workspace;
}

export type Surroundings = Awaited<ReturnType<typeof findSurroundings>>;

export interface FolderRequest {
  /** Absolute; may not exist. */
  readonly folder: string;
  readonly language: LanguageId;
  readonly env: NodeJS.ProcessEnv;
  /** Files of the folder that may be replaced. */
  readonly overwrite: readonly string[];
}

/**
 * Finds the file that makes a folder another project, which a worker cannot share, and the closest workspace around it that is of the same
 * language and has a list of members, otherwise the closest project that could be one. Searches up to the root of the repository, but not in the
 * home folder, whose files belong to no project. `problem`: why the closest project cannot have a worker as a member. Writes nothing.
 */
export async function findSurroundings({ folder, language, env, overwrite }: FolderRequest) {
  const occupiedBy = isProject(folder)
    ? undefined
    : MANIFESTS.find((name) => !overwrite.includes(name) && isFile(join(folder, name)));
  let found: FoundWorkspace | undefined;
  let problem: string | undefined;
  const isOwnRepository = occupiedBy === undefined && existsSync(join(folder, '.git'));
  if (isOwnRepository) return { occupiedBy, found, problem };
  const read = await languageOf({ language }).workspace();
  for (const at of foldersInRepository(occupiedBy === undefined ? dirname(folder) : folder, env)) {
    try {
      const workspace = read({ root: at, env, readText: textReader(at) });
      if (workspace?.problem !== undefined) problem ??= `${join(at, workspace.file)} ${workspace.problem}`;
      else if (workspace?.members !== undefined)
        return { occupiedBy, found: { root: at, workspace }, problem: undefined };
      else if (workspace !== undefined) found ??= { root: at, workspace };
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      problem ??= `In ${at}, ${error.message}`;
    }
  }
  return { occupiedBy, found, problem };
}

function isFile(path: string): boolean {
  try {
    return !lstatSync(path).isDirectory();
  } catch {
    // A folder that cannot be used is reported when it is compared with the project.
    return false;
  }
}

/** Reads text files of a folder. Throws a KnownError for a file that this tool must not edit. */
export function textReader(folder: string): (name: string) => string | undefined {
  return (name) => {
    try {
      const path = join(folder, name);
      const stats = lstatSync(path);
      const refused = stats.isSymbolicLink()
        ? 'it is a symbolic link'
        : !stats.isFile() || stats.size > MIB
          ? 'it is not a regular text file'
          : undefined;
      if (refused !== undefined) throw new KnownError({ message: `${name} can't be used: ${refused}` });
      return decodeText(readFileSync(path), name);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
      if (['EACCES', 'EPERM'].includes(codeOf(error) ?? ''))
        throw new KnownError({ message: `${name} can't be used: permission denied`, cause: error });
      throw error;
    }
  };
}

export function isInRepository(folder: string): boolean {
  return findAbove(folder, '.git') !== undefined;
}
