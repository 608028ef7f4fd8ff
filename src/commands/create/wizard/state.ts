import type { CommandContext } from '../../../cli/context.ts';
import type { CredentialChoice, MissingAnswer } from '../../../cli/missing-answers.ts';
import type { DetectedCredentials } from '../../../connection/detect-credentials.ts';
import type { ProcessListing } from '../../../discovery/list-processes.ts';
import type { PackageManager } from '../../../languages/project-spec.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import type { FetchedTemplate } from '../../../project/template/fetch.ts';
import type { CreateAnswers } from '../answers.ts';
import type { rememberConnections } from '../project-credentials.ts';
import type { wizardView } from './view.ts';
import {
  BACK,
  type Back,
  type ChoiceQuestion,
  type Prompts,
  type Question,
  type TextQuestion,
} from '../../../terminal/prompts.ts';

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

export interface WizardParts extends CommandContext {
  readonly ask: Prompts;
  readonly connections: ReturnType<typeof rememberConnections>;
  /** The user's own template, if the project gets one. */
  readonly template: FetchedTemplate | undefined;
}

/** What the steps use, apart from the answers. */
export interface WizardContext extends WizardParts {
  readonly say: ReturnType<typeof wizardView>;
  readonly signal: AbortSignal;
  /** Where this machine has a client ID and secret. */
  readonly detected: () => DetectedCredentials | undefined;
  /** Detects credentials again, after somebody may have corrected them. */
  readonly detectAgain: () => Promise<void>;
}

/** What the answers so far leave open. */
export interface OpenAnswers {
  readonly missing: ReadonlySet<MissingAnswer['question']>;
  readonly credentials: CredentialChoice;
}

/** One question, or one thing to look up. */
export interface Step {
  readonly topic: Topic;
  readonly isOpen: (state: WizardState, open: OpenAnswers, context: WizardContext) => boolean;
  /** Resolves to the same state if nothing was answered. Rejects with `GoBack` to ask the previous question again. */
  readonly run: (state: WizardState, context: WizardContext, asking: Asking) => Promise<WizardState>;
}

interface Asking {
  readonly ask: ReturnType<typeof stepPrompts>['ask'];
  readonly canGoBack: boolean;
  /** The answer that was given before somebody went back. */
  readonly before: string | undefined;
  readonly credentials: CredentialChoice;
}

export class GoBack extends Error {}

/**
 * The prompts of a step. They reject with `GoBack` on Esc, and put the answer into `answers`, to offer it again when somebody goes back to the
 * step. Secrets are not remembered. Neither are accepted proposals, because the next proposal may differ.
 */
export function stepPrompts(prompts: Prompts, topic: Topic, canGoBack: boolean, answers: Map<Topic, string>) {
  let hasAsked = false;
  const answerTo = async <Answer>(asked: Promise<Answer | Back>): Promise<Answer> => {
    hasAsked = true;
    const answer = await asked;
    if (answer === BACK) throw new GoBack();
    return answer;
  };
  const remember = <Answer extends string | boolean>(answer: Answer): Answer => {
    answers.set(topic, String(answer));
    return answer;
  };
  const ask = {
    /** `proposal`: the fallback, unless there is an earlier answer. */
    text: async ({ proposal, ...question }: TextQuestion & { readonly proposal?: string }) => {
      const fallback = proposal === undefined ? question.fallback : (answers.get(topic) ?? proposal);
      const answer = remember(await answerTo(prompts.text({ canGoBack, ...question, fallback })));
      if (answer === proposal) answers.delete(topic);
      return answer;
    },
    choose: async <Value extends string>(question: ChoiceQuestion<Value>) =>
      remember(await answerTo(prompts.choose({ canGoBack, ...question }))),
    search: async <Value extends string>(question: ChoiceQuestion<Value>) =>
      remember(await answerTo(prompts.search({ canGoBack, ...question }))),
    confirm: async (question: Parameters<Prompts['confirm']>[0]) =>
      remember(await answerTo(prompts.confirm({ canGoBack, ...question }))),
    secret: async (question: Question) => await answerTo(prompts.secret({ canGoBack, ...question })),
  };
  return { ask, hasAsked: () => hasAsked };
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
