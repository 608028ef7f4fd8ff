import type { Secret } from '../../../base/secret.ts';
import type { CredentialChoice, MissingAnswer } from '../../../cli/missing-answers.ts';
import type { DetectedCredentials } from '../../../connection/detect-credentials.ts';
import type { DiscoveredProcess, ProcessListing } from '../../../discovery/types.ts';
import type { LanguageId } from '../../../languages/names.ts';
import type { PackageManager } from '../../../languages/project-spec.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import type { WorkerSample } from '../../../process/worker-sample/read.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import type { FileAction, MergedFile } from '../../../project/conflicts.ts';
import type { OutsideChange } from '../../../project/join/plan-outside.ts';
import type { CreateAnswers } from '../answers.ts';
import type { ProjectPlace, Placement } from '../placement.ts';
import type { WizardView } from './view.ts';

/** What a question is about. Also the key of the answer that is offered again when somebody goes back to it. */
export type Topic =
  | 'source'
  | 'file'
  | 'worker-sample'
  | 'account'
  | 'profile'
  | 'client-id'
  | 'client-secret'
  | 'credentials'
  | 'listing'
  | 'listed'
  | 'process'
  | 'sample'
  | 'discovery'
  | 'review'
  | 'task'
  | 'task-kind'
  | 'task-schema'
  | 'task-queue'
  | 'workflow-type'
  | 'folder'
  | 'copy'
  | 'workspace'
  | 'language'
  | 'package'
  | 'package-manager'
  | 'git'
  | 'install'
  | 'summary';

/** The answers so far. Each question makes a new state, so that going back is taking an older one. */
export interface WizardState {
  readonly answers: CreateAnswers;
  /** Questions that are not asked again, and look-ups that are not repeated. */
  readonly settled: ReadonlySet<Topic>;
  /** The definition file that was named, once it was read. */
  readonly definition?: WorkerDefinition | undefined;
  readonly listing?: ProcessListing | undefined;
  /** Code of the task that is being described. */
  readonly task?: string | undefined;
  /** The package manager of the workspace that the project will be a member of. */
  readonly workspaceManager?: PackageManager | undefined;
  /** Code of the task whose data is being asked about. */
  readonly shapeOf?: string | undefined;
}

/** What the answers so far leave open. */
export interface OpenAnswers {
  readonly missing: ReadonlySet<MissingAnswer['question']>;
  readonly credentials: CredentialChoice;
}

/** `answered`: a person was asked. `passed`: nobody was, so that there is nothing to go back to. */
export type StepResult =
  | { readonly kind: 'answered'; readonly state: WizardState; readonly answer?: string | undefined }
  | { readonly kind: 'passed'; readonly state: WizardState }
  | { readonly kind: 'back' };

/** One question, or one thing to look up. */
export interface Step {
  readonly topic: Topic;
  readonly isOpen: (state: WizardState, open: OpenAnswers, context: WizardContext) => boolean;
  readonly run: (state: WizardState, context: WizardContext, asking: Asking) => Promise<StepResult>;
}

export interface Asking {
  readonly canGoBack: boolean;
  /** The answer that was given before somebody went back. */
  readonly before: string | undefined;
  readonly credentials: CredentialChoice;
}

/** What the summary shows before anything is written. */
export interface Preview {
  readonly folder: string;
  readonly files: Readonly<Record<FileAction, number>>;
  readonly definition: WorkerDefinition;
  /** Existing files of the folder that get lines. */
  readonly merged: readonly MergedFile[];
  /** Changes outside the folder. */
  readonly outside: readonly OutsideChange[];
  /** Address of the KuFlow that the credentials are for; undefined if none were given. */
  readonly endpoint: string | undefined;
}

/** What the wizard can ask and look up. Each look-up rejects with a KnownError that says what was seen. */
export interface WizardContext {
  readonly ask: Prompts;
  readonly say: WizardView;
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where this machine has a client ID and secret. */
  readonly detected: () => DetectedCredentials | undefined;
  /** Detects credentials again, after somebody may have corrected them. */
  readonly detectAgain: () => Promise<void>;
  /** Variables that are set here and give a client ID or secret: a worker prefers them to its files. */
  readonly variables: readonly string[];
  /** The addresses of the profile in use, as options; none if no profile is in use. */
  readonly profileAddresses: (answers: CreateAnswers) => Promise<Pick<CreateAnswers, 'endpoint' | 'target' | 'ca'>>;
  /** The credentials of an application file, to be treated like typed ones. */
  readonly fileCredentials: (
    answers: CreateAnswers,
  ) => Promise<{ readonly clientId: string; readonly secret: Secret } | undefined>;
  /** Whether the named credentials can be read at all. */
  readonly isUsable: (answers: CreateAnswers) => Promise<boolean>;
  /** The package manager or build tool that is chosen or detected, or that of the workspace. */
  readonly tools: (state: Pick<WizardState, 'answers' | 'workspaceManager'>) => {
    readonly label: string;
    readonly title: string;
    /** The tools that the user can choose from, if there is more than one. Otherwise empty. */
    readonly choices: readonly { readonly title: string; readonly isInstalled: boolean }[];
    /** Why dependencies cannot be installed on this machine. */
    readonly problem: () => Promise<string | undefined>;
  };
  /** The languages to choose from: those that the user's own template has files for. */
  readonly languages: readonly LanguageId[];
  readonly isInstalled: (program: string) => boolean;
  readonly isInRepository: (folder: string) => boolean;
  readonly loadDefinition: (path: string) => Promise<WorkerDefinition>;
  readonly readSample: (path: string) => Promise<WorkerSample>;
  /** Why the file (an absolute path) has no usable JSON Schema. */
  readonly schemaProblem: (file: string) => Promise<string | undefined>;
  /** Asks KuFlow who the credentials belong to, in a sentence. */
  readonly verify: (answers: CreateAnswers) => Promise<string>;
  readonly list: (answers: CreateAnswers) => Promise<ProcessListing>;
  readonly discover: (answers: CreateAnswers, code: string) => Promise<DiscoveredProcess>;
  /** The places that can be chosen, if the folder is in a workspace or is another project. Otherwise without places. */
  readonly places: (
    answers: CreateAnswers,
  ) => Promise<{ readonly placement: Placement; readonly places: readonly ProjectPlace[] }>;
  /** Plans the project and compares it with the folder; writes nothing. */
  readonly preview: (answers: CreateAnswers) => Promise<Preview>;
}

export function settle(state: WizardState, topic: Topic): WizardState {
  return { ...state, settled: new Set([...state.settled, topic]) };
}

/** Asks for the folder again, and what depends on it. */
export function reopenFolder(state: WizardState): WizardState {
  const settled = new Set([...state.settled].filter((topic) => topic !== 'workspace'));
  return { ...withAnswers(state, { folder: undefined, workspace: undefined }), workspaceManager: undefined, settled };
}

export function withAnswers(state: WizardState, answers: Partial<CreateAnswers>): WizardState {
  return { ...state, answers: { ...state.answers, ...answers } };
}
