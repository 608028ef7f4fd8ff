import { KnownError } from '../base/errors.ts';
import type { PackageManager } from './project-spec.ts';

export interface RootEdit {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** The present text; undefined for a new file. */
  readonly before: string | undefined;
  readonly after: string;
}

/** A workspace or a build with modules, as the files of its root describe it. */
export interface Workspace {
  /** The file with the list of members, relative to the root. */
  readonly file: string;
  /** The paths and glob patterns in the list of members. Undefined if the root does not have such a list. */
  readonly members: readonly string[] | undefined;
  readonly packageManager: PackageManager;
  /** Whether the list covers the member at this path, relative to the root. */
  readonly includes: (path: string) => boolean;
  /** The changes that make the project at this path a member; empty if none is needed. Throws a KnownError if a file can't be edited. */
  readonly join: (path: string) => readonly RootEdit[];
  /** Why a worker cannot be a member: the rest of a sentence that starts with the file. */
  readonly problem?: string | undefined;
}

export interface RootFolder {
  /** Absolute. */
  readonly root: string;
  /** The text of a file; undefined if it does not exist. Throws a KnownError if it is not a regular text file. */
  readonly readText: (name: string) => string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Undefined if the folder does not contain a project in the language. Throws a KnownError if one of its files is invalid. */
export type ReadWorkspace = (folder: RootFolder) => Workspace | undefined;

/** The texts of a list; undefined if the value is not a list. */
export function textsInList(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
}

export function excludedMemberError(file: string, path: string): KnownError {
  return new KnownError({
    message: `${file} excludes ${path} from the workspace`,
    next: ['Choose another folder, or change the list yourself'],
  });
}

/** Whether a list of patterns excludes a path, whatever else it lists. */
export function isExcludedPath(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), path));
}

/** Whether a list of patterns covers a path: `*`, `**`, `?`, `{a,b}`, and `!` for exceptions. */
export function matchesPatterns(patterns: readonly string[], path: string): boolean {
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, path)) &&
    !isExcludedPath(patterns, path)
  );
}

function matchesPattern(pattern: string, path: string): boolean {
  const plain = pattern.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  const source = plain.replaceAll(/\*\*\/|\*\*|[*?]|\{[^{}]*\}|[^\w/-]/g, (part) => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.startsWith('{') && part.length > 1)
      return `(?:${part
        .slice(1, -1)
        .split(',')
        .map((text) => text.replaceAll(/[^\w/-]/g, '\\$&'))
        .join('|')})`;
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's').test(path);
}
