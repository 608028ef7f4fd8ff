import { join, relative, resolve } from 'node:path';
import { usageError, type KnownError } from '../../base/errors.ts';
import { relativePath } from '../../files/relative-path.ts';
import type { PackageManager } from '../../languages/project-spec.ts';
import { LANGUAGES, type LanguageId } from '../../languages/language-ids.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { findSurroundings, type FoundWorkspace, type Surroundings } from '../../project/join/find-root.ts';
import { shellPath } from '../../base/shell.ts';
import type { CreateAnswers } from './answers.ts';

/** How a project relates to the larger project around it. */
export type Placement =
  /** `joinable`: a workspace that the project could be a member of. */
  | { readonly kind: 'separate'; readonly joinable?: FoundWorkspace | undefined }
  | { readonly kind: 'member'; readonly found: FoundWorkspace; readonly isAsked: boolean }
  /** The folder is that of another project. Nothing can be written before another one is chosen. */
  | {
      readonly kind: 'occupied';
      readonly manifest: string;
      readonly joinable: FoundWorkspace | undefined;
      readonly problem: string | undefined;
    };

export interface ProjectPlace {
  /** As the user would type it. */
  readonly folder: string;
  readonly workspace: boolean;
  /** That of the workspace; undefined for a separate project. */
  readonly packageManager?: PackageManager | undefined;
  readonly title: string;
}

export interface PlacementRequest {
  /** Absolute. */
  readonly folder: string;
  readonly language: LanguageId;
  readonly answers: Pick<CreateAnswers, 'workspace' | 'packageManager' | 'overwrite'>;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Decides whether the project is a member of the workspace around its folder: with the option for it, otherwise if its list covers the folder
 * already. Rejects with a usage error if an option asks for a workspace that cannot be joined.
 */
export async function decidePlacement({ folder, language, answers, env }: PlacementRequest): Promise<Placement> {
  const surroundings = await findSurroundings({ folder, language, env, overwrite: answers.overwrite ?? [] });
  const { occupiedBy, found, problem } = surroundings;
  const named = answers.packageManager;
  const chosen = named === undefined ? undefined : languageOf({ language }).tools.choose(named, { env, folder });
  const isUsable = found !== undefined && (chosen === undefined || chosen === found.workspace.packageManager);
  // Without a list, the repository would become a workspace, which only an option can ask for.
  const joinable =
    isUsable && (found.workspace.members !== undefined || answers.workspace === true) ? found : undefined;
  if (answers.workspace === true && joinable === undefined)
    throw noWorkspaceError(folder, language, surroundings, chosen);
  if (occupiedBy !== undefined) return { kind: 'occupied', manifest: occupiedBy, joinable, problem };
  if (joinable === undefined || answers.workspace === false) return { kind: 'separate' };
  const isListed = joinable.workspace.includes(relativePath(joinable.root, folder));
  return answers.workspace === true || isListed
    ? { kind: 'member', found: joinable, isAsked: answers.workspace === true }
    : { kind: 'separate', joinable };
}

function noWorkspaceError(
  folder: string,
  language: LanguageId,
  { found, problem }: Surroundings,
  chosen: PackageManager | undefined,
): KnownError {
  const { title } = languageOf({ language }).tools;
  const why =
    found === undefined
      ? (problem ?? `no ${LANGUAGES[language]} project found above ${folder}`)
      : `the workspace in ${found.root} uses ${title(found.workspace.packageManager)}, not ${chosen === undefined ? '' : title(chosen)}`;
  return usageError(`--workspace: ${why}`, ['Create a separate project: --no-workspace']);
}

/** The places for a project whose folder is another project, or that a workspace could have as a member. Empty if there is nothing to choose. */
export function listPlaces(
  placement: Placement,
  { cwd, chosen, name }: { readonly cwd: string; readonly chosen: string; readonly name: string },
): readonly ProjectPlace[] {
  const found = placement.kind === 'member' ? placement.found : placement.joinable;
  const folder = resolve(cwd, chosen);
  if (placement.kind === 'occupied') {
    const members = found?.workspace.members ?? [];
    const member = found === undefined ? undefined : join(found.root, proposeMemberPath(members, name));
    return [
      ...(member === undefined || found === undefined ? [] : [memberPlace(typedPath(cwd, member), found)]),
      separatePlace(join(chosen, name)),
    ];
  }
  if (found === undefined || (placement.kind === 'member' && placement.isAsked)) return [];
  return [memberPlace(typedPath(cwd, folder), found), separatePlace(chosen)];
}

function memberPlace(folder: string, { root, workspace }: FoundWorkspace): ProjectPlace {
  const what = workspace.packageManager === 'maven' ? 'a module of the build' : 'a member of the workspace';
  return { folder, workspace: true, packageManager: workspace.packageManager, title: `${folder}, ${what} in ${root}` };
}

function separatePlace(folder: string): ProjectPlace {
  return { folder, workspace: false, title: `${folder}, a separate project` };
}

function typedPath(cwd: string, folder: string): string {
  const path = relative(cwd, folder);
  return path === '' ? '.' : path;
}

/** The error for a folder with another project: the commands for each place. */
export function occupiedError(
  folder: string,
  { manifest, problem }: Extract<Placement, { kind: 'occupied' }>,
  places: readonly ProjectPlace[],
  commandFor: (place: ProjectPlace) => string,
): KnownError {
  const next = places.map((place, at) => {
    const what = place.workspace
      ? `Create the project in ${shellPath(place.folder)}, as a member`
      : 'Create a separate project in a subfolder';
    return `${at === 0 ? what : `Or ${what.charAt(0).toLowerCase()}${what.slice(1)}`}: ${commandFor(place)}`;
  });
  const reason =
    problem === undefined || places.some(({ workspace }) => workspace)
      ? ''
      : `. It cannot have the worker as a member: ${problem}`;
  return usageError(`${folder} contains another project (${manifest})${reason}`, next);
}

/** Folders in which a worker is expected, the best first. */
const MEMBER_FOLDERS = ['workers', 'services', 'apps', 'packages'];

/** A path for a new member, which the user may change: in the folder of a pattern like `packages/*`, otherwise in the root. */
export function proposeMemberPath(members: readonly string[], name: string): string {
  const folders = members.flatMap((pattern) => {
    const [, folder] = /^(?:\.\/)?([^!*?{}[\]]+)\/\*\*?\/?$/.exec(pattern) ?? [];
    return folder === undefined ? [] : [folder];
  });
  const best =
    MEMBER_FOLDERS.map((wanted) => folders.find((folder) => folder.split('/').at(-1) === wanted)).find(
      (folder) => folder !== undefined,
    ) ?? folders[0];
  return best === undefined ? name : `${best}/${name}`;
}
