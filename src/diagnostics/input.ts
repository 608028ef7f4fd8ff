import type { GitState } from '../files/git.ts';
import type { CheckFacts, CheckInput } from './check-input.ts';
import type { ConnectionProblem, Sourced } from '../connection/inspect.ts';

/** When an expiry is worth a warning. */
export type ExpiryThreshold =
  | { readonly kind: 'duration'; readonly ms: number }
  /** Share of the life that may be left, 0 to 1. */
  | { readonly kind: 'share'; readonly share: number };

/** A file that a setting names, or one that holds settings. */
export interface NamedFile {
  /** What it is, for a sentence: `the private key`. */
  readonly what: string;
  /** Absolute. */
  readonly path: string;
  readonly source: string;
  /** Whether it holds a secret. */
  readonly secret: boolean;
}

export interface SettingNote {
  readonly key: string;
  readonly code: 'unknown-key' | 'readable-by-others' | 'secret-in-tracked-file';
  readonly source: string;
  readonly message: string;
}

export interface ShadowedSetting {
  readonly key: string;
  readonly source: string;
  /** Weaker sources that give it too. */
  readonly shadows: readonly string[];
}

/** The step of the worker's own check, as its `--check --json` tells. */
export interface WorkerStep {
  readonly step: string;
  readonly status: 'ok' | 'failed' | 'unknown' | 'skipped';
  readonly detail: string;
}

export interface WorkerCheckOptions {
  readonly signal: AbortSignal;
  /** Milliseconds after which the worker is to say what it knows by then. */
  readonly limitMs: number;
}

export type WorkerCheck =
  | { readonly kind: 'answered'; readonly status: number; readonly steps: readonly WorkerStep[] }
  | { readonly kind: 'failed'; readonly why: string };

/** A worker project, as functions, so that what makes projects is not needed to look at one. */
export interface ProjectView {
  /** Process definitions with their file; rejects with a KnownError for a file with mistakes. */
  readonly processes: () => Promise<readonly ProjectProcess[]>;
  /** How generated code stands to its definition. Rejects as `processes`. */
  readonly drift: () => Promise<Drift>;
  /** Runs the worker's own check; undefined where its dependencies are not installed. */
  readonly workerCheck?: (options: WorkerCheckOptions) => Promise<WorkerCheck>;
  /** Why the worker can not be given the settings that are looked at here. */
  readonly workerApart?: string;
}

export interface ProjectProcess {
  readonly file: string;
  readonly code: string;
  readonly workflowType: string;
  readonly taskQueue: string;
}

/** `not-compared`: another version of this tool made the code, and would make another of the same definition. */
export type Drift =
  | { readonly kind: 'compared'; readonly files: readonly DriftedFile[] }
  | { readonly kind: 'not-compared'; readonly madeBy: string; readonly version: string };

/** A generated file that is not what the definition makes of it now; a relative path. */
export interface DriftedFile {
  readonly path: string;
  /** `edited`: changed by hand since it was generated. `stale`: the definition changed since. */
  readonly how: 'missing' | 'edited' | 'stale';
}

/** What the doctor looks at beside the connection. */
export interface DoctorInput extends CheckInput {
  /** Absolute: the project, or the folder it was called in. */
  readonly folder: string;
  /** Absolute: where a person pastes what is advised. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether there is anything of a worker here: application files or a project. */
  readonly inProject: boolean;
  /** Settings that only a worker needs. */
  readonly workerProblems: readonly ConnectionProblem[];
  readonly notes: readonly SettingNote[];
  readonly shadowed: readonly ShadowedSetting[];
  readonly files: readonly NamedFile[];
  readonly queue?: Sourced<string>;
  readonly tenantId?: Sourced<string>;
  /** Name of the profile whose credentials are in use. */
  readonly profile?: string;
  /** Milliseconds for everything. */
  readonly timeoutMs: number;
  readonly warnExpiry?: ExpiryThreshold;
  /** Of `--process`. */
  readonly processId?: string;
  readonly project?: ProjectView;
  readonly git: (path: string) => Promise<GitState>;
  /** `v20.19.0` */
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
}

export interface DoctorFound extends CheckFacts {
  readonly workerCheck: WorkerCheck;
}

/** This machine's time as KuFlow would have it: corrected only where the difference is no mere latency. */
export function correctedNow(input: CheckInput, found: Readonly<Partial<CheckFacts>>): number {
  const { skewMs = 0 } = found;
  return input.clock.now() - (Math.abs(skewMs) >= NOTICEABLE_SKEW_MS ? skewMs : 0);
}

/** From here on a difference between two clocks is more than latency and whole seconds. */
export const NOTICEABLE_SKEW_MS = 30_000;
