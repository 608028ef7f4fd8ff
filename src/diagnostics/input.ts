import type { GitState } from '../files/git.ts';
import type { ProjectDiagnosis } from '../languages/diagnosis.ts';
import type { SettingWarning } from '../settings/sources.ts';
import type { Check } from './check.ts';
import type { CheckInput, WorkerCheckOutcome } from './check-input.ts';
import type { ConnectionProblem, Sourced } from '../connection/inspect.ts';
import type { Environment } from '../settings/environment.ts';

/** How close an expiry has to be for a warning. */
export type ExpiryThreshold =
  | { readonly kind: 'duration'; readonly ms: number }
  /** Share of the lifetime that is left, 0 to 1. */
  | { readonly kind: 'share'; readonly share: number };

/** A file that a setting names, or a file that contains settings. */
export interface NamedFile {
  /** For use in a sentence: `the private key`. */
  readonly description: string;
  /** Absolute. */
  readonly path: string;
  readonly source: string;
  readonly secret: boolean;
}

export interface WorkerPort {
  readonly use: 'health' | 'metrics';
  readonly port: Sourced<number>;
}

export interface WorkerCheckOptions {
  readonly signal: AbortSignal;
  /** Milliseconds after which the worker must report what it knows. */
  readonly limitMs: number;
}

/** A worker project as functions, so that the checks do not depend on the code that creates projects. */
export interface ProjectProbe {
  /** Process definitions with their files. Rejects with a KnownError for an invalid file. */
  readonly processes: () => Promise<readonly ProjectProcess[]>;
  /** Compares generated code with its definition. Rejects like `processes`. */
  readonly drift: () => Promise<CodeDrift>;
  /** Undefined, like the next one, if the record of the project cannot be read. */
  readonly runtime?: (() => ReturnType<ProjectDiagnosis['runtime']>) | undefined;
  readonly temporalSdk?: (() => ReturnType<ProjectDiagnosis['temporalSdk']>) | undefined;
  /** Runs the worker's own check; undefined if its dependencies are not installed. */
  readonly workerCheck?: ((options: WorkerCheckOptions) => Promise<WorkerCheckOutcome>) | undefined;
  /** Why the worker cannot run with the settings that doctor checks. */
  readonly workerCheckUnavailable?: string | undefined;
}

export interface ProjectProcess {
  readonly file: string;
  readonly code: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** As in the definition file: KuFlow's API does not return it. */
  readonly confidential?: boolean | undefined;
}

/**
 * The generated files that differ from what the definition generates now, by relative paths: those that are missing, were changed by hand, or
 * are older than a change of the definition. `not-compared`: another version of this tool generated the code and may generate it differently.
 */
export type CodeDrift =
  | {
      readonly kind: 'compared';
      readonly files: readonly { readonly path: string; readonly state: 'missing' | 'edited' | 'stale' }[];
    }
  | { readonly kind: 'not-compared'; readonly madeBy: string; readonly version: string };

/** What doctor examines in addition to the connection. */
export interface DoctorInput extends CheckInput {
  /** Absolute: the project, or else the working directory. */
  readonly folder: string;
  /** Absolute: the working directory, where commands from advice are pasted. */
  readonly cwd: string;
  readonly env: Environment;
  /** Whether there is a worker here: application files or a project. */
  readonly inProject: boolean;
  /** Problems of settings that only a worker needs. */
  readonly workerProblems: readonly ConnectionProblem[];
  readonly settingWarnings: readonly (Omit<SettingWarning, 'source'> & { readonly source: string })[];
  /** Settings that several sources set: `shadows` are those of lower precedence. */
  readonly shadowed: readonly { readonly key: string; readonly source: string; readonly shadows: readonly string[] }[];
  readonly files: readonly NamedFile[];
  readonly queue?: Sourced<string> | undefined;
  /** Without a port 0, for which the system chooses a free one, or which turns metrics off. */
  readonly workerPorts: readonly WorkerPort[];
  /** Name of the profile whose credentials are in use. */
  readonly profile?: string | undefined;
  /** Milliseconds for the whole run. */
  readonly timeoutMs: number;
  readonly warnExpiry?: ExpiryThreshold | undefined;
  /** From `--process`. */
  readonly processId?: string | undefined;
  readonly project?: ProjectProbe | undefined;
  readonly git: (path: string) => Promise<GitState>;
  readonly platform: NodeJS.Platform;
}

export type DoctorCheck = Check<DoctorInput>;
