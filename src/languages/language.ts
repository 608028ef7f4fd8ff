import type { ProjectDiagnosis } from './diagnosis.ts';
import type { EditorId, LanguageId } from './language-ids.ts';
import type { PlannedFile } from './planned-file.ts';
import type { InstallOptions, InstallResult, ProjectCommandOptions, ProjectToolResult } from './run-project-tool.ts';
import type { PackageManager, ProcessSpec, ProjectSpec, TaskChoices } from './project-spec.ts';
import type { Naming } from './task-names.ts';
import type { TemplateSet } from './templates/set.ts';
import type { ReadWorkspace } from './workspace.ts';

/** What this tool knows about the workers in one language. Nothing outside its folder depends on the language. */
export interface Language {
  readonly id: LanguageId;
  readonly naming: Naming;
  /** The tools that a project can be built with, the default first. */
  readonly packageManagers: readonly PackageManager[];
  /** Rules for the package of the code; undefined if the language has no packages. */
  readonly packageNames: PackageNames | undefined;
  readonly editors: readonly EditorId[];
  /** The files of the process with this slug (from `fileName`), or without a slug, of the first process of a project. */
  readonly layout: (place: CodePlace, slug?: string) => ProcessLayout;
  /** Every file of a project except its process definitions. */
  readonly render: (spec: ProjectSpec, templates: TemplateSet) => Promise<readonly PlannedFile[]>;
  /** The JSON Schema of definition files, relative to the definition file of the process with this slug. */
  readonly definitionSchema: (
    slug: string | undefined,
    project: Pick<ProjectSpec, 'workspace' | 'packageManager'>,
  ) => string;
  readonly code: GeneratedCode;
  readonly tools: ProjectTools;
  readonly commands: (manager: PackageManager, project: CommandSubject) => ProjectCommands;
  readonly diagnosis: () => Promise<ProjectDiagnosis>;
  /** How larger projects of the language list their members. */
  readonly workspace: () => Promise<ReadWorkspace>;
  readonly hints: ProjectHints;
  /** What the runtime of a worker needs to connect to a local KuFlow; undefined if the settings of all languages are enough. */
  readonly localRuntime?: () => Promise<LocalRuntime>;
}

export interface LocalRuntime {
  /** Rejects with KnownError if this machine does not have what `environment` needs. */
  readonly check: (env: NodeJS.ProcessEnv) => Promise<unknown>;
  /** Environment variables in addition to the settings. Files are written to `folder` (absolute). */
  readonly environment: (
    local: LocalAccess,
    folder: string,
    env: NodeJS.ProcessEnv,
  ) => Promise<Readonly<Record<string, string>>>;
}

/** What a runtime has to know about a running local KuFlow. */
export interface LocalAccess {
  /** PEM file. */
  readonly caFile: string;
  readonly endpoints: { readonly engine: string };
  /** By process definition code. */
  readonly taskQueues?: Readonly<Record<string, string>> | undefined;
}

/** Where a project has its code: the same for the life of the project. */
export type CodePlace = Pick<ProjectSpec, 'packageName' | 'slug'>;

/** What the commands of a project depend on, together with its package manager. */
export type CommandSubject = Pick<ProjectSpec, 'name' | 'packageName' | 'workspace'>;

export interface PackageNames {
  /** The default for a project with this name. */
  readonly suggest: (projectName: string) => string;
  /** Why the text cannot be the package of a project, or undefined. */
  readonly problem: (text: string) => string | undefined;
}

/** Paths of the files of one process, relative to the project. */
export interface ProcessLayout {
  readonly definitionFile: string;
  /** Declares the tasks of the process. */
  readonly tasks: string;
  /** Declares its workflow type. */
  readonly workflow: string;
  /** Contain its activities: a new activity is added to each of these files. */
  readonly activities: readonly string[];
  /** Every code file, including those above. */
  readonly code: readonly string[];
}

/** How to read and extend code that may have been edited. */
export interface GeneratedCode {
  /** Whether a file contains only declarations, whose order does not matter. */
  readonly hasDeclarationsOnly: (path: string) => boolean;
  /** Whether a file follows from the process definition alone, so that it can be regenerated at any time. */
  readonly isDefinitionCode: (path: string) => boolean;
  /** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
  readonly findTasks: (text: string, path: string, process: ProcessInCode) => ReadonlySet<string>;
  /** Whether the file with the tasks of a process declares this one. */
  readonly declaresTask: (text: string, code: string) => boolean;
  readonly workflowTypes: (text: string) => ReadonlySet<string>;
  readonly activityNames: (text: string) => ReadonlySet<string>;
  /** Adds a new activity to a file, or returns undefined if the place for it was rewritten. */
  readonly appendActivity: (path: string, text: string, name: string) => string | undefined;
  /** Why `appendActivity` cannot change the file: the rest of a sentence. */
  readonly rewrittenActivities: (path: string) => string;
}

export interface ProcessInCode extends Required<Pick<ProcessSpec, 'slug' | 'definition'>> {
  readonly place: CodePlace;
  readonly choices: TaskChoices;
}

export interface ProjectTools {
  /** The package manager for a project in `folder` (absolute): `name`, the value of --package-manager, or else the detected one. */
  readonly choose: (
    name: string | undefined,
    at: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
  ) => PackageManager;
  /** Throws or rejects with a KnownError if an installation is impossible on this machine. */
  readonly require: (manager: PackageManager, env: NodeJS.ProcessEnv) => void | Promise<void>;
  /** The file with the dependencies of a project. */
  readonly manifest: string;
  readonly label: string;
  readonly title: (manager: PackageManager) => string;
  /** The program that has to be on the PATH. */
  readonly program: (manager: PackageManager) => string;
  readonly install: (options: InstallOptions) => Promise<InstallResult>;
  /** Whether the commands of `verify` do everything that `install` does. */
  readonly checksInstall: boolean;
  /** Runs one of the project's commands, such as those of `verify`. Returns failures instead of throwing. */
  readonly run: (command: string, options: ProjectCommandOptions) => Promise<ProjectToolResult>;
  /** Lock files, which belong under version control. */
  readonly lockFiles: (manager: PackageManager) => readonly string[];
}

export interface ProjectCommands {
  readonly install: string;
  /** Runs a local KuFlow and the worker. */
  readonly dev: string;
  /** Runs one process to completion. */
  readonly smoke: string;
  readonly check: string;
  readonly start: string;
  /** The program of this tool. */
  readonly kuflow: string;
  /** Starts the worker on the local KuFlow, as the command of `kuflow dev simulate`. */
  readonly simulated: string;
  /** What proves a change of the code, in order. */
  readonly verify: readonly { readonly command: string; readonly text: string }[];
}

export interface ProjectHints {
  /** What the commands `install` and `dev` do. */
  readonly install: string;
  readonly dev: string;
  /** The command that restarts the worker of `dev`, if it does not restart by itself. */
  readonly reload?: { readonly command: string; readonly text: string };
  readonly callActivity: (name: string, place: CodePlace) => string;
  /** What a change of a workflow needs while processes run. `guide`: the file of the project that explains it. */
  readonly changeWorkflow: (guide: string) => string;
  /** Files that the GitHub workflow refers to by their path in the repository. Its working directory does not apply to them. */
  readonly workflowFiles?: readonly string[];
}
