import type { PackageManager } from './project-spec.ts';

/** What `kuflow doctor` checks in a project, apart from its connection. */
export interface ProjectDiagnosis {
  /** Whether this machine has what the worker runs on and is built with. */
  readonly runtime: (at: ProjectLocation) => Promise<ProjectFinding<RuntimeProblem>>;
  /** Which version of Temporal's SDK the project has, and whether it has known bugs. */
  readonly temporalSdk: (at: ProjectLocation) => Promise<ProjectFinding<TemporalSdkProblem>>;
  /** How to run the worker. Options such as `--check` follow the arguments. */
  readonly worker: (at: ProjectLocation) => WorkerCommand | Promise<WorkerCommand>;
}

export interface ProjectLocation {
  /** Absolute. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The folder with the installed dependencies and the lock file: that of the project, or the root of its workspace. Absolute. */
  readonly root: string;
  readonly packageManager: PackageManager;
}

/** Codes of causes that `kuflow doctor explain` explains. */
export type RuntimeProblem = 'runtime-missing' | 'runtime-too-old' | 'environment-unusable' | 'build-file-unusable';
export type TemporalSdkProblem =
  | 'sdk-not-installed'
  | 'sdk-versions-differ'
  | 'sdk-install-outdated'
  | 'sdk-known-fault';

type Facts = Readonly<Record<string, string>>;

export type ProjectFinding<Code extends string> =
  | { readonly kind: 'fine'; readonly summary: string; readonly facts: Facts }
  /** There is nothing to check. */
  | { readonly kind: 'skipped'; readonly why: string }
  | {
      readonly kind: 'problem';
      readonly code: Code;
      /** One sentence. */
      readonly text: string;
      readonly facts?: Facts;
      /** For the placeholders of the advice. */
      readonly values?: Readonly<Record<string, string>>;
    };

export type WorkerCommand =
  | { readonly kind: 'command'; readonly program: string; readonly args: readonly string[] }
  /** The dependencies are missing, which the check of Temporal's SDK reports. */
  | { readonly kind: 'not-installed' }
  /** The command `build` creates the file that is missing. */
  | { readonly kind: 'not-built'; readonly missing: string; readonly build: string };
