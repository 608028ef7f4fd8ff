import type { WorkerDefinition } from '../process/definition.ts';
import type { LocalValues } from '../settings/application-files.ts';
import type { EditorId, LanguageId, LibrarySource } from './language-ids.ts';
import type { PlannedFile } from './planned-file.ts';

/** Yarn 1 and Yarn 4 share a name, but have different lock files and options. */
export type NodePackageManager = 'npm' | 'pnpm' | 'yarn@1' | 'yarn@4' | 'bun';
export type PythonPackageManager = 'uv' | 'pip';
export type PackageManager = NodePackageManager | 'maven' | PythonPackageManager;

export type DefinitionSource = 'sample' | 'file' | 'flags' | 'api' | 'worker-sample';

/** A decision about a task that is recorded, so that tasks and processes added later do not change it. */
export interface TaskChoice {
  /** The task's name in code. From `nameTasks`. */
  readonly name?: string;
  /** Activity name of a system task, if the default name was in use. */
  readonly activity?: string;
  /** Codes of the human tasks whose data is passed to a system task, if a task added later would change the default. */
  readonly inputs?: readonly string[];
}

/** By task code. */
export type TaskChoices = Readonly<Record<string, TaskChoice>>;

const NO_CHOICE: TaskChoice = {};

export function choiceOf(choices: TaskChoices, code: string): TaskChoice {
  return Object.hasOwn(choices, code) ? (choices[code] ?? NO_CHOICE) : NO_CHOICE;
}

export interface ProcessSpec {
  /** Used in the names of its files. From `fileName`. Undefined for the first process of a project. */
  readonly slug?: string | undefined;
  readonly definition: WorkerDefinition;
  readonly source: DefinitionSource;
  readonly choices?: TaskChoices | undefined;
  /** Comments for the top of its definition file, such as the evidence of a discovery. */
  readonly notes?: readonly string[] | undefined;
  /** The text of the file that `definition` was read from, whose comments and formatting are kept. */
  readonly text?: string | undefined;
}

export interface TemplateOrigin {
  /** The URL of a git repository, without credentials, or the path of a folder: with `/`, relative to the project if possible. */
  readonly source: string;
  /** The branch, tag or commit that was requested. */
  readonly ref?: string | undefined;
  /** The commit that was read from a repository. */
  readonly commit?: string | undefined;
}

/** The user's own template: files that are added to those of the language, or replace them. */
export interface ProjectTemplate {
  readonly origin: TemplateOrigin;
  /** By their name in the template, such as `README.md.hbs`. */
  readonly files: ReadonlyMap<string, PlannedFile>;
}

/** Everything that determines a generated project. The input of rendering. */
export interface ProjectSpec {
  /** Project (and npm package) name. */
  readonly name: string;
  readonly language: LanguageId;
  readonly packageName?: string | undefined;
  /** The first process in the names of files and packages, in languages that need a name for it. From `fileName`. */
  readonly slug?: string | undefined;
  readonly processes: readonly [ProcessSpec, ...(ProcessSpec & { readonly slug: string | undefined })[]];
  /** For the local KuFlow: no endpoint and no secret is written. */
  readonly local: boolean;
  readonly packageManager: PackageManager;
  readonly editors?: readonly EditorId[] | undefined;
  /** Where the library comes from; its archive by default. */
  readonly library?: LibrarySource | undefined;
  readonly template?: ProjectTemplate | undefined;
  /** The workspace whose member the project is: its modules and lock file are in `root`, a path relative to the project such as `../..`. */
  readonly workspace?: { readonly root: string } | undefined;
  /** Files that are not at the path of the template, because the folder had its own file there; by the path of the template. */
  readonly movedFiles?: Readonly<Record<string, string>> | undefined;
  /** npm version spec of this package in the project's devDependencies. */
  readonly cliPackage: string;
  /** Written to application-local.yaml (mode 0600, ignored by git) unless `local`. */
  readonly connection?: LocalValues | undefined;
}

export const README = 'README.md';

export const readmeOf = (movedFiles: ProjectSpec['movedFiles']): string => movedFiles?.[README] ?? README;
