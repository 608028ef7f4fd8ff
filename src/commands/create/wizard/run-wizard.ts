import { KnownError } from '../../../base/errors.ts';
import { chooseCredentials, missingAnswers } from '../../../cli/missing-answers.ts';
import { findDetectedCredentials } from '../../../connection/detect-credentials.ts';
import type { CreateAnswers } from '../answers.ts';
import { credentialSteps } from './credential-steps.ts';
import { processSteps } from './process-steps.ts';
import { folderProblem, projectSteps } from './project-steps.ts';
import { sourceSteps } from './source-steps.ts';
import {
  GoBack,
  stepPrompts,
  type Step,
  type Topic,
  type WizardContext,
  type WizardParts,
  type WizardState,
} from './state.ts';
import { wizardView } from './view.ts';

const STEPS: readonly Step[] = [...sourceSteps, ...credentialSteps, ...processSteps, ...projectSteps];

const PROCESS_ANSWERS: readonly Topic[] = ['sample', 'task-queue', 'workflow-type'];

/** Answers that depend on the answer to another question: they are no longer offered once that one changes. */
const DEPENDENT_ANSWERS: Partial<Record<Topic, readonly Topic[]>> = {
  source: ['listed', 'process', ...PROCESS_ANSWERS],
  listed: ['process', ...PROCESS_ANSWERS],
  process: PROCESS_ANSWERS,
};

/**
 * Asks for everything that the answers leave open, one question after the other, back and forth, and returns all answers. Writes nothing.
 * Rejects with a KnownError for a folder that no project can be in, and with one of status 130 when somebody ends it.
 */
export async function runWizard(given: CreateAnswers, parts: WizardParts): Promise<CreateAnswers> {
  let detected = await findDetectedCredentials(parts);
  const context: WizardContext = {
    ...parts,
    say: wizardView(parts.terminal),
    signal: parts.interruption(),
    detected: () => detected,
    detectAgain: async () => {
      parts.connections.forget();
      detected = await findDetectedCredentials(parts);
    },
  };
  const problem = given.folder === undefined ? undefined : folderProblem(context.cwd, given.folder);
  // Reported before the first question: after the last one all answers would be lost.
  if (problem !== undefined) {
    throw new KnownError({
      message: `${given.folder ?? ''}: ${problem}`,
      next: ['Choose another folder for the project'],
    });
  }
  context.say.intro();
  const before: WizardState[] = [];
  const previous = new Map<Topic, string>();
  let state: WizardState = { answers: given, settled: new Set(answeredByOptions(given)) };
  for (;;) {
    const now = state;
    const place = context.detected();
    const credentials = chooseCredentials(now.answers, place === undefined ? [] : [place]);
    const missing = missingAnswers(now.answers, credentials, context.env).map(({ question }) => question);
    const open = { missing: new Set(missing), credentials };
    const step = STEPS.find(({ isOpen }) => isOpen(now, open, context));
    if (step === undefined) return state.answers;
    const { topic, run } = step;
    const canGoBack = before.length > 0;
    const earlier = previous.get(topic);
    const { ask, hasAsked } = stepPrompts(context.ask, topic, canGoBack, previous);
    try {
      state = await run(now, context, { ask, canGoBack, before: earlier, credentials });
    } catch (error) {
      if (!(error instanceof GoBack)) throw error;
      state = before.pop() ?? now;
      continue;
    }
    if (hasAsked() && state !== now) before.push(now);
    if (previous.get(topic) !== earlier)
      for (const dependent of DEPENDENT_ANSWERS[topic] ?? []) previous.delete(dependent);
  }
}

/** Questions with a default that options have answered already. */
function answeredByOptions({ task, git, install }: CreateAnswers): readonly Topic[] {
  return [
    ...(task === undefined ? [] : ['task' as const]),
    ...(git ? [] : ['git' as const]),
    ...(install ? [] : ['install' as const]),
  ];
}
