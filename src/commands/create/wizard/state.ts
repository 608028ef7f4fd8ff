import type { CredentialChoice, MissingAnswer } from '../../../cli/missing-answers.ts';
import type { ProcessListing } from '../../../discovery/types.ts';
import type { PackageManager } from '../../../languages/project-spec.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import type { CreateAnswers } from '../answers.ts';
import type { WizardContext } from './context.ts';

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
