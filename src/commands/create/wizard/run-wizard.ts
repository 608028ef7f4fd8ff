import { KnownError } from '../../../base/errors.ts';
import { chooseCredentials, missingAnswers } from '../../../cli/missing-answers.ts';
import type { CreateAnswers } from '../answers.ts';
import type { WizardContext } from './context.ts';
import { credentialSteps } from './credential-steps.ts';
import { processSteps } from './process-steps.ts';
import { folderProblem, projectSteps } from './project-steps.ts';
import { review } from './review-step.ts';
import { sourceSteps } from './source-steps.ts';
import type { OpenAnswers, Step, Topic, WizardState } from './state.ts';

const STEPS: readonly Step[] = [
  ...sourceSteps,
  ...credentialSteps,
  ...processSteps.before,
  review,
  ...processSteps.after,
  ...projectSteps,
];

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
export async function runWizard(given: CreateAnswers, context: WizardContext): Promise<CreateAnswers> {
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
    const open = openAnswers(now.answers, context);
    const step = STEPS.find(({ isOpen }) => isOpen(now, open, context));
    if (step === undefined) return state.answers;
    const result = await step.run(now, context, {
      canGoBack: before.length > 0,
      before: previous.get(step.topic),
      credentials: open.credentials,
    });
    if (result.kind === 'back') {
      state = before.pop() ?? state;
    } else {
      if (result.kind === 'answered') {
        before.push(now);
        const { answer } = result;
        if (answer !== previous.get(step.topic))
          for (const topic of DEPENDENT_ANSWERS[step.topic] ?? []) previous.delete(topic);
        if (answer === undefined) previous.delete(step.topic);
        else previous.set(step.topic, answer);
      }
      state = result.state;
    }
  }
}

function openAnswers(answers: CreateAnswers, { detected, env }: WizardContext): OpenAnswers {
  const place = detected();
  const credentials = chooseCredentials(answers, place === undefined ? [] : [place]);
  const missing = missingAnswers(answers, credentials, env);
  return { missing: new Set(missing.map(({ question }) => question)), credentials };
}

/** Questions with a default that options have answered already. */
function answeredByOptions({ task, git, install }: CreateAnswers): readonly Topic[] {
  return [
    ...(task === undefined ? [] : ['task' as const]),
    ...(git ? [] : ['git' as const]),
    ...(install ? [] : ['install' as const]),
  ];
}
