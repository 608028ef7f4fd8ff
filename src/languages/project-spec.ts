import type { Secret } from '../base/secret.ts';
import type { ProcessDefinition } from '../process/definition.ts';

export type Language = 'typescript';
/** Yarn 1 and the Yarn of today have one name, and neither reads the other's lock file nor takes its options. */
export type PackageManager = 'npm' | 'pnpm' | 'yarn@1' | 'yarn@4' | 'bun';

/** Where the process definition came from. */
export type DefinitionSource = 'sample' | 'file' | 'flags' | 'api';

/** What was decided once about a task and stays, whatever tasks and processes come later. */
export interface TaskChoice {
  /** Name of the activity of a system task, when that of its code was taken. */
  readonly activity?: string;
  /** Codes of the human tasks whose data a system task is given, when a task that came later would change them. */
  readonly inputs?: readonly string[];
}

/** By task code. */
export type TaskChoices = Readonly<Record<string, TaskChoice>>;

const NO_CHOICE: TaskChoice = {};

export function choiceOf(choices: TaskChoices, code: string): TaskChoice {
  return Object.hasOwn(choices, code) ? (choices[code] ?? NO_CHOICE) : NO_CHOICE;
}

/** A process that came after the first one of a project. */
export interface AdditionalProcess {
  /** Names its files; made by `names/`. */
  readonly slug: string;
  readonly definition: ProcessDefinition;
  readonly source: DefinitionSource;
  readonly choices?: TaskChoices | undefined;
  /** Comments for the top of its definition file. */
  readonly notes?: readonly string[] | undefined;
}

/** Everything that decides what a generated project looks like. */
export interface ProjectSpec {
  /** Project (and npm package) name. */
  readonly name: string;
  readonly language: Language;
  readonly definition: ProcessDefinition;
  readonly definitionSource: DefinitionSource;
  /** Comments for the top of the definition file: the evidence of a discovery. */
  readonly definitionNotes?: readonly string[] | undefined;
  /** Of the tasks of `definition`. */
  readonly choices?: TaskChoices | undefined;
  readonly additionalProcesses?: readonly AdditionalProcess[] | undefined;
  /** Made for the local platform: no endpoint and no secret is written. */
  readonly local: boolean;
  readonly packageManager: PackageManager;
  /** npm spec of this CLI in the generated project's development dependencies. */
  readonly cliPackage: string;
  /** Written to application-local.yaml (0600, ignored by git) unless `local`. */
  readonly connection?:
    | {
        readonly endpoint?: string | undefined;
        readonly clientId?: string | undefined;
        readonly clientSecret?: Secret | undefined;
        readonly tenantId?: string | undefined;
        readonly target?: string | undefined;
        readonly ca?: string | undefined;
      }
    | undefined;
}
